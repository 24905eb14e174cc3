import ArgumentParser
import RegionRepository
import Sealing

extension KeysCommand {
  /// `lockstep keys trust`: a person's word that a data key is the fleet's.
  struct Trust: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "trust", abstract: "Take a data key for this fleet's own, on a recipient's word.",
      discussion: """
        A machine notes which data keys it has seen, and takes as current only one that its last one leads to: who can \
        push cannot put another in its place. Where it says that it cannot tell, ask a recipient whom you trust for the \
        fingerprint (lockstep keys recipients prints it), and name that one here.
        """)

    @Argument(help: "The data key's fingerprint, all 32 digits.")
    var fingerprint: String

    @OptionGroup var region: RegionOptions
    @OptionGroup var confirm: ConfirmOptions

    func run() async throws {
      let repository = try region.open()
      guard let key = Fingerprint(fingerprint) else {
        throw ValidationError("A fingerprint has 32 hexadecimal digits.")
      }
      let lock = try repository.lock(for: "lockstep keys trust")
      defer { withExtendedLifetime(lock) {} }
      guard try repository.keyring(identities: IdentityPlace.identities).files.keys[key] != nil else {
        throw SealingError(
          .noKey, "there is no data key \(key.abbreviated) in region \(repository.name)",
          hint: "lockstep keys recipients -C \(repository.place)")
      }
      let store = repository.git.trust
      let seen = store.load()
      if let seen { Terminal.say("until now data key \(seen.latest) was current on this machine") }
      try Confirmation.ask(
        "Take data key \(key) for the fleet's own, and whoever it is wrapped for for a recipient?",
        given: confirm.yes)
      store.save(TrustedKeys(latest: key, keys: seen?.keys ?? [], serial: 0))
      guard store.load()?.latest == key else {
        throw SealingError(.refused, "that could not be noted beside the repository \(repository.place)")
      }
      Terminal.say("data key \(key.abbreviated) is trusted in region \(repository.name)")
    }
  }
}

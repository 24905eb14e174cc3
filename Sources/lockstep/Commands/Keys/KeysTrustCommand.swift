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
        fingerprint (lockstep keys recipients prints it), and name that one here. So also where another region began apart, \
        before its keys and this one's are joined.
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
      let store = repository.git.trust
      let seen = try store.load()
      let keyring = try repository.keyring(identities: IdentityPlace.identities)
      let isCurrent = try keyring.claim()?.current == key
      guard isCurrent || seen != nil || keyring.files.keys[key] != nil else {
        throw SealingError(
          .noKey, "there is no data key \(key.abbreviated) in region \(repository.name)",
          hint: "see which one its list names: lockstep keys recipients -C \(repository.shellPlace)")
      }
      if seen?.latest == key {
        Terminal.say("data key \(key.abbreviated) is the one that was current on this machine last")
        return
      }
      if let seen { Terminal.say("until now data key \(seen.latest) was current on this machine") }
      for entry in isCurrent ? try keyring.claim()?.list.entries ?? [] : [] {
        Terminal.say("its list names \(entry.description)")
      }
      try Confirmation.ask("Is data key \(key) the fleet's own?", given: confirm.yes)
      var note = seen ?? TrustedKeys(latest: key)
      note =
        isCurrent
        ? TrustedKeys(latest: key, others: note.all)
        : TrustedKeys(
          latest: note.latest, keys: note.keys, others: note.others.union([key]), serial: note.serial)
      store.save(note)
      guard try store.load() == note else {
        throw SealingError(.refused, "that could not be noted beside the repository \(repository.place)")
      }
      Terminal.say("data key \(key.abbreviated) is trusted in region \(repository.name)")
    }
  }
}

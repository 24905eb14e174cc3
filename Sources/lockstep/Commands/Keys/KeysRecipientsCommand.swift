import Age
import ArgumentParser
import CanonicalJSON
import RegionRepository
import Sealing

extension KeysCommand {
  /// `lockstep keys recipients`: who may open the secrets.
  struct Recipients: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "recipients",
      abstract: "List who may open the secrets, let others in, or take somebody out.",
      discussion: """
        Letting in wraps every data key for the new recipient, so they can open the whole history. Taking out does not \
        take back what somebody has: rotate the data key afterwards, and replace secrets that they must not have.
        """)

    @OptionGroup var region: RegionOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var confirm: ConfirmOptions

    @Option(
      help: ArgumentHelp(
        "Let a recipient in: an age recipient, an SSH public key, or one of an age plugin.",
        valueName: "recipient"))
    var add: [String] = []

    @Option(help: "Who the added recipient is.")
    var label: String?

    @Option(help: ArgumentHelp("Take a recipient out.", valueName: "recipient or label"))
    var remove: [String] = []

    func validate() throws {
      if label != nil, add.count != 1 { throw ValidationError("--label belongs to one --add.") }
    }

    func run() async throws {
      let repository = try region.open()
      if add.isEmpty, remove.isEmpty { return try list(repository) }
      let lock = try repository.lock(for: "lockstep keys recipients")
      defer { withExtendedLifetime(lock) {} }
      try FenceCheck.pass("the change of the recipients", in: repository)
      let keyring = try repository.keyring(identities: IdentityPlace.identities)
      var (list, _) = try keyring.authenticList()
      var words: [String] = []
      for text in add {
        let entry = try RecipientArgument.entry(text, label: label)
        try list.add(entry)
        words.append("let \(entry.label.isEmpty ? entry.recipient.text : entry.label) in")
      }
      for name in remove {
        let entry = try list.remove(name)
        words.append("take \(entry.label.isEmpty ? entry.recipient.text : entry.label) out")
      }
      try KeysCommand.confirm(
        KeyAdministration.difference(of: list, in: keyring), in: repository, given: confirm.yes)
      try KeysCommand.wrap(
        list, in: repository, keyring: keyring,
        message: "Recipients of the secrets: " + words.joined(separator: ", "))
    }

    private func list(_ repository: RegionRepository) throws {
      let keyring = try repository.keyring(identities: IdentityPlace.identities)
      guard let claim = try keyring.claim() else {
        throw SealingError(
          .noKey, "region \(repository.name) has no data key yet, so nobody is a recipient",
          hint: "lockstep keys init -C \(repository.shellPlace)")
      }
      var doubt: SealingError?
      do throws(SealingError) { _ = try keyring.authenticList() } catch {
        guard error.isLackOfKey else { throw error }
        doubt = error
      }
      if output.json {
        Terminal.print(
          [
            "authentic": doubt == nil ? true : .null, "dataKey": .string(claim.current.text),
            "recipients": .array(
              claim.list.entries.map {
                ["label": .string($0.label), "recipient": .string($0.recipient.text)]
              }), "version": 1,
          ])
      } else {
        Terminal.print(lines: claim.list.entries.map(\.description))
        Terminal.say("data key \(claim.current), list number \(claim.serial)")
      }
      if let doubt {
        Terminal.say("warning: whether this list is authentic cannot be told here: \(doubt.message)")
      }
    }
  }

  /// `lockstep keys rewrap`: wraps the data keys anew.
  struct Rewrap: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "rewrap", abstract: "Wrap every data key anew for the recipients in the list.",
      discussion:
        "Shows who is new since the last wrapping, and asks. A list that is not authentic is refused.")

    @OptionGroup var region: RegionOptions
    @OptionGroup var confirm: ConfirmOptions

    func run() async throws {
      let repository = try region.open()
      let lock = try repository.lock(for: "lockstep keys rewrap")
      defer { withExtendedLifetime(lock) {} }
      let keyring = try repository.keyring(identities: IdentityPlace.identities)
      let (list, _) = try keyring.authenticList()
      try KeysCommand.confirm(
        KeyAdministration.difference(of: list, in: keyring), in: repository, given: confirm.yes)
      try KeysCommand.wrap(
        list, in: repository, keyring: keyring, message: "Wrap the data keys for their recipients anew")
    }
  }
}

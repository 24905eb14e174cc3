import Age
import ArgumentParser
import Git
import MediaResources
import RegionRepository
import Sealing

extension KeysCommand {
  /// `lockstep keys init`: the identity of this machine, and the first data key of a region.
  struct Init: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "init",
      abstract: "Make the identity of this machine and, in a region, its first data key.",
      discussion: "Makes what is missing and prints the recipient that this machine is.")

    @OptionGroup var region: RegionOptions

    @Option(
      name: .customLong("recipient"),
      help: ArgumentHelp(
        "Who else may open the secrets: an age recipient, an SSH public key, or one of an age plugin.",
        valueName: "recipient"))
    var recipients: [String] = []

    func run() async throws {
      let place = try IdentityPlace.named()
      if let made = try place.makeIfMissing() {
        Terminal.say("made the identity of this machine: \(place)")
        Terminal.say(
          "hint: keep a copy that survives this machine: lockstep keys export-backup -C REGION --out FILE")
        Terminal.print(made.text)
      } else {
        for identity in try IdentityPlace.identities.read().identities {
          Terminal.print(identity.recipient.text)
        }
      }
      let repository: RegionRepository
      do { repository = try region.open() } catch let error as RegionError
        where error.code == .notARegion && region.region == "." && recipients.isEmpty
      { return }
      let lock = try repository.lock(for: "lockstep keys init")
      defer { withExtendedLifetime(lock) {} }
      try FenceCheck.pass("the first data key", in: repository)
      try await found(in: repository)
    }

    private func found(in repository: RegionRepository) async throws {
      let keyring = try repository.keyring(identities: IdentityPlace.identities)
      if keyring.files != SealingFiles() {
        let (list, key) = try keyring.authenticList()
        guard recipients.isEmpty else {
          throw SealingError(
            .refused, "region \(repository.name) has a data key already",
            hint: "let others in: lockstep keys recipients -C \(repository.shellPlace) --add RECIPIENT")
        }
        Terminal.say(
          "region \(repository.name) has \(key), wrapped for \(Count.text(list.entries.count, "recipient")), already"
        )
        return
      }
      if let seen = try repository.git.trust.load() {
        throw SealingError(
          .badRecipients,
          "region \(repository.name) has no data key, though \(seen.latest.abbreviated) was current on this machine",
          hint:
            "bring mirrored/sealing back, with a commit of: git -C \(repository.shellPlace) log --all -- mirrored/sealing"
        )
      }
      let label = (try? repository.git.signature().name) ?? ""
      let identity = try IdentityPlace.identities.read()
      var list = try RecipientList(
        identity.identities.map { RecipientList.Entry($0.recipient, label: label) })
      for text in recipients { try list.add(RecipientArgument.entry(text)) }
      guard !list.entries.isEmpty else {
        _ = try IdentityPlace.identities.own(label: label)
        return
      }
      let made = try KeyAdministration.found(for: list)
      guard
        (try? Keyring(files: made.files, identities: IdentityPlace.identities, trust: .none).currentKey())
          != nil
      else {
        throw SealingError(
          .notARecipient,
          "the identity of this machine is none of the recipients, and could not open what it seals",
          hint:
            "name its own recipient, too: lockstep keys init -C \(repository.shellPlace) --recipient RECIPIENT"
        )
      }
      try repository.commit(made.files, message: "Begin sealing secrets")
      repository.noteCurrentKey(identities: IdentityPlace.identities)
      Terminal.say(
        "region \(repository.name) has \(made.key), wrapped for: "
          + list.entries.map(\.description).joined(separator: ", "))
    }
  }
}

/// A recipient as an argument, perhaps with a comment as SSH keys carry one.
enum RecipientArgument {
  static func entry(_ text: String, label: String? = nil) throws(SealingError) -> RecipientList.Entry {
    let words = text.split(separator: " ", omittingEmptySubsequences: true).map(String.init)
    let isSSH = text.hasPrefix("ssh-")
    let key = isSSH ? words.prefix(2).joined(separator: " ") : text
    let comment = isSSH ? words.dropFirst(2).joined(separator: " ") : ""
    do { return RecipientList.Entry(try Recipient(key), label: label ?? comment) } catch {
      throw SealingError(.badRecipients, error.message, hint: error.hint)
    }
  }
}

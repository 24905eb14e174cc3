import Age
import ArgumentParser
import RegionRepository
import Sealing

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

extension KeysCommand {
  /// `lockstep keys export-backup`: an identity for the safe.
  struct ExportBackup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "export-backup",
      abstract: "Make a backup recipient, and write its identity to a file under a passphrase.",
      discussion: """
        The file is an age file, which every age program opens with the passphrase. When all other identities are lost: \
        LOCKSTEP_IDENTITY_FILE=FILE lockstep keys recipients -C REGION --add NEW-RECIPIENT
        """)

    @OptionGroup var region: RegionOptions
    @OptionGroup var confirm: ConfirmOptions

    @Option(help: ArgumentHelp("The file to be made.", valueName: "file"))
    var out: String

    @Option(help: "What the list of recipients calls it.")
    var label = "backup"

    func run() async throws {
      let repository = try region.open()
      let lock = try repository.lock(for: "lockstep keys export-backup")
      defer { withExtendedLifetime(lock) {} }
      let head = try repository.head()
      let keyring = try repository.keyring(identities: IdentityPlace.identities)
      var (list, _) = try keyring.authenticList()
      let identity = Identity.generate()
      try list.add(RecipientList.Entry(identity.recipient, label: label))
      try KeysCommand.confirm(
        KeyAdministration.difference(of: list, in: keyring), in: repository, given: confirm.yes)
      var passphrase = try Passphrase.choose("Passphrase of the backup")
      defer { wipe(&passphrase) }
      let path = FilePaths.absolute(out)
      try SecretFile.write(identity, to: path, encryptedWith: passphrase)
      do {
        try KeysCommand.wrap(
          list, in: repository, keyring: keyring, message: "Recipients of the secrets: let \(label) in")
      } catch {
        // Where the list is committed all the same, its recipient needs this file.
        if try repository.head() == head { unlink(path) }
        throw error
      }
      Terminal.say("wrote the backup identity to \(path); it opens with its passphrase and nothing else")
    }
  }
}

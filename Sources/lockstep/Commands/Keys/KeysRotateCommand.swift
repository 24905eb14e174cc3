import ArgumentParser
import CanonicalJSON
import Git
import LiveAccount
import MediaResources
import RegionRepository
import Sealing

extension KeysCommand {
  /// `lockstep keys rotate`: a new data key.
  struct Rotate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "rotate", abstract: "Make a new data key and seal every secret with it, in one commit.",
      discussion: """
        No secret changes, and no identity does. Who could read the history still can: a secret that somebody must not \
        have any more has to be replaced at its source.
        """)

    @OptionGroup var region: RegionOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var confirm: ConfirmOptions

    func run() async throws {
      let repository = try region.open()
      let lock = try repository.lock(for: "lockstep keys rotate")
      defer { withExtendedLifetime(lock) {} }
      try FenceCheck.pass("the rotation", in: repository)
      let keyring = try repository.keyring(identities: IdentityPlace.identities)
      let (list, _) = try keyring.authenticList()
      try KeysCommand.confirm(
        KeyAdministration.difference(of: list, in: keyring), in: repository, given: confirm.yes)
      let report = try await Rotation(region: repository, identities: IdentityPlace.identities).run(
        checkpoint: { try Interruption.cancellation.check() })
      if output.json {
        Terminal.print(
          [
            "commit": report.commit.map { .string($0.hex) } ?? .null, "new": .string(report.new.text),
            "old": .string(report.old.text), "resources": .number(.int64(Int64(report.resources))),
            "version": 1,
          ])
        return
      }
      Terminal.say(
        "region \(repository.name): data key \(report.old.abbreviated) is followed by \(report.new.abbreviated);"
          + " \(Count.text(report.resources, "resource")) sealed anew")
      KeysCommand.tellOthers(repository)
    }
  }
}

import ArgumentParser
import CanonicalJSON
import Git
import LiveAccount
import MediaResources
import Planning
import RegionRepository

/// `lockstep capture`: live account → commit.
struct CaptureCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "capture", abstract: "Write what the live account holds as a commit.")

  @OptionGroup var region: RegionOptions
  @OptionGroup var output: OutputOptions

  @Option(name: [.short, .long], help: "The commit's subject, instead of one that names what changed.")
  var message: String?

  @Flag(
    name: .customLong("force-deletions"),
    help: "Take over an account that lacks most of what the repository has.")
  var forceDeletions = false

  @Flag(help: "Look at the files of every asset, too; else only at those of new and changed assets.")
  var contents = false

  @Flag(help: "Say what would be captured, and write nothing.")
  var dryRun = false

  private var reading: Observer.Reading { contents ? .contents : .changed }

  func run() async throws {
    let repository = try region.open()
    let account = try Accounts.open(for: repository)
    let lock = try repository.lock(for: "lockstep capture")
    defer { withExtendedLifetime(lock) {} }
    let capture = Capture(
      region: repository, account: account, identities: IdentityPlace.identities,
      cancellation: Interruption.cancellation)
    if dryRun {
      Reports.print(drift: try await capture.drift(reading: reading), of: repository, json: output.json)
      return
    }
    try await ApplyCommand.finishInterrupted(repository, account)
    let report = try await capture.run(message: message, allowsDeletions: forceDeletions, reading: reading)
    for change in report.identityChanges { Terminal.say("warning: identity has changed: \(change)") }
    if output.json {
      Terminal.print(
        [
          "changes": .array(report.changes.map(\.json)),
          "commit": report.commit.map { .string($0.hex) } ?? .null,
          "head": report.head.map { .string($0.hex) } ?? .null, "region": .string(report.region.text),
          "version": 1,
        ])
    } else if let commit = report.commit {
      Terminal.print(lines: report.changes.lazy.map { "\($0.difference.rawValue) \($0.id.summary)" })
      Terminal.say(
        "captured \(Count.text(report.changes.count, "change")) of region \(report.region) as \(commit.abbreviated)"
      )
    } else {
      Terminal.say("region \(report.region) holds what its live account holds")
    }
  }
}

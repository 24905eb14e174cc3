import ArgumentParser
import CanonicalJSON
import Git
import RegionRepository
import Report

/// `lockstep report`: the fleet on one page, for managers and auditors.
struct ReportCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report",
    abstract: "Make one HTML page of the fleet: who could take over, what would be lost, what happened.",
    discussion: """
      Regions and roles, readiness, drills and recovery times, changes, conflicts, and who did what. The page needs no \
      network and no script, prints, and holds no secret. It looks at everything that `lockstep ready` looks at, in each \
      region on this machine, and says what cannot be known from here. Exit 0 whatever it finds.
      """)

  @Option(
    help: ArgumentHelp("The file to write, replaced as a whole; - is standard output.", valueName: "file"))
  var out = "-"

  @Option(
    help: ArgumentHelp(
      "Changes that are not older, as git understands dates (yesterday, 2026-11-25, 2 weeks ago).",
      valueName: "date"))
  var since = "30 days ago"

  @Option(
    name: [.customShort("n", allowingJoined: true), .customLong("max-count")],
    help: ArgumentHelp("List only the newest so many changes; all are counted.", valueName: "count"))
  var count = 50

  @OptionGroup var region: RegionOptions

  @Flag(help: "Write one JSON document with the same data.")
  var json = false

  private static let mostListed = 1_000

  func validate() throws {
    guard TimeArgument.isUnderstood(since) else {
      throw ValidationError(
        "--since takes a time as git understands it (yesterday, 2026-11-25, 2 weeks ago), not '\(since)'.")
    }
    guard (0...Self.mostListed).contains(count) else {
      throw ValidationError("-n takes a number from 0 to \(Self.mostListed).")
    }
    guard !out.isEmpty else { throw ValidationError("--out takes a file, or - for standard output.") }
  }

  func run() async throws {
    let own = try region.open()
    let seconds = try GitProgram.seconds(of: .since(since), in: own.git)
    var gathering = ReportGathering(own: own, since: seconds, limit: count)
    let report = try await gathering.report()
    let bytes = json ? report.json.canonicalBytes() : Array(Page(report).html.utf8)
    if out == "-" {
      Terminal.print(bytes: bytes)
    } else {
      try FilePaths.writeDurably(bytes, to: out)
      Terminal.say("wrote \(out): \(Statement(of: report).sentence)")
    }
  }
}

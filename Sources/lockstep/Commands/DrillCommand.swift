import ArgumentParser
import CanonicalJSON
import Failover
import Git
import HTTP
import History
import LiveAccount
import MediaResources
import RegionRepository

/// `lockstep drill REGION`: proves that a region could take over, without moving traffic.
struct DrillCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "drill",
    abstract:
      "Play locators from a region's own servers, as players would (exit 2: something does not play).",
    discussion: """
      Fetches manifests, keys and segments from the region's targets in the fleet's document, opens the first segment under
      each key, and compares everything with the primary where that answers. Changes nothing in any account: it makes no
      locator of its own. What was found is recorded in the audit log.
      """)

  @Argument(help: "The region.")
  var region: String

  @OptionGroup var own: RegionOptions
  @OptionGroup var output: OutputOptions

  @Option(help: "How many locators, picked by chance.")
  var sample = 20

  @Flag(help: "All locators.")
  var all = false

  @Option(help: ArgumentHelp("This locator; may be given several times.", valueName: "name"))
  var locator: [String] = []

  @Option(help: "How many segments of each media playlist.")
  var segments = 3

  @Flag(help: "All segments.")
  var allSegments = false

  @Option(
    help: ArgumentHelp(
      "A file with a token for keys whose policy wants one; for its owner only.", valueName: "file"))
  var keyTokenFile: String?

  @Option(help: ArgumentHelp("The variable with that token.", valueName: "name"))
  var keyTokenEnv: String?

  @Option(help: "How many seconds a server may be silent.")
  var timeout = 10.0

  @Flag(
    help: ArgumentHelp(
      "Leave nothing behind but the record.",
      discussion:
        "A drill makes no temporary locators; this removes the reports of this and earlier drills of the region."
    ))
  var cleanup = false

  func validate() throws {
    guard sample > 0, segments > 0, timeout > 0 else {
      throw ValidationError("--sample, --segments and --timeout take a number above 0.")
    }
    if keyTokenFile != nil, keyTokenEnv != nil {
      throw ValidationError("Give the token by --key-token-file or by --key-token-env.")
    }
  }

  func run() async throws {
    let own = try own.open()
    var settings = Drill.Settings(region: try RegionName(checking: region))
    settings.sample = all ? nil : sample
    settings.names = locator
    settings.segments = allSegments ? nil : segments
    settings.token = try token()
    let transport = HTTPProgram(connections: 8, stallSeconds: timeout)
    let drill = Drill(settings, transport: transport, now: Accounts.now) {
      try Interruption.cancellation.check()
    }
    let report = try await drill.run(from: own) { locator in
      if !output.json { Terminal.print(lines: locator.lines) }
    }
    let file = try own.stateFolder() + "/drill-\(report.region).json"
    if cleanup {
      try FilePaths.remove(file)
    } else {
      FilePaths.writeLightly(report.json.canonicalBytes(), to: file)
    }
    if output.json { Terminal.print(report.json) }
    Terminal.say(report.summary)
    if cleanup { Terminal.say("no temporary locators were made; no report is kept") }
    try record(report, in: own)
    if report.failed > 0 { throw ExitCode(ExitStatus.differences) }
  }

  private func token() throws -> KeyToken? {
    if let keyTokenEnv {
      guard let text = Environment.value(keyTokenEnv) else {
        throw RegionError(.badConfiguration, "the variable \(keyTokenEnv) with the token for keys is not set")
      }
      return KeyToken(text)
    }
    guard let keyTokenFile else { return nil }
    do { return KeyToken(try OwnersFile.read(keyTokenFile)) } catch {
      throw RegionError(.badConfiguration, error.message, hint: error.hint)
    }
  }

  private func record(_ report: DrillReport, in own: RegionRepository) throws {
    let lock = try own.lock(for: "lockstep drill")
    defer { withExtendedLifetime(lock) {} }
    var primary: RegionName?
    if case .compared(let region) = report.comparison { primary = region }
    try AuditLog(own).record(
      AuditRecord(
        region: report.region,
        .drilled(
          report.commit, against: primary, locators: report.locators.count - report.skipped,
          failed: report.failed,
          milliseconds: report.duration.milliseconds)))
  }
}

extension LocatorReport {
  /// A line with times, and one for each problem and note.
  var lines: [String] {
    // Tabs part the columns; nothing of what the fields hold does.
    let title = Printable.text(name)
    if let skipped { return ["skipped\t\(title)\t\(skipped)"] }
    func time(_ word: String, _ duration: Duration?) -> String {
      "\t\(word) \(duration.map { "\($0.milliseconds) ms" } ?? "-")"
    }
    let line =
      "\(problems.isEmpty ? "plays" : "fails")\t\(title)" + time("manifest", manifest) + time("key", key)
      + time("segment", segment) + time("total", total)
      + "\t\(files) files, \(bytes) bytes, \(compared) compared"
    return [line] + problems.map { "  fails: \(Printable.text($0))" }
      + notes.map { "  note: \(Printable.text($0))" }
  }

  /// This locator in a JSON report; times in milliseconds.
  var json: JSONValue {
    func number(_ duration: Duration?) -> JSONValue {
      duration.map { .number(.int64($0.milliseconds)) } ?? .null
    }
    return [
      "bytes": .number(.int64(bytes)), "compared": .number(.int64(Int64(compared))),
      "files": .number(.int64(Int64(files))), "key": number(key), "manifest": number(manifest),
      "name": .string(name), "notes": .array(notes.map { .string($0) }),
      "problems": .array(problems.map { .string($0) }), "segment": number(segment),
      "skipped": skipped.map { .string($0) } ?? .null, "streamingLocatorId": .string(streamingLocatorID),
      "total": number(total),
    ]
  }
}

extension DrillReport {
  /// The drill in a line.
  var summary: String {
    let played = locators.count - skipped
    let compared: String =
      switch comparison {
      case .compared(let primary): "compared with region \(primary)"
      case .unreachable(let primary, let reason):
        "the primary, \(primary), does not answer (\(reason)), so not compared"
      case .isDrilled: "it is the primary, so compared with nobody"
      }
    return Printable.text(
      "drilled region \(region): \(Count.text(played, "locator")), \(failed) failed, \(skipped) skipped;"
        + " \(compared); \(duration.milliseconds) ms")
  }

  /// The drill as a document; times in milliseconds.
  var json: JSONValue {
    let (primary, reason): (JSONValue, JSONValue) =
      switch comparison {
      case .compared(let primary): (.string(primary.text), .null)
      case .unreachable(let primary, let reason): (.string(primary.text), .string(reason))
      case .isDrilled: (.null, .null)
      }
    return [
      "commit": .string(commit.hex), "failed": .number(.int64(Int64(failed))),
      "locators": .array(locators.map(\.json)), "milliseconds": .number(.int64(duration.milliseconds)),
      "primary": primary, "primaryUnreachable": reason, "region": .string(region.text),
      "skipped": .number(.int64(Int64(skipped))), "version": 1,
    ]
  }
}

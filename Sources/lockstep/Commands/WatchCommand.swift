import ArgumentParser
import CanonicalJSON
import Git
import Logging
import RegionRepository
import Upkeep

/// `lockstep watch`: keeps the fleet up to date.
struct WatchCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "watch", abstract: "Capture, mirror and apply again and again, until it is stopped.",
    discussion: """
      Each round captures the region's live account, mirrors between the regions of its fleet, and applies. Rounds begin \
      every --interval seconds; when a branch moves, here or in a region on this machine, one without a capture follows \
      within seconds. What fails is tried again after longer and longer pauses, 15 minutes at most.

      Each event is one line of JSON on standard output (started, captured, mirrored, joined, applying, applied, notified, \
      failed, recovered, stopped); the log goes to standard error. SIGTERM or Ctrl-C stops it at the next safe point (exit \
      0). One watch a region; lockstep status --check says whether it does its work.
      """)

  @OptionGroup var region: RegionOptions

  @Option(help: ArgumentHelp("How long after a round the next one begins.", valueName: "seconds"))
  var interval = 60

  @Flag(help: "Do not capture (for every watch here: git config lockstep.watchCapture false).")
  var noCapture = false

  @Flag(help: "Do not apply (for every watch here: git config lockstep.watchApply false).")
  var noApply = false

  @Option(help: ArgumentHelp("Log messages of this level and above.", valueName: "level"))
  var logLevel = WatchLogLevel.notice

  func validate() throws {
    guard (1...86_400).contains(interval) else {
      throw ValidationError("--interval takes 1 to 86400 seconds, not \(interval).")
    }
  }

  func run() async throws {
    let own = try region.open()
    let settings = try UpkeepSettings(of: own.git)
    let options = Watch.Options(
      interval: .seconds(interval), captures: settings.watchCaptures && !noCapture,
      applies: settings.watchApplies && !noApply)
    let level = logLevel.level
    let logger = Logger(label: "lockstep.watch") { _ in TerminalLog(logLevel: level) }
    try await Watch(place: own.place, options: options, calls: .usual, logger: logger) {
      Terminal.print(bytes: $0.json.compactBytes() + [UInt8(ascii: "\n")])
    }.runUntilStopped()
  }
}

/// How much a watch logs.
enum WatchLogLevel: String, ExpressibleByArgument, CaseIterable {
  case debug, info, notice, warning, error

  /// The level as the library for logs names it.
  var level: Logger.Level { Logger.Level(rawValue: rawValue) ?? .notice }
}

/// Log messages as words on standard error.
struct TerminalLog: LogHandler {
  var logLevel: Logger.Level
  var metadata: Logger.Metadata = [:]

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) { Terminal.say("\(UTCText.of(UTCText.now)) \(event.level): \(event.message)") }
}

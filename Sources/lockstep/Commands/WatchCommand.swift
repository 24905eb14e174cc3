import ArgumentParser
import CanonicalJSON
import Git
import Logging
import RegionRepository
import Upkeep

/// `lockstep watch`: keeps the fleet up to date.
struct WatchCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "watch", abstract: "Keep the fleet up to date until SIGTERM: capture, mirror, apply.",
    discussion: """
      A round captures the region's account, brings the fleet's repositories into step and applies; there is one each \
      interval, and one without a capture when a branch moves, here or in a peer on this machine. What fails is tried again, \
      less and less often.

      Prints one JSON line an event; where nothing happens, nothing. Exit 0 when it was asked to stop.
      """)

  @OptionGroup var region: RegionOptions

  @Option(help: ArgumentHelp("The pause between two rounds.", valueName: "seconds"))
  var interval = 60

  @Flag(help: "Do not capture (usually as lockstep.watchCapture says, or else it is done).")
  var noCapture = false

  @Flag(help: "Do not apply (usually as lockstep.watchApply says, or else it is done).")
  var noApply = false

  @Option(help: "How much is logged.")
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

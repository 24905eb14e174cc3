import CanonicalJSON
package import RegionRepository

/// What a watch says of itself, for those who ask how it is: `.git/lockstep/watch.json`.
package struct Heartbeat: Sendable, Equatable {
  /// What the watch is doing.
  package enum State: String, Sendable {
    /// It waits for something to do.
    case idle
    /// It works.
    case working
    /// It was asked to stop, and has.
    case stopped
  }

  /// The process.
  package var process: Int64
  /// What it is doing.
  package var state: State
  /// Since when, in seconds since 1970.
  package var since: Int64
  /// When its last round ended, or it began.
  package var lastRound: Int64
  /// How many seconds pass between two rounds.
  package var interval: Int64
  /// What fails at the moment, a line each.
  package var failures: [String]

  package init(
    process: Int64, state: State, since: Int64, lastRound: Int64, interval: Int64, failures: [String] = []
  ) {
    self.process = process
    self.state = state
    self.since = since
    self.lastRound = lastRound
    self.interval = interval
    self.failures = failures
  }

  /// The newest one of a region, or nil where no watch was ever started.
  package static func read(of region: RegionRepository) throws(RegionError) -> Heartbeat? {
    guard let bytes = FilePaths.read(try path(of: region)),
      let object = (try? JSONValue.parse(bytes))?.objectValue,
      let state = object["state"]?.stringValue.flatMap(State.init(rawValue:))
    else { return nil }
    func number(_ key: String) -> Int64 { object[key]?.int64Value ?? 0 }
    return Heartbeat(
      process: number("process"), state: state, since: number("since"), lastRound: number("lastRound"),
      interval: number("interval"),
      failures: object["failures"]?.arrayValue?.compactMap(\.stringValue) ?? [])
  }

  /// Writes it; a failure is ignored, and shows as a watch that is late.
  package func write(of region: RegionRepository) throws(RegionError) {
    let document: JSONValue = [
      "failures": .array(failures.map { .string($0) }), "interval": .number(.int64(interval)),
      "lastRound": .number(.int64(lastRound)),
      "process": .number(.int64(process)), "since": .number(.int64(since)), "state": .string(state.rawValue),
      "version": 1,
    ]
    FilePaths.writeLightly(document.canonicalBytes(), to: try Self.path(of: region))
  }

  /// The file that a watch holds locked as long as it runs.
  package static func lockPath(of region: RegionRepository) throws(RegionError) -> String {
    try region.stateFolder() + "/watch.lock"
  }

  private static func path(of region: RegionRepository) throws(RegionError) -> String {
    try region.stateFolder() + "/watch.json"
  }
}

import CanonicalJSON
import Git
import LiveAccount
package import Logging
import RegionRepository
import ServiceLifecycle
import UnixSignals

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Keeps one region and its fleet up to date until it is asked to stop.
///
/// A round captures the account, brings the fleet's repositories into step and applies. There is one each interval, and one
/// without a capture when a branch moved here or in a peer on this machine; with nothing new it costs one listing of the
/// account and some looks at refs.
package struct Watch: Service {
  /// What a person may choose.
  package struct Options: Sendable {
    /// The pause between two rounds.
    package let interval: Duration
    /// Whether the account is captured.
    package let captures: Bool
    /// Whether the account is made to match.
    package let applies: Bool

    package init(interval: Duration, captures: Bool, applies: Bool) {
      self.interval = interval
      self.captures = captures
      self.applies = applies
    }
  }

  /// How often the branches are looked at.
  private static let looking = Duration.seconds(1)

  private let place: String
  private let options: Options
  private let calls: UpkeepCalls
  private let logger: Logger
  private let emit: @Sendable (WatchEvent) -> Void

  /// - Parameters:
  ///   - place: the region's repository.
  ///   - emit: takes each event.
  package init(
    place: String, options: Options, calls: UpkeepCalls, logger: Logger,
    emit: @escaping @Sendable (WatchEvent) -> Void
  ) {
    self.place = place
    self.options = options
    self.calls = calls
    self.logger = logger
    self.emit = emit
  }

  /// Watches until SIGTERM or SIGINT; what is under way ends at its next safe point.
  /// - Throws: `RegionError` (`.locked`) where the region is watched already, or cannot be read at the beginning.
  package func runUntilStopped() async throws {
    let group = ServiceGroup(
      configuration: ServiceGroupConfiguration(
        services: [.init(service: self)], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
    try await group.run()
  }

  /// Watches until the group that it belongs to is asked to stop.
  package func run() async throws {
    let cancellation = calls.cancellation
    try await withGracefulShutdownHandler {
      try await watch()
    } onGracefulShutdown: {
      cancellation.cancel()
    }
  }

  private func watch() async throws {
    let region = try RegionRepository.open(at: place)
    let lock = try takeLock(of: region)
    defer { withExtendedLifetime(lock) {} }
    let seconds = options.interval.components.seconds
    var heartbeat = Heartbeat(
      process: Int64(getpid()), state: .working, since: UTCText.now, lastRound: UTCText.now, interval: seconds
    )
    try heartbeat.write(of: region)
    emit(
      WatchEvent(
        "started",
        [
          ("applies", .bool(options.applies)), ("captures", .bool(options.captures)),
          ("interval", .number(.int64(seconds))), ("region", .string(region.name.text)),
        ]))
    logger.info("watching region \(region.name)")
    var round = WatchRound(
      region: region.name, place: place, options: options, calls: calls, logger: logger, emit: emit)
    var files: [String] = []
    var seen: RefStamps?
    var next = ContinuousClock.now
    while !calls.cancellation.isCancelled {
      let isTime = ContinuousClock.now >= next
      let stamps = RefStamps(of: files)
      let isMoved = seen != nil && stamps != seen
      if isTime || isMoved {
        if isTime { files = round.files() }
        // What moves from here on is seen in the next round; so is what this round moves, which costs little.
        seen = isTime ? RefStamps(of: files) : stamps
        heartbeat.state = .working
        heartbeat.since = UTCText.now
        try heartbeat.write(of: region)
        await round.run(isWhole: isTime, isMoved: isMoved)
        heartbeat.state = .idle
        heartbeat.since = UTCText.now
        heartbeat.lastRound = heartbeat.since
        heartbeat.failures = round.failures
        try heartbeat.write(of: region)
        if isTime { next = ContinuousClock.now.advanced(by: options.interval) }
      }
      guard !calls.cancellation.isCancelled else { break }
      await cancelWhenGracefulShutdown { try? await Task.sleep(for: Self.looking) }
    }
    heartbeat.state = .stopped
    heartbeat.since = UTCText.now
    try heartbeat.write(of: region)
    emit(WatchEvent("stopped", [("region", .string(region.name.text))]))
    logger.info("stopped")
  }

  /// One watch a region.
  private func takeLock(of region: RegionRepository) throws -> RegionLock {
    do {
      return try RegionLock(
        path: Heartbeat.lockPath(of: region), region: region.name, purpose: "lockstep watch")
    } catch {
      guard error.code == .locked else { throw error }
      throw RegionError(
        .locked, "region \(region.name) is watched already",
        hint:
          "one watch a region is enough; ask how it is: lockstep status --check -C \(ShellWord.quoted(place))"
      )
    }
  }
}

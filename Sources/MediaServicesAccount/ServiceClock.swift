import LiveAccount

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Time and chance as the client sees them; tests bring their own.
package struct ServiceClock: Sendable {
  /// Seconds since 1970.
  package let now: @Sendable () -> Double
  /// Waits some seconds; ends early where the task is cancelled.
  package let sleep: @Sendable (Double) async throws -> Void
  /// A number from 0 up to 1, for the jitter of waits.
  package let random: @Sendable () -> Double

  package init(
    now: @escaping @Sendable () -> Double, sleep: @escaping @Sendable (Double) async throws -> Void,
    random: @escaping @Sendable () -> Double
  ) {
    self.now = now
    self.sleep = sleep
    self.random = random
  }

  /// The machine's own.
  package static let system = ServiceClock(
    now: seconds, sleep: sleep, random: { Double.random(in: 0..<1) })

  /// Waits a second at a time: a wait that is cancelled keeps its timer and its memory until the time that it was to end,
  /// and nearly all of them are cancelled, one with each request's answer.
  private static func sleep(_ seconds: Double) async throws {
    let end = ContinuousClock.now.advanced(by: .seconds(seconds))
    while ContinuousClock.now < end {
      try await Task.sleep(until: min(end, .now.advanced(by: .seconds(1))))
    }
  }

  /// Seconds since 1970, with their fractions.
  private static func seconds() -> Double {
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    return Double(now.tv_sec) + Double(now.tv_nsec) / 1e9
  }

  /// Waits, and stops waiting soon after somebody asked to.
  /// - Throws: `AccountError` (`.interrupted`).
  func wait(_ seconds: Double, until cancellation: Cancellation) async throws {
    var left = seconds
    while left > 0 {
      try cancellation.check()
      let slice = min(left, 0.2)
      try await sleep(slice)
      left -= slice
    }
    try cancellation.check()
  }
}

/// Lets a number of tasks in at once; the others wait in the order in which they came.
actor Gate {
  private var free: Int
  private var waiting: [CheckedContinuation<Void, Never>] = []

  init(limit: Int) { free = limit }

  /// Runs a piece of work when there is room.
  func pass<Result: Sendable>(_ work: @Sendable () async throws -> Result) async rethrows -> Result {
    if free > 0 { free -= 1 } else { await withCheckedContinuation { waiting.append($0) } }
    defer { if waiting.isEmpty { free += 1 } else { waiting.removeFirst().resume() } }
    return try await work()
  }
}

import Synchronization

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Tells a person that what is asked of a service is in vain and is asked again, and until when.
///
/// Once it takes long enough for a person to wonder, and then less and less often, whichever of the requests it is that fails.
package final class RetryNotices: Sendable {
  /// A wait that a person does not notice, in seconds.
  private static let unnoticed = 3.0
  /// How often tries in vain are told of at most, in seconds.
  private static let pause = 30.0

  private let say: @Sendable (String) -> Void
  /// When the next word is due; seconds since 1970.
  private let nextWord = Mutex(0.0)

  /// - Parameter say: shows one line.
  package init(_ say: @escaping @Sendable (String) -> Void) { self.say = say }

  /// Says it, where it is due.
  /// - Parameters:
  ///   - vainSeconds: for how long tries have been in vain, the wait that begins included.
  ///   - end: when the wait ends that the service asks for, or the last try is made; seconds since 1970.
  ///   - isAskedFor: whether the service said how long.
  ///   - now: seconds since 1970.
  package func trying(
    vainSeconds: Double, until end: Double, isAskedFor: Bool, because reason: String, now: Double
  ) {
    guard vainSeconds >= Self.unnoticed else { return }
    let isDue = nextWord.withLock { next in
      // A clock that was set back does not silence it.
      guard now >= next || next > now + 86_400 else { return false }
      next = now + max(Self.pause, vainSeconds)
      return true
    }
    guard isDue else { return }
    let time = Self.timeOfDay(end)
    say(
      isAskedFor
        ? "waiting until \(time), as the service asks: \(reason); Ctrl-C stops, the same command goes on"
        : "trying until \(time): \(reason); Ctrl-C stops, the same command goes on")
  }

  /// The time of day at this place, such as `21:40:05`.
  package static func timeOfDay(_ seconds: Double) -> String {
    var time = time_t(seconds.rounded(.up))
    var parts = tm()
    localtime_r(&time, &parts)
    return [parts.tm_hour, parts.tm_min, parts.tm_sec].map { $0 < 10 ? "0\($0)" : "\($0)" }
      .joined(separator: ":")
  }
}

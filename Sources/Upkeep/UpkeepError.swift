#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Why the upkeep could not do something, in words for the person at the terminal.
package struct UpkeepError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What kind of failure this is.
  package enum Code: Sendable {
    /// A peer took too long.
    case tooSlow
    /// A peer could not be told to fetch.
    case notification
    /// Something else has to be done first.
    case waiting
  }

  /// The kind of failure.
  package let code: Code
  /// What happened, to what, and why.
  package let message: String
  /// The command or action that mends it.
  package let hint: String?

  package init(_ code: Code, _ message: String, hint: String? = nil) {
    self.code = code
    self.message = message
    self.hint = hint
  }

  package var description: String { message }

  static func tooSlow(_ place: String, _ patience: Duration) -> UpkeepError {
    UpkeepError(
      .tooSlow, "\(place) did not answer within \(UTCText.seconds(patience))",
      hint: "see whether it can be reached: git ls-remote \(place)")
  }
}

/// Waiting on the present thread.
enum Pause {
  static func microseconds(_ count: UInt32) { usleep(count) }
}

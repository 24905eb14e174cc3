/// What to do after each way in which a request can end.
///
/// | what came | reads, secrets, tokens | PUT, PATCH | DELETE | scale |
/// | --- | --- | --- | --- | --- |
/// | no connection | again | again | again | again |
/// | reset, half an answer, time-out | again | look | again | again |
/// | 401 | a new token, if there is one | the same | the same | the same |
/// | 408, 429, 409 `OperationInProgress` | again | again | again | again |
/// | 500, 502, 503, 504 | again | look | again | again |
/// | 404 | absent | refused | absent | refused |
/// | 3xx, other 4xx | refused | refused | refused | refused |
///
/// *Again* waits first: what Retry-After says, else a random time below a bound that doubles. *Look* reads the resource
/// back and compares, since the write may have happened. A deletion may be repeated: what is gone stays gone.
enum RetryTable {
  /// What a request is for.
  enum Effect: Sendable {
    case read, write, delete
    /// A change that may be made twice, of something that must be there.
    case repeatable
  }

  /// How a request ended.
  enum Ending: Sendable {
    case status(Int, isOperationRunning: Bool)
    case notSent
    case lost
  }

  /// What to do.
  enum Decision: Sendable, Equatable { case done, absent, again, newToken, look, refuse }

  static func decide(_ effect: Effect, _ ending: Ending) -> Decision {
    switch ending {
    case .notSent: return .again
    case .lost: return effect == .write ? .look : .again
    case .status(let status, let isOperationRunning):
      switch status {
      case 200..<300: return .done
      case 401: return .newToken
      case 404 where effect == .read || effect == .delete: return .absent
      case 408, 429: return .again
      case 409 where isOperationRunning: return .again
      case 500...: return effect == .write ? .look : .again
      default: return .refuse
      }
    }
  }

  /// How long to wait before the next try: anything below a bound that doubles, and never more than 20 seconds.
  static func backoffSeconds(attempt: Int, random: Double) -> Double {
    min(20, 0.25 * Double(1 << min(attempt, 10))) * (0.5 + random / 2)
  }
}

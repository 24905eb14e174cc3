/// What failed, and when it is worth another try.
struct Patience {
  private struct Trouble {
    var message: String
    var attempts: Int
    var next: ContinuousClock.Instant
  }

  /// The longest pause between two tries.
  private static let longest = Duration.seconds(900)

  private let interval: Duration
  private var troubles: [String: Trouble] = [:]

  /// - Parameter interval: the pause after the first failure; it doubles with each one after.
  init(interval: Duration) { self.interval = interval }

  /// What fails now, a line each.
  var open: [String] { troubles.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value.message)" } }

  /// Whether something is due.
  func isDue(_ subject: String) -> Bool { troubles[subject].map { ContinuousClock.now >= $0.next } ?? true }

  /// Takes down a failure.
  /// - Returns: how often it was tried, and whether it has not been told yet.
  mutating func failed(_ subject: String, _ message: String) -> (attempts: Int, isNews: Bool) {
    let before = troubles[subject]
    let attempts = (before?.attempts ?? 0) + 1
    let pause = min(interval * (1 << min(attempts - 1, 10)), Self.longest)
    troubles[subject] = Trouble(
      message: message, attempts: attempts, next: ContinuousClock.now.advanced(by: pause))
    return (attempts, before?.message != message)
  }

  /// Takes down a success.
  /// - Returns: whether it had failed before.
  mutating func succeeded(_ subject: String) -> Bool { troubles.removeValue(forKey: subject) != nil }
}

import HTTP
import LiveAccount

/// How often and how long one request has been tried, and what comes next.
struct Tries: Sendable {
  private let request: ServiceRequest
  private let settings: MediaServicesSettings
  private let clock: ServiceClock
  private var attempts = 0
  /// How often the service asked for patience; such waits do not count against the deadline.
  private var askedFor = 0
  private var began = 0.0
  /// Seconds that tries and the waits between them have taken.
  private var spent = 0.0
  /// When the first of the tries began that have failed since.
  private var failingSince: Double?

  /// How often a service may ask for patience.
  private static let patience = 50

  init(_ request: ServiceRequest, settings: MediaServicesSettings, clock: ServiceClock) {
    self.request = request
    self.settings = settings
    self.clock = clock
  }

  /// What comes next.
  enum Next: Sendable {
    case answer(ServiceAnswer)
    case newToken
    case wait(Pause)
  }

  /// A wait between two tries.
  struct Pause: Sendable {
    let seconds: Double
    /// Whether the service said how long.
    let isAskedFor: Bool
    /// Why the last try was in vain.
    let failure: ServiceFailure
    /// For how long tries have been in vain, this wait included.
    let vainSeconds: Double
    /// When the last try is made, unless the service asks for more patience; seconds since 1970.
    let end: Double
  }

  mutating func begin() {
    began = clock.now()
    failingSince = failingSince ?? began
  }

  /// Judges what came.
  /// - Throws: `ServiceFailure` where the request is not to be tried again.
  mutating func next(after outcome: Attempt.Outcome, hasNewToken: Bool) throws(ServiceFailure) -> Next {
    spent += max(0, clock.now() - began)
    let judge = FailureJudge(settings: settings, request: request)
    switch outcome {
    case .notSent(let failure): return try again(after: judge.notSent(failure))
    case .noProgram(let failure): throw judge.noProgram(failure)
    case .lost(let reason):
      let failure = judge.lost(reason)
      guard RetryTable.decide(request.effect, .lost) == .again else { throw failure }
      return try again(after: failure)
    case .answer(let answer):
      let complaint = ServiceComplaint(answer.status >= 300 ? answer.body : [])
      let decision = RetryTable.decide(
        request.effect, .status(answer.status, isOperationRunning: complaint.speaksOfOperation))
      let retryAfter = answer.header("Retry-After").flatMap { Self.seconds($0, now: clock.now()) }
      switch decision {
      case .done, .absent:
        return .answer(
          ServiceAnswer(
            status: answer.status, body: answer.body,
            operation: answer.header("Azure-AsyncOperation") ?? answer.header("Location")))
      case .newToken where hasNewToken: return .newToken
      case .again:
        let failure = judge.answered(answer, complaint)
        guard let retryAfter else { return try again(after: failure) }
        askedFor += 1
        guard askedFor <= Self.patience else { throw failure }
        // A little later than asked: others were told the same.
        return pause(max(0.05, retryAfter) + clock.random(), isAskedFor: true, failure)
      default: throw judge.answered(answer, complaint)
      }
    }
  }

  /// Waits for the next try, as long as the deadline is not over.
  private mutating func again(after failure: ServiceFailure) throws(ServiceFailure) -> Next {
    guard spent < settings.deadlineSeconds else { throw failure }
    // The last try is made when the time is over.
    let wait = min(
      RetryTable.backoffSeconds(attempt: attempts, random: clock.random()), settings.deadlineSeconds - spent)
    attempts += 1
    spent += wait
    return pause(wait, isAskedFor: false, failure)
  }

  private func pause(_ seconds: Double, isAskedFor: Bool, _ failure: ServiceFailure) -> Next {
    let now = clock.now()
    let vain = max(0, now - (failingSince ?? now)) + seconds
    let end = now + (isAskedFor ? seconds : 0) + max(0, settings.deadlineSeconds - spent)
    return .wait(
      Pause(seconds: seconds, isAskedFor: isAskedFor, failure: failure, vainSeconds: vain, end: end))
  }

  /// The seconds of a Retry-After (RFC 9110 §10.2.3): a number, or a date, for which a minute is waited.
  static func seconds(_ text: String, now: Double) -> Double? {
    if let seconds = Double(text), seconds.isFinite { return min(max(seconds, 0), 3_600) }
    return text.contains("GMT") ? 60 : nil
  }
}

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
    case wait(seconds: Double, isAskedFor: Bool)
  }

  mutating func begin() { began = clock.now() }

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
        return .wait(seconds: max(0.05, retryAfter) + clock.random(), isAskedFor: true)
      default: throw judge.answered(answer, complaint)
      }
    }
  }

  /// Waits for the next try, as long as the deadline is not over.
  private mutating func again(after failure: ServiceFailure) throws(ServiceFailure) -> Next {
    let wait = RetryTable.backoffSeconds(attempt: attempts, random: clock.random())
    attempts += 1
    guard spent + wait < settings.deadlineSeconds else { throw failure }
    spent += wait
    return .wait(seconds: wait, isAskedFor: false)
  }

  /// The seconds of a Retry-After (RFC 9110 §10.2.3): a number, or a date, for which a minute is waited.
  static func seconds(_ text: String, now: Double) -> Double? {
    if let seconds = Double(text), seconds.isFinite { return min(max(seconds, 0), 3_600) }
    return text.contains("GMT") ? 60 : nil
  }
}

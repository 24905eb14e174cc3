import HTTP
import LiveAccount

/// A request to a service, before a token is put on it.
struct ServiceRequest: Sendable {
  enum Method: String, Sendable {
    case get = "GET", put = "PUT", patch = "PATCH", post = "POST", delete = "DELETE"
  }

  let method: Method
  let url: String
  var body: [UInt8]?
  var contentType = "application/json"
  let effect: RetryTable.Effect
  /// What it counts as; nil where it is counted nowhere, as requests for tokens are.
  let billing: Billing?
  /// What it is for, as a message names it.
  let what: String
}

/// An answer that a request can be content with.
struct ServiceAnswer: Sendable {
  let status: Int
  let body: [UInt8]
  /// Where the outcome of a long operation can be asked for.
  let operation: String?

  /// Whether there is nothing there.
  var isAbsent: Bool { status == 404 }
}

/// Sends requests: a few at once, each with a token and within the budget, and again where the table allows.
struct RESTClient: Sendable {
  let settings: MediaServicesSettings
  let budget: RequestBudget
  let clock: ServiceClock
  private let transport: any HTTPTransport
  private let cancellation: Cancellation
  private let notices: Notices
  private let gate: Gate
  private let tokens: TokenSource

  /// How many new tokens one request may need.
  private static let renewals = 5

  init(
    settings: MediaServicesSettings, transport: any HTTPTransport, budget: RequestBudget, clock: ServiceClock,
    environment: @escaping @Sendable (String) -> String?, cancellation: Cancellation,
    notices: Notices
  ) {
    self.settings = settings
    self.transport = transport
    self.budget = budget
    self.clock = clock
    self.cancellation = cancellation
    self.notices = notices
    gate = Gate(limit: settings.concurrency)
    let bare = Attempt(transport: transport, clock: clock)
    tokens = TokenSource(settings: settings, environment: environment, now: clock.now) {
      [settings, cancellation] request in
      try await RESTClient.repeating(
        request, by: bare, settings: settings, clock: clock, cancellation: cancellation, notices: notices)
    }
  }

  /// Sends a request until it succeeds, is refused, or cannot be tried any longer.
  /// - Throws: `ServiceFailure`, or `AccountError` where no request could be made at all.
  func send(_ request: ServiceRequest) async throws -> ServiceAnswer {
    try await gate.pass { try await self.repeating(request) }
  }

  private func repeating(_ request: ServiceRequest) async throws -> ServiceAnswer {
    let attempt = Attempt(transport: transport, clock: clock)
    var tries = Tries(request, settings: settings, clock: clock)
    var refused: ServiceSecret?
    var renewals = 0
    while true {
      try await waitForBudget(request)
      let token: ServiceSecret
      do { token = try await tokens.current(besides: refused) } catch {
        giveBack(request)
        throw error
      }
      tries.begin()
      let outcome = await attempt.make(request, token: token, header: settings[.tokenHeader])
      switch outcome {
      case .notSent, .noProgram: giveBack(request)
      case .answer, .lost: break
      }
      try note(outcome, of: request)
      // The very token that was refused before is refused for good.
      let mayRenew = renewals < Self.renewals && refused?.reveal() != token.reveal()
      switch try tries.next(after: outcome, hasNewToken: mayRenew) {
      case .answer(let answer): return answer
      case .newToken:
        refused = token
        renewals += 1
      case .wait(let pause):
        if pause.isAskedFor, let billing = request.billing {
          try budget.pause(billing, seconds: pause.seconds)
        }
        guard pause.seconds <= settings.longestWaitSeconds else { throw pause.failure }
        notices.trying(pause, now: clock.now())
        try await clock.wait(pause.seconds, until: cancellation)
      }
    }
  }

  /// Sends a request that needs no token.
  private static func repeating(
    _ request: ServiceRequest, by attempt: Attempt, settings: MediaServicesSettings, clock: ServiceClock,
    cancellation: Cancellation, notices: Notices
  ) async throws -> ServiceAnswer {
    var tries = Tries(request, settings: settings, clock: clock)
    while true {
      try cancellation.check()
      tries.begin()
      let outcome = await attempt.make(request, token: nil, header: nil)
      do {
        switch try tries.next(after: outcome, hasNewToken: false) {
        case .answer(let answer) where !answer.isAbsent: return answer
        case .wait(let pause):
          notices.trying(pause, now: clock.now())
          try await clock.wait(pause.seconds, until: cancellation)
        default:
          throw AccountError(
            .io, "there is nothing at \(request.url)",
            hint: "look at the settings: git config --get-regexp '^lockstep.mediaservices'")
        }
      } catch let failure as ServiceFailure {
        throw failure.error
      }
    }
  }

  private func waitForBudget(_ request: ServiceRequest) async throws {
    try cancellation.check()
    guard let billing = request.billing else { return }
    let seconds = try budget.take(billing)
    guard seconds > 0 else { return }
    do {
      if seconds >= 2 {
        let held = try budget.held(billing)
        let isAskedFor = held.seconds >= seconds - 1
        let end = clock.now() + seconds
        guard seconds <= settings.longestWaitSeconds else {
          throw Notices.tooLong(
            request.what, isAskedFor ? "the service asked for that" : "the budget is spent", until: end,
            keptIn: held.path)
        }
        if isAskedFor {
          notices.held(until: end, billing, keptIn: held.path)
        } else {
          notices.waiting(seconds, for: billing, settings.allowances)
        }
      }
      try await clock.wait(seconds, until: cancellation)
    } catch {
      giveBack(request)
      throw error
    }
  }

  /// Gives back what a request that was not sent would have counted; the budget only errs on the safe side without.
  private func giveBack(_ request: ServiceRequest) {
    if let billing = request.billing { try? budget.giveBack(billing) }
  }

  /// Takes over what the service says is left of the budget.
  private func note(_ outcome: Attempt.Outcome, of request: ServiceRequest) throws {
    guard case .answer(let answer) = outcome else { return }
    let headers: [(Billing, String)] = [
      (.read, "reads"), (.write, "writes"), (.resource, "resource-requests"), (.delete, "deletes"),
    ]
    for (billing, header) in headers {
      guard let text = answer.header("x-ms-ratelimit-remaining-subscription-\(header)"),
        let remaining = Int(text)
      else { continue }
      try budget.lower(billing, to: remaining)
    }
  }
}

/// What holds for every request.
package enum RESTLimits {
  /// How long one request may take, in seconds; longer than the 30 seconds for which services are known to stall.
  package static let attemptSeconds = 45.0
}

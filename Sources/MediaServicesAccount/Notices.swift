import HTTP
import LiveAccount
import Synchronization

/// What the client tells a person while it works: that it waits, and what it could not take over.
package final class Notices: Sendable {
  private let say: @Sendable (String) -> Void
  private let said = Mutex<Set<String>>([])
  private let retries: RetryNotices

  /// - Parameter say: shows one line.
  package init(_ say: @escaping @Sendable (String) -> Void) {
    self.say = say
    retries = RetryNotices(say)
  }

  /// Says something once.
  func once(_ text: String) {
    if said.withLock({ $0.insert(text).inserted }) { say(text) }
  }

  /// Says that key delivery follows a changed policy only after a while; of many policies at once, for the first.
  func lagging(_ policy: String, lagSeconds: Double, now: Double) {
    let isNew = said.withLock { $0.insert("key delivery \(Int(now / lagSeconds))").inserted }
    guard isNew else { return }
    say(
      "\(policy) was changed: key delivery follows within \(Self.duration(lagSeconds)); move no traffic here before"
        + " \(RetryNotices.timeOfDay(now + lagSeconds))")
  }

  /// Says that the budget is spent for now; of one sort of request once in a while.
  func waiting(_ seconds: Double, for billing: Billing, _ allowances: [Billing: ServiceProfile.Allowance]) {
    let allowed = allowances[billing]?.text(billing) ?? allowances[.write]?.text(.write) ?? "the service"
    // Told anew for every doubling of the wait, not for each request.
    let size = Int(seconds).bitWidth - Int(seconds).leadingZeroBitCount
    if said.withLock({ $0.insert("\(billing) \(size)").inserted }) {
      say("waiting \(Self.duration(seconds)): \(allowed) are allowed; Ctrl-C stops, the same command goes on")
    }
  }

  /// Says that the service asked for patience before; told once for each time until which it did.
  func held(until end: Double, _ billing: Billing, keptIn path: String?) {
    let time = RetryNotices.timeOfDay(end)
    let place = path.map { " (kept in \($0))" } ?? ""
    once(
      "waiting until \(time): the service asked for no \(billing.noun) before then\(place); Ctrl-C stops, the same"
        + " command goes on")
  }

  /// What cannot be known without a wait that is too long for whoever asks.
  static func tooLong(_ what: String, _ why: String, until end: Double, keptIn path: String?) -> AccountError
  {
    AccountError(
      .io,
      "\(what): not asked for before \(RetryNotices.timeOfDay(end)): \(why)\(path.map { " (kept in \($0))" } ?? "")",
      hint: "ask again then")
  }

  /// Says that what is asked of the service fails and is tried again, where that is due.
  func trying(_ pause: Tries.Pause, now: Double) {
    retries.trying(
      vainSeconds: pause.vainSeconds, until: pause.isAskedFor ? now + pause.seconds : pause.end,
      isAskedFor: pause.isAskedFor, because: pause.failure.error.message, now: now)
  }

  /// A time for people: `40 seconds`, `21 minutes`.
  static func duration(_ seconds: Double) -> String {
    if seconds < 90 { return "\(Int(seconds.rounded(.up))) seconds" }
    if seconds < 5_400 { return "\(Int((seconds / 60).rounded())) minutes" }
    return "\(Int((seconds / 360).rounded()) / 10).\(Int((seconds / 360).rounded()) % 10) hours"
  }
}

extension ServiceProfile.Allowance {
  /// What is allowed, such as `1 200 writes an hour`.
  func text(_ billing: Billing) -> String {
    let period =
      periodSeconds == 3_600
      ? "an hour" : periodSeconds == 60 ? "a minute" : "in \(Int(periodSeconds)) seconds"
    return "\(Self.grouped(count)) \(billing.noun) \(period)"
  }

  /// Digits in groups of three, such as `1 200`.
  static func grouped(_ count: Int) -> String {
    var text = String(count)
    var index = text.count - 3
    while index > 0 {
      text.insert(" ", at: text.index(text.startIndex, offsetBy: index))
      index -= 3
    }
    return text
  }
}

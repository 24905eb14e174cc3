import LiveAccount
import Synchronization

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// How many requests may still be made, kept in a file so that all runs of a region share it.
///
/// A bucket of tokens for each sort of request: a quarter of what a period allows may be spent at once, the rest comes
/// evenly, so that no period ever sees more than is allowed. Who finds the bucket empty is told how long to wait and has
/// its turn then. A token is written off before its request is sent: a crash never gives one back, but who stops waiting
/// does.
package final class RequestBudget: Sendable {
  /// What stands in a bucket.
  struct Level: Sendable, Equatable {
    /// What is left; below zero by what waits for its turn.
    var tokens: Double
    /// When that was so, in seconds since 1970.
    var time: Double
    /// No request before this time: the service asked for it.
    var resume: Double = 0
  }

  private let allowances: [Billing: ServiceProfile.Allowance]
  private let path: String?
  private let now: @Sendable () -> Double
  private let levels = Mutex<[Billing: Level]>([:])

  /// - Parameter path: the file, or nil to keep the levels in memory.
  package init(
    allowances: [Billing: ServiceProfile.Allowance], path: String?, now: @escaping @Sendable () -> Double
  ) {
    self.allowances = allowances
    self.path = path
    self.now = now
  }

  /// The bucket that a sort of request draws on, where it is counted at all.
  private func bucket(_ billing: Billing) -> (billing: Billing, allowance: ServiceProfile.Allowance)? {
    if let allowance = allowances[billing] { return (billing, allowance) }
    // What is not counted by itself counts as a write.
    guard billing != .read, let allowance = allowances[.write] else { return nil }
    return (.write, allowance)
  }

  /// What may be spent at once.
  static func burst(_ allowance: ServiceProfile.Allowance) -> Double {
    max(1, (Double(allowance.count) / 4).rounded(.down))
  }

  /// What comes back in a second.
  static func rate(_ allowance: ServiceProfile.Allowance) -> Double {
    max(Double(allowance.count) - burst(allowance), 1) / allowance.periodSeconds
  }

  /// Takes one token.
  /// - Returns: how many seconds to wait before the request is sent; 0 for none.
  func take(_ billing: Billing) throws(AccountError) -> Double {
    guard let (billing, allowance) = bucket(billing) else { return 0 }
    return try change { levels in
      var level = Self.filled(levels[billing], allowance, now())
      level.tokens -= 1
      levels[billing] = level
      return max(level.tokens < 0 ? -level.tokens / Self.rate(allowance) : 0, level.resume - now(), 0)
    }
  }

  /// Gives back the token of a request that was not sent.
  func giveBack(_ billing: Billing) throws(AccountError) {
    guard let (billing, allowance) = bucket(billing) else { return }
    try change { levels in
      var level = Self.filled(levels[billing], allowance, now())
      level.tokens = min(Self.burst(allowance), level.tokens + 1)
      levels[billing] = level
    }
  }

  /// For how long the service asked that no request of a sort is made, in seconds from now, and where that is kept.
  func held(_ billing: Billing) throws(AccountError) -> (seconds: Double, path: String?) {
    guard let (billing, _) = bucket(billing) else { return (0, path) }
    let resume = try change { levels in levels[billing]?.resume ?? 0 }
    return (max(0, min(resume - now(), 24 * 3_600)), path)
  }

  /// Holds all requests of a sort back: the service asked for it.
  func pause(_ billing: Billing, seconds: Double) throws(AccountError) {
    guard let (billing, allowance) = bucket(billing) else { return }
    try change { levels in
      var level = Self.filled(levels[billing], allowance, now())
      level.resume = max(level.resume, now() + seconds)
      levels[billing] = level
    }
  }

  /// Takes over what the service says is left, where others have spent of it too.
  func lower(_ billing: Billing, to remaining: Int) throws(AccountError) {
    guard let (billing, allowance) = bucket(billing) else { return }
    try change { levels in
      var level = Self.filled(levels[billing], allowance, now())
      guard Double(remaining) < level.tokens else { return }
      level.tokens = Double(remaining)
      levels[billing] = level
    }
  }

  /// How long some requests take by the budget alone, in seconds, and how many the service allows in which period.
  func seconds(for count: Int, _ billing: Billing) throws(AccountError) -> (
    seconds: Double, allowance: ServiceProfile.Allowance
  )? {
    guard let (billing, allowance) = bucket(billing) else { return nil }
    let level = try change { levels in Self.filled(levels[billing], allowance, now()) }
    let wait = (Double(count) - level.tokens) / Self.rate(allowance)
    return (max(count == 0 ? 0 : wait, count == 0 ? 0 : level.resume - now(), 0), allowance)
  }

  private static func filled(
    _ level: Level?, _ allowance: ServiceProfile.Allowance, _ now: Double
  ) -> Level {
    guard var level else { return Level(tokens: burst(allowance), time: now) }
    // A clock that was set back gives nothing, and takes nothing away.
    level.tokens = min(burst(allowance), level.tokens + max(0, now - level.time) * rate(allowance))
    level.time = now
    level.resume = min(level.resume, now + 24 * 3_600)
    return level
  }

  // MARK: The file

  private func change<Result>(_ body: (inout [Billing: Level]) -> Result) throws(AccountError)
    -> sending Result where Result: Sendable
  {
    do {
      return try levels.withLock { memory in
        guard let path else { return body(&memory) }
        return try Self.withFile(path, body)
      }
    } catch {
      throw .explaining(error)
    }
  }

  /// Reads the levels, changes them and writes them back while no other process does.
  private static func withFile<Result>(_ path: String, _ body: (inout [Billing: Level]) -> Result) throws
    -> Result
  {
    let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard descriptor >= 0 else {
      throw AccountError(
        .io, "cannot keep the budget of requests in \(path): \(String(cString: strerror(errno)))")
    }
    defer { close(descriptor) }
    while flock(descriptor, LOCK_EX) != 0, errno == EINTR {}
    var buffer = [UInt8](repeating: 0, count: 1_024)
    let count = pread(descriptor, &buffer, buffer.count, 0)
    var levels = parse(String(decoding: buffer[..<max(0, count)], as: UTF8.self))
    let result = body(&levels)
    var text = Array(
      levels.sorted { $0.key.rawValue < $1.key.rawValue }.map {
        "\($0.key.rawValue) \($0.value.tokens) \($0.value.time) \($0.value.resume)\n"
      }.joined().utf8)
    // One write of one size: a crash leaves the old text or the new one.
    text += [UInt8](repeating: UInt8(ascii: "\n"), count: max(0, 256 - text.count))
    guard pwrite(descriptor, text, text.count, 0) == text.count else {
      throw AccountError(
        .io, "cannot keep the budget of requests in \(path): \(String(cString: strerror(errno)))")
    }
    return result
  }

  private static func parse(_ text: String) -> [Billing: Level] {
    var levels: [Billing: Level] = [:]
    for line in text.split(separator: "\n") {
      let words = line.split(separator: " ")
      guard words.count == 4, let billing = Billing(rawValue: String(words[0])),
        let tokens = Double(words[1]),
        let time = Double(words[2]), let resume = Double(words[3]), tokens.isFinite, time.isFinite,
        resume.isFinite
      else { continue }
      levels[billing] = Level(tokens: tokens, time: time, resume: resume)
    }
    return levels
  }
}

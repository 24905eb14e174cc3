import CanonicalJSON
import HTTP
import LiveAccount
import MediaResources

/// The token that opens a service: got where the settings say, kept in memory, renewed before it expires.
actor TokenSource {
  /// A token and when it ends.
  struct Token: Sendable {
    let secret: ServiceSecret
    /// Seconds since 1970; nil where nobody knows.
    let expires: Double?
    /// When to get the next one.
    let renewal: Double?
  }

  private let settings: MediaServicesSettings
  private let environment: @Sendable (String) -> String?
  private let now: @Sendable () -> Double
  /// Sends the request for a token, and tries it again as reads are.
  private let exchange: @Sendable (ServiceRequest) async throws -> ServiceAnswer
  private let gate = Gate(limit: 1)
  private var token: Token?

  init(
    settings: MediaServicesSettings, environment: @escaping @Sendable (String) -> String?,
    now: @escaping @Sendable () -> Double,
    exchange: @escaping @Sendable (ServiceRequest) async throws -> ServiceAnswer
  ) {
    self.settings = settings
    self.environment = environment
    self.now = now
    self.exchange = exchange
  }

  /// A token that is good for a while.
  /// - Parameter refused: one that the service did not take; another one is got.
  func current(besides refused: ServiceSecret? = nil) async throws -> ServiceSecret {
    if let token, isGood(token, refused) { return token.secret }
    return try await gate.pass { try await self.renew(besides: refused) }
  }

  private func isGood(_ token: Token, _ refused: ServiceSecret?) -> Bool {
    if let refused, refused.reveal() == token.secret.reveal() { return false }
    return token.renewal.map { now() < $0 } ?? true
  }

  private func renew(besides refused: ServiceSecret?) async throws -> ServiceSecret {
    // Somebody else may have done it while this task waited.
    if let token, isGood(token, refused) { return token.secret }
    let secret = try settings.secretSource.read(environment: environment)
    let new: Token
    switch settings.authentication {
    case .token: new = Self.token(secret, lifeSeconds: nil, now: now())
    case .clientCredentials: new = try await clientCredentials(secret)
    case .ravnur: new = try await ravnur(secret)
    }
    if settings.authentication == .token, let expires = new.expires, expires <= now() {
      throw AccountError(
        .refused, "the token for \(settings.origin) has expired", hint: tokenHint)
    }
    token = new
    return new.secret
  }

  private var tokenHint: String {
    if let file = settings[.tokenFile] { return "put a new one into \(file)" }
    return "export a new one in \(settings[.tokenEnvironment] ?? "LOCKSTEP_TOKEN")"
  }

  private func clientCredentials(_ secret: ServiceSecret) async throws -> Token {
    let credentials = ClientCredentials(
      authority: settings[.authority] ?? ClientCredentials.usualAuthority, tenant: settings[.tenant] ?? "",
      client: settings[.clientID] ?? "", scope: settings[.scope] ?? "https://management.azure.com/.default")
    let answer = try await exchange(
      ServiceRequest(
        method: .post, url: credentials.url, body: credentials.form(secret: secret.reveal()),
        contentType: ClientCredentials.contentType, effect: .read, billing: nil,
        what: "the exchange of the client's secret for a token"))
    guard let grant = ClientCredentials.grant(in: answer.body) else { throw noToken(from: credentials.url) }
    return Self.token(ServiceSecret(grant.token), lifeSeconds: grant.lifeSeconds, now: now())
  }

  private func ravnur(_ key: ServiceSecret) async throws -> Token {
    let body: JSONValue = [
      "subscriptionId": .string(settings[.subscription] ?? ""), "apiKey": .string(key.reveal()),
    ]
    let answer = try await exchange(
      ServiceRequest(
        method: .post, url: settings.origin + "/auth/token", body: body.compactBytes(),
        contentType: "application/json", effect: .read, billing: nil,
        what: "the exchange of the API key for a token"))
    let text = String(decoding: answer.body, as: UTF8.self).split(whereSeparator: \.isWhitespace).joined(
      separator: " ")
    // The token itself, as text; a JSON string counts as well.
    let token = text.hasPrefix("\"") ? (try? JSONValue.parse(text))?.stringValue ?? "" : text
    guard !token.isEmpty, token.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
      throw noToken(from: settings.origin)
    }
    return Self.token(ServiceSecret(token), lifeSeconds: nil, now: now())
  }

  private func noToken(from place: String) -> AccountError {
    AccountError(
      .io, "\(place) answered without a token",
      hint: "look at the settings: git config --get-regexp '^lockstep.mediaservices'")
  }

  /// A token with its end: what was said with it, else what it says itself where it is a JWT.
  private static func token(_ secret: ServiceSecret, lifeSeconds: Double?, now: Double) -> Token {
    let expires = lifeSeconds.map { now + $0 } ?? expiry(of: secret.reveal())
    // Five minutes before its end, or after nine tenths of a short life.
    return Token(
      secret: secret, expires: expires, renewal: expires.map { $0 - min(300, max(0, $0 - now) / 10) })
  }

  /// The `exp` of a JWT (RFC 7519 §4.1.4), unverified: it only says when to get another one.
  static func expiry(of jwt: String) -> Double? {
    let parts = jwt.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 3 else { return nil }
    var text = parts[1].map { $0 == "-" ? "+" : $0 == "_" ? "/" : $0 }
    while text.count % 4 != 0 { text.append("=") }
    guard let bytes = Base64.decode(String(text)), let claims = try? JSONValue.parse(bytes) else {
      return nil
    }
    switch claims["exp"] {
    case .number(.int64(let seconds)): return Double(seconds)
    case .number(.double(let seconds)): return seconds
    default: return nil
    }
  }
}

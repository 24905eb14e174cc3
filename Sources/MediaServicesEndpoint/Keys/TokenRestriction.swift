import CanonicalJSON
import JWTKit
import LiveAccount
import MediaResources

/// What a content key policy demands of a token (source: `ContentKeyPolicyTokenRestriction`).
struct TokenRestriction: Sendable {
  private let document: JSONValue

  /// How far clocks may be apart, in seconds.
  static let skewSeconds = 60.0
  /// The claim that must name the content key, where its wanted value is null.
  static let contentKeyClaim = "urn:microsoft:azure:mediaservices:contentkeyidentifier"

  init(_ document: JSONValue) { self.document = document }

  /// Checks that a token lets its bearer have a content key.
  /// - Parameter now: seconds since 1970.
  func check(_ token: String?, keyID: String, now: Int64) async throws(TokenRefusal) {
    guard document["restrictionTokenType"]?.stringValue == "Jwt" else {
      throw TokenRefusal(
        .policy,
        "the policy asks for tokens of type \(document["restrictionTokenType"]?.stringValue ?? "?");"
          + " this key server verifies Jwt")
    }
    if let url = document["openIdConnectDiscoveryDocument"]?.stringValue, !url.isEmpty {
      throw TokenRefusal(
        .policy,
        "the policy finds its keys through an OpenID Connect discovery document, which this key server never"
          + " fetches; name the key in the policy itself")
    }
    guard let token else {
      throw TokenRefusal(.missing, "a token is needed: send it as Authorization: Bearer, or as ?token=")
    }
    let claims = try await verified(token)
    try checkTimes(claims, now: Double(now))
    guard let issuer = document["issuer"]?.stringValue, claims["iss"]?.stringValue == issuer else {
      throw TokenRefusal(.claims, "the token is not from the issuer that the policy names")
    }
    guard let audience = document["audience"]?.stringValue, Self.texts(claims["aud"]).contains(audience)
    else {
      throw TokenRefusal(.claims, "the token is not for the audience that the policy names")
    }
    for claim in document["requiredClaims"]?.arrayValue ?? [] { try check(claim, in: claims, keyID: keyID) }
  }

  // MARK: Signature

  /// The claims of a token that one of the policy's keys signed.
  private func verified(_ token: String) async throws(TokenRefusal) -> JSONValue {
    let parts = token.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 3, token.utf8.count <= 16 << 10, let header = Self.json(parts[0]),
      let claims = Self.json(parts[1]), claims.objectValue != nil, let algorithm = header["alg"]?.stringValue
    else { throw TokenRefusal(.token, "the token is no JWT") }
    guard header["crit"] == nil else {
      throw TokenRefusal(.token, "the token demands an extension (crit) that this key server does not know")
    }
    let keys = try self.keys()
    var fits = false
    for key in keys {
      guard let verifier = await key.verifier(algorithm) else { continue }
      fits = true
      if (try? await verifier.verify(token, as: SignedClaims.self)) != nil { return claims }
    }
    throw TokenRefusal(
      .token,
      fits
        ? "none of the policy's keys signed the token"
        : "the token's algorithm is none for the policy's keys, which take HS256, HS384, HS512 (symmetric) or RS256,"
          + " RS384, RS512 (RSA, X.509)")
  }

  private func keys() throws(TokenRefusal) -> [TokenKey] {
    var keys: [TokenKey] = []
    let all: [JSONValue?] =
      [document["primaryVerificationKey"]] + (document["alternateVerificationKeys"]?.arrayValue ?? [])
    var problem = TokenRefusal(.policy, "the policy names no key that verifies tokens")
    // A key that cannot be used keeps no other one back.
    for case .some(let key) in all where key != .null {
      do throws(TokenRefusal) { keys.append(try TokenKey(key)) } catch { problem = error }
    }
    guard !keys.isEmpty else { throw problem }
    return keys
  }

  /// A part of a token as JSON; a member that stands there twice makes it none.
  private static func json(_ part: Substring) -> JSONValue? {
    let plain = String(part).replacing("-", with: "+").replacing("_", with: "/")
    let padded = plain + String(repeating: "=", count: (4 - plain.utf8.count % 4) % 4)
    return Base64.decode(padded).flatMap { try? JSONValue.parse($0) }
  }

  // MARK: Claims

  private func checkTimes(_ claims: JSONValue, now: Double) throws(TokenRefusal) {
    func time(_ name: String) throws(TokenRefusal) -> Double? {
      switch claims[name] {
      case nil, .null: return nil
      case .number(.int64(let seconds)): return Double(seconds)
      case .number(.double(let seconds)): return seconds
      default: throw TokenRefusal(.token, "the token's \(name) is no time")
      }
    }
    if let end = try time("exp"), now >= end + Self.skewSeconds {
      throw TokenRefusal(.token, "the token has expired")
    }
    if let start = try time("nbf"), now < start - Self.skewSeconds {
      throw TokenRefusal(.token, "the token does not hold yet")
    }
  }

  private func check(_ claim: JSONValue, in claims: JSONValue, keyID: String) throws(TokenRefusal) {
    guard let type = claim["claimType"]?.stringValue else {
      throw TokenRefusal(.policy, "the policy requires a claim without a claimType")
    }
    let found = Self.texts(claims[type])
    let isRight: Bool
    if let value = claim["claimValue"]?.stringValue {
      isRight = found.contains(value)
    } else if type == Self.contentKeyClaim {
      isRight = found.contains { $0.lowercased() == keyID.lowercased() }
    } else {
      isRight = !found.isEmpty
    }
    guard isRight else {
      throw TokenRefusal(
        .claims, "the token's claim '\(type)' is missing, or is not what the policy requires")
    }
  }

  /// A claim's value, or its values, as text.
  private static func texts(_ claim: JSONValue?) -> [String] {
    switch claim {
    case .string(let text): [text]
    case .array(let values): values.flatMap { texts($0) }
    case .number, .bool: claim.map { [String(decoding: $0.compactBytes(), as: UTF8.self)] } ?? []
    default: []
    }
  }
}

/// Claims whose signature was verified; which they are is read from the token's own bytes.
private struct SignedClaims: JWTPayload {
  func verify(using algorithm: some JWTAlgorithm) async throws {}
}

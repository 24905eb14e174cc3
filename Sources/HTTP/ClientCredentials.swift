import CanonicalJSON

/// The exchange of a client's secret for a token: OAuth 2.0 client credentials (RFC 6749 §4.4), as Microsoft Entra has it.
///
/// Says what to send and what an answer holds; whoever needs the token sends it, with its own patience.
package struct ClientCredentials: Sendable {
  private let authority: String
  private let tenant: String
  private let client: String
  private let scope: String

  /// Where Microsoft's clouds exchange secrets.
  package static let usualAuthority = "https://login.microsoftonline.com"

  /// - Parameters:
  ///   - authority: a base URL, with or without a slash at its end.
  ///   - tenant: the directory of the client.
  ///   - client: the client's id.
  ///   - scope: what the token is to open.
  package init(authority: String, tenant: String, client: String, scope: String) {
    self.authority = authority.hasSuffix("/") ? String(authority.dropLast()) : authority
    self.tenant = tenant
    self.client = client
    self.scope = scope
  }

  /// Where the secret goes.
  package var url: String { "\(authority)/\(PercentEncoding.encode(tenant))/oauth2/v2.0/token" }

  /// What kind of body is sent.
  package static let contentType = "application/x-www-form-urlencoded"

  /// What is sent there.
  package func form(secret: String) -> [UInt8] {
    let members = [
      ("grant_type", "client_credentials"), ("client_id", client), ("client_secret", secret),
      ("scope", scope),
    ]
    return Array(members.map { "\($0)=\(PercentEncoding.encode($1))" }.joined(separator: "&").utf8)
  }

  /// What an answer grants: the token, and for how many seconds where it says so; nil for one that grants none.
  package static func grant(in body: [UInt8]) -> (token: String, lifeSeconds: Double?)? {
    guard let document = try? JSONValue.parse(body), let token = document["access_token"]?.stringValue,
      !token.isEmpty
    else { return nil }
    // Entra's older versions wrote the number as a text.
    let life = document["expires_in"]?.int64Value ?? document["expires_in"]?.stringValue.flatMap(Int64.init)
    return (token, life.map(Double.init))
  }
}

import CanonicalJSON
import HTTP

/// The token that opens Traffic Manager: of the environment, or got for a client's secret and kept until it ends.
actor TrafficManagerTokens {
  private let settings: TrafficManagerSettings
  private let environment: @Sendable (String) -> String?
  private var kept: String?

  init(settings: TrafficManagerSettings, environment: @escaping @Sendable (String) -> String?) {
    self.settings = settings
    self.environment = environment
  }

  /// Lets go of a token that the service did not take.
  func forget() { kept = nil }

  /// The token.
  /// - Throws: `TrafficError` naming where it was looked for; never with what stood there.
  func current(by transport: any HTTPTransport) async throws(TrafficError) -> String {
    if let kept { return kept }
    let token: String
    switch settings.authentication {
    case .token(let variable):
      guard let text = environment(variable) else {
        throw TrafficError(
          .badConfiguration, "the variable \(variable) with the token for Traffic Manager is not set",
          hint: "export it, or let a client's secret be exchanged: git \(settings.option) config"
            + " \(TrafficManagerSettings.section)clientSecretFile FILE")
      }
      token = text
    case .client(let tenant, let id, let file):
      token = try await exchange(secret: try secret(in: file), of: id, tenant: tenant, by: transport)
    }
    kept = token
    return token
  }

  private func secret(in file: String) throws(TrafficError) -> String {
    do { return try OwnersFile.read(file) } catch {
      throw TrafficError(.badConfiguration, error.message, hint: error.hint)
    }
  }

  private func exchange(
    secret: String, of id: String, tenant: String, by transport: any HTTPTransport
  ) async throws(TrafficError) -> String {
    let credentials = ClientCredentials(
      authority: settings.authority, tenant: tenant, client: id, scope: settings.endpoint + "/.default")
    var request = HTTPRequest("POST", credentials.url)
    request.headers.append(HTTPHeader("Content-Type", ClientCredentials.contentType))
    request.body = credentials.form(secret: secret)
    let answer: HTTPResponse
    do throws(HTTPFailure) { answer = try await transport.send(request) } catch {
      throw TrafficError(
        .unreachable, "\(settings.authority) gives no token: \(error.reason)", hint: error.hint)
    }
    let status = answer.status
    guard status == 200, let grant = ClientCredentials.grant(in: answer.body) else {
      let reason = (try? JSONValue.parse(answer.body))?["error"]?.stringValue.map { " (\($0))" } ?? ""
      throw TrafficError(
        .unusable, "\(settings.authority) gives client \(id) no token: it answers \(status)\(reason)",
        hint: "look at \(TrafficManagerSettings.section)tenant, clientId and the secret in its file")
    }
    return grant.token
  }
}

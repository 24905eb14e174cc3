import CanonicalJSON
import HTTP

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Reads and writes profiles over Azure's REST API.
///
/// A request that was lost or turned away for a while is sent again, five times at most; each of them may be made twice.
struct TrafficManagerClient: Sendable {
  static let apiVersion = "2022-04-01"
  private static let tries = 5

  let settings: TrafficManagerSettings
  let transport: any HTTPTransport
  let environment: @Sendable (String) -> String?
  /// Waits some seconds.
  let sleep: @Sendable (Double) async throws -> Void
  private let tokens: TrafficManagerTokens
  private let notices: RetryNotices

  init(
    settings: TrafficManagerSettings, transport: any HTTPTransport,
    environment: @escaping @Sendable (String) -> String?,
    sleep: @escaping @Sendable (Double) async throws -> Void, notices: RetryNotices
  ) {
    self.settings = settings
    self.transport = transport
    self.environment = environment
    self.sleep = sleep
    self.notices = notices
    tokens = TrafficManagerTokens(settings: settings, environment: environment)
  }

  /// A profile, or nil where there is none.
  func profile(_ name: String) async throws(TrafficError) -> TrafficManagerProfile? {
    let (status, body) = try await send("GET", profile: name, body: nil)
    if status == 404 { return nil }
    return TrafficManagerProfile(document: try document(body, of: name))
  }

  /// Makes a profile, or replaces it.
  func put(_ profile: TrafficManagerProfile, as name: String) async throws(TrafficError) {
    let (_, body) = try await send(
      "PUT", profile: name, body: JSONValue.object(profile.request).compactBytes())
    _ = try document(body, of: name)
  }

  /// The address of a profile.
  func url(_ name: String) -> String {
    let parts = [
      "subscriptions", settings.subscription, "resourceGroups", settings.resourceGroup, "providers",
      "Microsoft.Network", "trafficmanagerprofiles", name,
    ]
    return
      "\(settings.endpoint)/\(parts.map { PercentEncoding.encode($0) }.joined(separator: "/"))?api-version=\(Self.apiVersion)"
  }

  private func document(_ body: [UInt8], of name: String) throws(TrafficError) -> JSONObject {
    guard let object = (try? JSONValue.parse(body))?.objectValue,
      object["properties"]?.objectValue != nil
    else {
      throw TrafficError(.unusable, "Traffic Manager answers for profile \(name) with what is no profile")
    }
    return object
  }

  private func send(
    _ method: String, profile name: String, body: [UInt8]?
  ) async throws(TrafficError) -> (Int, [UInt8]) {
    var hasNewToken = false
    var failed = 0
    let began = ContinuousClock.now
    while true {
      var request = HTTPRequest(method, url(name))
      request.headers.append(HTTPHeader("Accept", "application/json"))
      if let body {
        request.body = body
        request.headers.append(HTTPHeader("Content-Type", "application/json"))
      }
      let token = try await tokens.current(by: transport)
      request.headers.append(HTTPHeader("Authorization", "Bearer \(token)"))
      var wait = Self.pause(failed)
      var isAskedFor = false
      let outcome: Result<HTTPResponse, HTTPFailure>
      do throws(HTTPFailure) { outcome = .success(try await transport.send(request)) } catch {
        outcome = .failure(error)
      }
      let failure: TrafficError
      switch outcome {
      case .success(let response):
        let (status, data) = (response.status, response.body)
        if (200..<300).contains(status) || (status == 404 && method == "GET") { return (status, data) }
        if status == 401, !hasNewToken {
          hasNewToken = true
          await tokens.forget()
          continue
        }
        failure = refusal(status, data, method: method, profile: name)
        guard status == 408 || status == 429 || status >= 500 else { throw failure }
        if let after = response.header("Retry-After").flatMap(Double.init) {
          wait = after
          isAskedFor = true
        }
      case .failure(let error):
        failure = TrafficError(
          .unreachable,
          "Traffic Manager at \(settings.endpoint) does not answer for profile \(name): \(error.reason)",
          hint: error.hint)
      }
      failed += 1
      guard failed < Self.tries, wait <= 60 else { throw failure }
      let now = Double(time(nil))
      let later = (failed..<Self.tries).dropLast().reduce(0) { $0 + Self.pause($1) }
      notices.trying(
        vainSeconds: (ContinuousClock.now - began) / .seconds(1) + wait,
        until: now + wait + (isAskedFor ? 0 : later), isAskedFor: isAskedFor, because: failure.message,
        now: now)
      do { try await sleep(wait) } catch { throw failure }
    }
  }

  /// How long a try is waited for after some that failed, in seconds.
  private static func pause(_ failed: Int) -> Double { 0.5 * Double(1 << failed) }

  /// What the service says of itself: `{"error": {"code": …, "message": …}}`.
  private func refusal(_ status: Int, _ body: [UInt8], method: String, profile: String) -> TrafficError {
    let error = (try? JSONValue.parse(body))?["error"]
    let said = [error?["code"]?.stringValue, error?["message"]?.stringValue].compactMap(\.self)
      .joined(separator: ": ").prefix(400)
    let hint: String? =
      switch status {
      case 401: "look at \(TrafficManagerSettings.section)*: the token is not accepted"
      case 403: "the client needs the role 'Traffic Manager Contributor' in the resource group"
      case 404:
        "make the profiles: lockstep traffic apply --provider \(TrafficManagerProvider.name) \(settings.option)"
      default: nil
      }
    return TrafficError(
      status == 429 || status >= 500 ? .unreachable : .unusable,
      "Traffic Manager answers \(method) of profile \(profile) with \(status)\(said.isEmpty ? "" : " (\(said))")",
      hint: hint)
  }
}

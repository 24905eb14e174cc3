import Foundation

#if canImport(FoundationNetworking)
  import FoundationNetworking
#endif

/// One try of one request.
struct Attempt: Sendable {
  let transport: any Transport
  let clock: ServiceClock

  /// What came.
  enum Outcome: Sendable {
    case answer(Answer)
    case notSent(String)
    case lost(String)
  }

  /// An answer as it came.
  struct Answer: Sendable {
    let status: Int
    /// Names in lower case.
    let headers: [String: String]
    let body: [UInt8]
  }

  func make(_ request: ServiceRequest, token: ServiceSecret?, header: String?) async -> Outcome {
    guard let url = URL(string: request.url, encodingInvalidCharacters: false) ?? URL(string: request.url)
    else {
      return .notSent("\(request.url) is no address")
    }
    var message = URLRequest(url: url)
    message.httpMethod = request.method.rawValue
    message.setValue("application/json", forHTTPHeaderField: "Accept")
    message.setValue("lockstep", forHTTPHeaderField: "User-Agent")
    if request.method == .put || request.method == .post {
      message.httpBody = Data(request.body ?? [])
      message.setValue(request.contentType, forHTTPHeaderField: "Content-Type")
      message.setValue(String(request.body?.count ?? 0), forHTTPHeaderField: "Content-Length")
    }
    if let token {
      message.setValue(
        header == nil ? "Bearer \(token.reveal())" : token.reveal(),
        forHTTPHeaderField: header ?? "Authorization")
    }
    do { return .answer(try await answer(to: message)) } catch let error as NotSent {
      return .notSent(error.reason)
    } catch is TimedOut {
      return .lost("no answer came in \(Int(RESTLimits.attemptSeconds)) seconds")
    } catch {
      return .lost((error as? URLError)?.localizedDescription ?? "\(type(of: error))")
    }
  }

  private struct TimedOut: Error {}

  private func answer(to message: URLRequest) async throws -> Answer {
    try await withThrowingTaskGroup(of: Answer?.self) { group in
      group.addTask { [transport] in
        let (data, response) = try await transport.send(message)
        var headers: [String: String] = [:]
        for (name, value) in response.allHeaderFields {
          if let name = name as? String, let value = value as? String { headers[name.lowercased()] = value }
        }
        return Answer(status: response.statusCode, headers: headers, body: [UInt8](data))
      }
      group.addTask { [clock] in
        try await clock.sleep(RESTLimits.attemptSeconds)
        return nil
      }
      defer { group.cancelAll() }
      guard let first = try await group.next(), let answer = first else { throw TimedOut() }
      return answer
    }
  }
}

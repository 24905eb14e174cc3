import HTTP

/// One try of one request.
struct Attempt: Sendable {
  let transport: any HTTPTransport
  let clock: ServiceClock

  /// What came.
  enum Outcome: Sendable {
    case answer(HTTPResponse)
    case notSent(HTTPFailure)
    case lost(String)
    /// Nothing can be sent by this machine.
    case noProgram(HTTPFailure)
  }

  func make(_ request: ServiceRequest, token: ServiceSecret?, header: String?) async -> Outcome {
    var message = HTTPRequest(request.method.rawValue, request.url)
    message.headers = [HTTPHeader("Accept", "application/json"), HTTPHeader("User-Agent", "lockstep")]
    if [.put, .patch, .post].contains(request.method) {
      message.body = request.body ?? []
      message.headers.append(HTTPHeader("Content-Type", request.contentType))
    }
    if let token {
      message.headers.append(
        HTTPHeader(
          header ?? "Authorization", header == nil ? "Bearer \(token.reveal())" : token.reveal()))
    }
    return await outcome(of: message)
  }

  private func outcome(of message: HTTPRequest) async -> Outcome {
    await withTaskGroup(of: Outcome.self) { group in
      group.addTask { [transport] in
        do throws(HTTPFailure) { return .answer(try await transport.send(message)) } catch {
          switch error.code {
          case .notSent: return .notSent(error)
          case .lost: return .lost(error.reason)
          case .noProgram: return .noProgram(error)
          }
        }
      }
      group.addTask { [clock] in
        // A wait that is cut short has lost the race, and nobody looks at it.
        try? await clock.sleep(RESTLimits.attemptSeconds)
        return .lost("no answer came in \(Int(RESTLimits.attemptSeconds)) seconds")
      }
      defer { group.cancelAll() }
      return await group.next() ?? .lost("no answer came")
    }
  }
}

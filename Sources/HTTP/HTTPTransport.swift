/// What carries requests to servers and brings answers back.
package protocol HTTPTransport: Sendable {
  /// Sends one request, and follows no redirect; ends early where the task is cancelled.
  /// - Throws: `HTTPFailure` where no answer arrived whole.
  func send(_ request: HTTPRequest) async throws(HTTPFailure) -> HTTPResponse
}

/// Why no answer arrived.
package struct HTTPFailure: Error, Sendable, Equatable {
  /// What is known of the request.
  package enum Code: String, Sendable {
    /// It never reached the server: it has no effect.
    case notSent
    /// Nobody knows whether it took effect: the answer was cut off, or never came.
    case lost
    /// Nothing could be sent by this machine.
    case noProgram
  }

  /// What is known of the request.
  package let code: Code
  /// The reason in words; never what was sent.
  package let reason: String
  /// The command that mends it.
  package let hint: String?

  package init(_ code: Code, _ reason: String, hint: String? = nil) {
    self.code = code
    self.reason = reason
    self.hint = hint
  }
}

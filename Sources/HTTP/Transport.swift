package import Foundation

#if canImport(FoundationNetworking)
  package import FoundationNetworking
#endif

/// What carries requests to a service and brings answers back.
package protocol Transport: Sendable {
  /// Sends one request, and follows no redirect.
  /// - Throws: whatever kept an answer from arriving whole; whether the request took effect is not known then, unless it
  ///   is `NotSent`.
  func send(_ request: URLRequest) async throws -> (Data, HTTPURLResponse)
}

/// A request that never reached the service: no connection could be made.
package struct NotSent: Error {
  /// The system's reason.
  package let reason: String

  package init(reason: String) { self.reason = reason }
}

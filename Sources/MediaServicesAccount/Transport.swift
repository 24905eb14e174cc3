package import Foundation

#if canImport(FoundationNetworking)
  package import FoundationNetworking
#endif

/// What carries requests to a service and brings answers back.
package protocol Transport: Sendable {
  /// Sends one request.
  /// - Throws: whatever kept an answer from arriving; whether the request took effect is not known then.
  func send(_ request: URLRequest) async throws -> (Data, HTTPURLResponse)
}

/// Gets what stands at addresses, as a player does.
package struct Fetcher: Sendable {
  /// What came.
  package struct Answer: Sendable {
    /// The status.
    package let status: Int
    /// The body, whole.
    package let body: [UInt8]
    /// Where else it is, for a redirect.
    package let location: String?
  }

  /// Why nothing came.
  package struct Problem: Error {
    /// The system's reason.
    package let reason: String
  }

  private let transport: any HTTPTransport

  package init(transport: any HTTPTransport) { self.transport = transport }

  /// Gets an address, and follows no redirect.
  /// - Parameters:
  ///   - range: which bytes of it; all of them where this is nil.
  ///   - bearer: a token for it.
  package func get(
    _ address: String, range: Range<Int64>? = nil, bearer: String? = nil
  ) async throws(Problem) -> Answer {
    var request = HTTPRequest("GET", address)
    // What is compared byte by byte must not come compressed.
    request.headers = [HTTPHeader("User-Agent", "lockstep"), HTTPHeader("Accept-Encoding", "identity")]
    if let range {
      request.headers.append(HTTPHeader("Range", "bytes=\(range.lowerBound)-\(range.upperBound - 1)"))
    }
    if let bearer { request.headers.append(HTTPHeader("Authorization", "Bearer \(bearer)")) }
    do throws(HTTPFailure) {
      let answer = try await transport.send(request)
      return Answer(status: answer.status, body: answer.body, location: answer.header("Location"))
    } catch {
      throw Problem(reason: error.reason)
    }
  }
}

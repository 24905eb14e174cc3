import Foundation

#if canImport(FoundationNetworking)
  import FoundationNetworking
#endif

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

  private let transport: any Transport

  package init(transport: any Transport) { self.transport = transport }

  /// Gets an address, and follows no redirect.
  /// - Parameters:
  ///   - range: which bytes of it; all of them where this is nil.
  ///   - bearer: a token for it.
  package func get(
    _ address: String, range: Range<Int64>? = nil, bearer: String? = nil
  ) async throws(Problem) -> Answer {
    guard let url = URL(string: address) else { throw Problem(reason: "\(address) is no URL") }
    var request = URLRequest(url: url)
    request.setValue("lockstep", forHTTPHeaderField: "User-Agent")
    // What is compared byte by byte must not come compressed.
    request.setValue("identity", forHTTPHeaderField: "Accept-Encoding")
    if let range {
      request.setValue("bytes=\(range.lowerBound)-\(range.upperBound - 1)", forHTTPHeaderField: "Range")
    }
    if let bearer { request.setValue("Bearer \(bearer)", forHTTPHeaderField: "Authorization") }
    do {
      let (data, response) = try await transport.send(request)
      return Answer(
        status: response.statusCode, body: [UInt8](data),
        location: response.value(forHTTPHeaderField: "Location"))
    } catch {
      throw Problem(
        reason: (error as? NotSent)?.reason ?? (error as? URLError)?.localizedDescription ?? "\(error)")
    }
  }
}

/// Addresses of the web.
package enum WebAddress {
  /// What a URI means in a document that stands at an address (RFC 3986, 5).
  package static func resolve(_ uri: String, against base: String) -> String? {
    guard let base = URL(string: base), let url = URL(string: uri, relativeTo: base) else { return nil }
    return url.absoluteURL.standardized.absoluteString
  }

  /// The host, and the path with its query; nil for what is no address of a server.
  package static func parts(_ address: String) -> (host: String, path: String)? {
    guard let scheme = address.firstRange(of: "://") else { return nil }
    let rest = address[scheme.upperBound...]
    let authority = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
    let path = rest.dropFirst(authority.count).prefix { $0 != "#" }
    return (authority.lowercased(), path.hasPrefix("/") ? String(path) : "/\(path)")
  }
}

import AsyncHTTPClient
import HTTP
import NIOCore
import NIOPosix
import NIOSSL

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

extension HTTPFailure {
  /// What the failure of a request says of it: whether it can have reached the server.
  init(unansweredBy error: any Error) {
    switch error {
    case let error as NIOConnectionError: self.init(.notSent, Self.words(error))
    case let error as HTTPClientError:
      self.init(Self.neverSent.contains(error) ? .notSent : .lost, error.shortDescription)
    case NIOSSLError.handshakeFailed, is NIOSSLExtraError: self.init(.notSent, "\(error)")
    case let error as IOError:
      // Only a connection that comes about can break.
      let isRefused = [ECONNREFUSED, EHOSTUNREACH, ENETUNREACH].contains(error.errnoCode)
      self.init(isRefused ? .notSent : .lost, Self.words(error))
    default: self.init(.lost, "\(error)")
    }
  }

  /// Failures before anything was sent.
  private static let neverSent: [HTTPClientError] = [
    .invalidURL, .emptyHost, .emptyScheme, .connectTimeout, .tlsHandshakeTimeout,
    .getConnectionFromPoolTimeout,
  ]

  private static func words(_ error: NIOConnectionError) -> String {
    if let first = error.connectionErrors.first {
      return (first.error as? IOError).map(words) ?? "\(first.error)"
    }
    return "no address is known of \(error.host)"
  }

  private static func words(_ error: IOError) -> String { String(cString: strerror(error.errnoCode)) }
}

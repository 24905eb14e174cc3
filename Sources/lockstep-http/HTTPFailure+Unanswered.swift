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
  /// - Parameter proxy: the proxy that it went through, which may be to blame.
  init(unansweredBy error: any Error, through proxy: HTTPProxy?) {
    guard let proxy else {
      self.init(unansweredBy: error)
      return
    }
    let failure = (error as? HTTPClientError).flatMap { Self.refusal($0, by: proxy) }
    let plain = failure ?? HTTPFailure(unansweredBy: error)
    self.init(
      plain.code, failure == nil ? "\(plain.reason), through the proxy \(proxy.name)" : plain.reason,
      hint: plain.code == .lost ? nil : Self.hint(proxy))
  }

  /// What a proxy answers in the place of the server: nothing was sent on.
  private static func refusal(_ error: HTTPClientError, by proxy: HTTPProxy) -> HTTPFailure? {
    switch error {
    case .proxyAuthenticationRequired:
      let reason =
        proxy.credentials == nil
        ? "wants to know who asks (407)" : "does not take the user and password that were given (407)"
      // It will not know better the next time.
      return HTTPFailure(.noProgram, "the proxy \(proxy.name) \(reason)")
    case .invalidProxyResponse:
      // Some say 401 in the place of 407.
      let doubt = proxy.credentials == nil ? "" : ", or does not take the user and password"
      return HTTPFailure(.notSent, "the proxy \(proxy.name) does not connect to the host\(doubt)")
    case .httpProxyHandshakeTimeout, .socksHandshakeTimeout:
      return HTTPFailure(.notSent, "the proxy \(proxy.name) does not answer")
    default: return nil
    }
  }

  private static func hint(_ proxy: HTTPProxy) -> String {
    "look at the proxy: \(proxy.variable)=http://USER:PASSWORD@HOST:PORT; hosts to be reached without it: NO_PROXY"
  }

  private init(unansweredBy error: any Error) {
    switch error {
    case is NIOSSLExtraError, NIOSSLError.unableToValidateCertificate,
      NIOSSLError.handshakeFailed where "\(error)".contains("CERTIFICATE_VERIFY_FAILED"):
      // It will be no other the next time.
      self.init(
        .noProgram, "this machine does not trust the server's certificate",
        hint: "look at the address, and let this machine trust whoever issued the certificate")
    case let error as NIOConnectionError: self.init(.notSent, Self.words(error))
    case let error as HTTPClientError:
      self.init(Self.neverSent.contains(error) ? .notSent : .lost, error.shortDescription)
    case NIOSSLError.handshakeFailed where "\(error)".contains("WRONG_VERSION_NUMBER"),
      NIOSSLError.handshakeFailed where "\(error)".contains("HTTP_REQUEST"):
      // It will speak nothing else the next time.
      self.init(
        .noProgram, "the server does not speak TLS there: it may be one for plain http://",
        hint: "look at the address: https:// or http://, and the port")
    case NIOSSLError.handshakeFailed:
      self.init(.notSent, "the TLS handshake failed (\(Self.words(ofHandshake: "\(error)")))")
    case let error as IOError:
      // Only a connection that comes about can break.
      let isRefused = [ECONNREFUSED, EHOSTUNREACH, ENETUNREACH].contains(error.errnoCode)
      self.init(isRefused ? .notSent : .lost, Self.words(error))
    default: self.init(.lost, "\(error)")
    }
  }

  /// What the library says of a handshake, without the places in its own source.
  private static func words(ofHandshake text: String) -> String {
    let mark = "OPENSSL_internal:"
    guard let start = text.firstRange(of: mark)?.upperBound else { return "it gave no reason" }
    return String(text[start...].prefix { $0.isLetter || $0.isNumber || $0 == "_" })
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

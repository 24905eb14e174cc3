import Foundation
import HTTP
import Synchronization

#if canImport(FoundationNetworking)
  import FoundationNetworking
#endif

/// The requests that are under way, and what has come of each.
///
/// Redirects are not followed: one could carry a token to another host.
final class Exchanges: NSObject, URLSessionDataDelegate {
  private let answer: @Sendable (HTTPReply) -> Void
  private let exchanges = Mutex<[Int: Exchange]>([:])

  private struct Exchange {
    let number: UInt32
    let limit: Int
    let task: URLSessionTask
    var response: HTTPURLResponse?
    var body: [UInt8] = []
    var isTooLong = false
  }

  init(answer: @escaping @Sendable (HTTPReply) -> Void) { self.answer = answer }

  /// Follows a request from before it is sent.
  /// - Parameter limit: the longest body, in bytes.
  func add(_ task: URLSessionTask, number: UInt32, limit: Int) {
    exchanges.withLock {
      $0[task.taskIdentifier] = Exchange(number: number, limit: limit, task: task)
    }
  }

  /// Forgets a request, which gets no answer then.
  func remove(_ number: UInt32) -> URLSessionTask? {
    exchanges.withLock { exchanges in
      guard let (identifier, exchange) = exchanges.first(where: { $0.value.number == number }) else {
        return nil
      }
      exchanges[identifier] = nil
      return exchange.task
    }
  }

  /// Gives a redirect back as the answer.
  func urlSession(
    _ session: URLSession, task: URLSessionTask, willPerformHTTPRedirection response: HTTPURLResponse,
    newRequest request: URLRequest, completionHandler: @escaping @Sendable (URLRequest?) -> Void
  ) {
    completionHandler(nil)
  }

  func urlSession(
    _ session: URLSession, dataTask: URLSessionDataTask, didReceive response: URLResponse,
    completionHandler: @escaping @Sendable (URLSession.ResponseDisposition) -> Void
  ) {
    exchanges.withLock { $0[dataTask.taskIdentifier]?.response = response as? HTTPURLResponse }
    completionHandler(.allow)
  }

  func urlSession(_ session: URLSession, dataTask: URLSessionDataTask, didReceive data: Data) {
    let isTooLong = exchanges.withLock { exchanges -> Bool in
      guard var exchange = exchanges.removeValue(forKey: dataTask.taskIdentifier) else { return false }
      exchange.isTooLong = data.count > exchange.limit - exchange.body.count
      if !exchange.isTooLong { exchange.body += data }
      let isTooLong = exchange.isTooLong
      exchanges[dataTask.taskIdentifier] = exchange
      return isTooLong
    }
    if isTooLong { dataTask.cancel() }
  }

  func urlSession(_ session: URLSession, task: URLSessionTask, didCompleteWithError error: (any Error)?) {
    guard let exchange = exchanges.withLock({ $0.removeValue(forKey: task.taskIdentifier) }) else { return }
    answer(HTTPReply(exchange.number, outcome(of: exchange, task, error)))
  }

  private func outcome(
    of exchange: Exchange, _ task: URLSessionTask, _ error: (any Error)?
  ) -> Result<HTTPResponse, HTTPFailure> {
    if exchange.isTooLong {
      return .failure(HTTPFailure(.lost, "the answer is longer than \(exchange.limit) bytes"))
    }
    if let error { return .failure(Self.failure(error)) }
    guard let response = exchange.response ?? task.response as? HTTPURLResponse else {
      return .failure(HTTPFailure(.lost, "what came is no answer"))
    }
    let headers = response.allHeaderFields.compactMap { name, value in
      (name as? String).map { HTTPHeader($0, "\(value)") }
    }
    return .success(HTTPResponse(status: response.statusCode, headers: headers, body: exchange.body))
  }

  /// What the system's error says of the request.
  private static func failure(_ error: any Error) -> HTTPFailure {
    guard let error = error as? URLError else { return HTTPFailure(.lost, "\(error)") }
    switch error.code {
    case .cannotConnectToHost, .cannotFindHost, .dnsLookupFailed, .secureConnectionFailed,
      .serverCertificateUntrusted, .serverCertificateHasBadDate, .serverCertificateHasUnknownRoot,
      .serverCertificateNotYetValid, .unsupportedURL, .badURL:
      return HTTPFailure(.notSent, error.localizedDescription)
    default: return HTTPFailure(.lost, error.localizedDescription)
    }
  }
}

import Foundation
import HTTP

#if canImport(FoundationNetworking)
  import FoundationNetworking
#endif

/// Carries requests by Foundation's URLSession, over connections that are kept open and used again.
final class Carrier: Sendable {
  private let answer: @Sendable (HTTPReply) -> Void
  private let exchanges: Exchanges
  private let session: URLSession

  /// - Parameters:
  ///   - connections: how many connections to one host may be open at once.
  ///   - stallSeconds: how long nothing may arrive.
  ///   - answer: called once for every request that was not cancelled.
  init(connections: Int, stallSeconds: Double, answer: @escaping @Sendable (HTTPReply) -> Void) {
    self.answer = answer
    exchanges = Exchanges(answer: answer)
    let configuration = URLSessionConfiguration.ephemeral
    configuration.httpMaximumConnectionsPerHost = connections
    configuration.timeoutIntervalForRequest = stallSeconds
    configuration.httpShouldSetCookies = false
    configuration.httpCookieAcceptPolicy = .never
    configuration.urlCache = nil
    configuration.requestCachePolicy = .reloadIgnoringLocalCacheData
    let queue = OperationQueue()
    queue.maxConcurrentOperationCount = 1
    session = URLSession(configuration: configuration, delegate: exchanges, delegateQueue: queue)
  }

  /// Sends a request under a number.
  func send(_ number: UInt32, _ request: HTTPRequest) {
    guard let url = URL(string: request.url, encodingInvalidCharacters: false), url.host != nil,
      ["http", "https"].contains(url.scheme?.lowercased())
    else {
      return answer(
        HTTPReply(number, .failure(HTTPFailure(.notSent, "\(request.url) is no address of a server"))))
    }
    var message = URLRequest(url: url)
    message.httpMethod = request.method
    for header in request.headers { message.addValue(header.value, forHTTPHeaderField: header.name) }
    message.httpBody = request.body.map { Data($0) }
    let task = session.dataTask(with: message)
    exchanges.add(task, number: number, limit: request.answerLimit)
    task.resume()
  }

  /// Gives up what nobody waits for.
  func cancel(_ number: UInt32) { exchanges.remove(number)?.cancel() }
}

import AsyncHTTPClient
import HTTP
import NIOCore
import NIOHTTP1
import Synchronization

/// Carries requests over connections that are kept open and used again; follows no redirect, which could carry a token to
/// another host, and sends nothing twice.
final class Carrier: Sendable {
  private let client: HTTPClient
  private let answer: @Sendable (HTTPReply) -> Void
  /// What is under way, by the number that it was given.
  private let tasks = Mutex<[UInt32: Task<Void, Never>]>([:])

  /// How long a connection may take to come about, in seconds.
  private static let connectSeconds: Int64 = 15

  /// - Parameters:
  ///   - connections: how many connections to one host may be open at once.
  ///   - stallSeconds: how long nothing may arrive.
  ///   - answer: called once for every request that was not cancelled.
  init(connections: Int, stallSeconds: Double, answer: @escaping @Sendable (HTTPReply) -> Void) {
    self.answer = answer
    var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow)
    configuration.httpVersion = .http1Only
    configuration.timeout.connect = .seconds(Self.connectSeconds)
    configuration.timeout.read = .milliseconds(Int64(stallSeconds * 1_000))
    configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = connections
    // Whoever asked knows better when to try again.
    configuration.connectionPool.retryConnectionEstablishment = false
    client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
  }

  /// Sends a request under a number.
  func send(_ number: UInt32, _ request: HTTPRequest) {
    tasks.withLock { tasks in
      tasks[number] = Task { [self] in
        let outcome = await outcome(of: request)
        let isAwaited = self.tasks.withLock { $0.removeValue(forKey: number) } != nil
        if isAwaited { answer(HTTPReply(number, outcome)) }
      }
    }
  }

  /// Gives up what nobody waits for.
  func cancel(_ number: UInt32) { tasks.withLock { $0.removeValue(forKey: number) }?.cancel() }

  private func outcome(of request: HTTPRequest) async -> Result<HTTPResponse, HTTPFailure> {
    let scheme = request.url.prefix { $0 != ":" }.lowercased()
    guard ["http", "https"].contains(scheme) else {
      return .failure(HTTPFailure(.notSent, "\(request.url) is no address of a server"))
    }
    var message = HTTPClientRequest(url: request.url)
    message.method = .init(rawValue: request.method)
    for header in request.headers { message.headers.add(name: header.name, value: header.value) }
    if let body = request.body { message.body = .bytes(body) }
    do {
      let response = try await client.execute(message, deadline: .distantFuture)
      let body = try await response.body.collect(upTo: request.answerLimit)
      let headers = response.headers.map { HTTPHeader($0.name, $0.value) }
      return .success(
        HTTPResponse(
          status: Int(response.status.code), headers: headers, body: Array(body.readableBytesView)))
    } catch is NIOTooManyBytesError {
      return .failure(HTTPFailure(.lost, "the answer is longer than \(request.answerLimit) bytes"))
    } catch {
      return .failure(HTTPFailure(unansweredBy: error))
    }
  }
}

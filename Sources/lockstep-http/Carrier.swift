import AsyncHTTPClient
import HTTP
import NIOCore
import NIOHTTP1
import Synchronization

/// Carries requests over connections that are kept open and used again; follows no redirect, which could carry a token to
/// another host, and sends nothing twice.
final class Carrier: Sendable {
  private let connections: Int
  private let stallSeconds: Double
  private let environment: @Sendable (String) -> String?
  private let answer: @Sendable (HTTPReply) -> Void
  /// What is under way, by the number that it was given.
  private let tasks = Mutex<[UInt32: Task<Void, Never>]>([:])
  /// One for each proxy, and one for hosts that are reached without.
  private let clients = Mutex<[HTTPProxy?: HTTPClient]>([:])

  /// How long a connection may take to come about, in seconds.
  private static let connectSeconds: Int64 = 15

  /// - Parameters:
  ///   - connections: how many connections to one host may be open at once.
  ///   - stallSeconds: how long nothing may arrive.
  ///   - environment: reads a variable, for those that name proxies.
  ///   - answer: called once for every request that was not cancelled.
  init(
    connections: Int, stallSeconds: Double, environment: @escaping @Sendable (String) -> String?,
    answer: @escaping @Sendable (HTTPReply) -> Void
  ) {
    self.connections = connections
    self.stallSeconds = stallSeconds
    self.environment = environment
    self.answer = answer
  }

  /// The client that goes through a proxy, or through none.
  private func client(through proxy: HTTPProxy?) -> HTTPClient {
    clients.withLock { clients in
      if let client = clients[proxy] { return client }
      var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow)
      configuration.httpVersion = .http1Only
      configuration.proxy = proxy.map(HTTPClient.Configuration.Proxy.init)
      configuration.timeout.connect = .seconds(Self.connectSeconds)
      configuration.timeout.read = .milliseconds(Int64(stallSeconds * 1_000))
      configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = connections
      // Whoever asked knows better when to try again.
      configuration.connectionPool.retryConnectionEstablishment = false
      let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
      clients[proxy] = client
      return client
    }
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
    let proxy: HTTPProxy?
    do throws(HTTPFailure) { proxy = try HTTPProxy.of(request.url, environment: environment) } catch {
      return .failure(error)
    }
    var message = HTTPClientRequest(url: request.url)
    message.method = .init(rawValue: request.method)
    for header in request.headers { message.headers.add(name: header.name, value: header.value) }
    if let body = request.body { message.body = .bytes(body) }
    do {
      let response = try await client(through: proxy).execute(message, deadline: .distantFuture)
      let body = try await response.body.collect(upTo: request.answerLimit)
      let headers = response.headers.map { HTTPHeader($0.name, $0.value) }
      return .success(
        HTTPResponse(
          status: Int(response.status.code), headers: headers, body: Array(body.readableBytesView)))
    } catch is NIOTooManyBytesError {
      return .failure(HTTPFailure(.lost, "the answer is longer than \(request.answerLimit) bytes"))
    } catch {
      return .failure(HTTPFailure(unansweredBy: error, through: proxy))
    }
  }
}

extension HTTPClient.Configuration.Proxy {
  fileprivate init(_ proxy: HTTPProxy) {
    switch proxy.kind {
    case .http:
      self = .server(
        host: proxy.host, port: proxy.port,
        authorization: proxy.credentials.map { .basic(username: $0.user, password: $0.password) })
    case .socks: self = .socksServer(host: proxy.host, port: proxy.port)
    }
  }
}

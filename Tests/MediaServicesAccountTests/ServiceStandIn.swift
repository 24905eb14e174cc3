import CanonicalJSON
import Foundation
import LiveAccount
import Support
import Synchronization
import Testing

@testable import MediaServicesAccount

#if canImport(FoundationNetworking)
  import FoundationNetworking
#endif

/// A service of the tests on this machine, with a proxy before it that can spoil requests.
final class ServiceStandIn: Sendable {
  let servicePort: Int
  let proxyPort: Int
  private let children: [ChildProcess]

  init() throws {
    let folder = try #require(Bundle.module.url(forResource: "Service", withExtension: nil)).path
    func start(_ script: String, _ arguments: [String]) throws -> (ChildProcess, Int) {
      let child = try Program.start("python3", ["-u", "\(folder)/\(script)"] + arguments)
      var port = 0
      let isUp = waitUntil {
        guard let text = try? child.files.read("output"), text.hasSuffix("\n") else { return false }
        port = Int(text.trimmingCharacters(in: .newlines)) ?? 0
        return port > 0
      }
      let errors = (try? child.files.read("errors")) ?? ""
      try #require(isUp, "\(script) does not start: \(errors)")
      return (child, port)
    }
    let (service, servicePort) = try start("service.py", [])
    let (proxy, proxyPort) = try start("faults.py", [String(servicePort)])
    self.servicePort = servicePort
    self.proxyPort = proxyPort
    children = [service, proxy]
  }

  deinit { for child in children { child.stop(SIGKILL) } }

  /// Changes the service's settings.
  func control(_ change: JSONValue) async throws {
    _ = try await Self.send("POST", "http://127.0.0.1:\(servicePort)/_control", change)
  }

  /// What the service holds and did.
  func state() async throws -> JSONValue {
    try await Self.send("GET", "http://127.0.0.1:\(servicePort)/_control", nil)
  }

  /// Says which requests are spoiled from now on.
  /// - Parameter methods: the methods of the requests that may be; nil for all.
  func spoil(
    seed: Int, rate: Double, kinds: [String]? = nil, methods: [String]? = nil, stall: Double = 0
  ) async throws {
    var change: JSONObject = [
      "rate": .number(.double(rate)), "seed": .number(.int64(Int64(seed))), "stall": .number(.double(stall)),
    ]
    change["methods"] = methods.map { .array($0.map { .string($0) }) }
    change["kinds"] = kinds.map { .array($0.map { .string($0) }) }
    _ = try await Self.send("POST", "http://127.0.0.1:\(proxyPort)/_faults", .object(change))
  }

  /// What passed the proxy.
  func passed() async throws -> JSONValue {
    try await Self.send("GET", "http://127.0.0.1:\(proxyPort)/_faults", nil)
  }

  static func send(_ method: String, _ url: String, _ body: JSONValue?) async throws -> JSONValue {
    var request = URLRequest(url: try #require(URL(string: url)))
    request.httpMethod = method
    request.httpBody = body.map { Data($0.compactBytes()) }
    let (data, _) = try await URLSession.shared.data(for: request)
    return try JSONValue.parse([UInt8](data))
  }

  // MARK: Accounts

  /// Settings for the stand-in, of a profile.
  static func entries(_ profile: String, _ more: [Setting: String] = [:]) -> [(key: String, value: String)] {
    let usual: [Setting: String] = [
      .profile: profile, .subscription: "s", .resourceGroup: "g", .account: "a", .project: "p",
      .authentication: "token", .readsPerHour: "1000000", .writesPerHour: "1000000",
      .contents: "false",
    ]
    return usual.merging(more) { $1 }.map { (key: $0.key.key, value: $0.value) }
  }

  /// An account at the service, or through the proxy.
  func account(
    _ profile: String = "azure", throughProxy: Bool = false, _ settings: [Setting: String] = [:],
    clock: ServiceClock = .hasty(), budgetPath: String? = nil, cancellation: Cancellation = Cancellation(),
    notices: @escaping @Sendable (String) -> Void = { _ in }
  ) throws -> MediaServicesAccount {
    let settings = try MediaServicesSettings(
      url: "http://127.0.0.1:\(throughProxy ? proxyPort : servicePort)",
      entries: Self.entries(profile, settings))
    return MediaServicesAccount(
      settings: settings,
      transport: Program.http(connections: settings.concurrency, stallSeconds: 60),
      budgetPath: budgetPath, clock: clock,
      environment: {
        ["LOCKSTEP_TOKEN": "good", "LOCKSTEP_CLIENT_SECRET": "opensesame", "LOCKSTEP_API_KEY": "opensesame"][
          $0]
      },
      cancellation: cancellation, notices: notices)
  }
}

extension ServiceClock {
  /// A clock on which waits pass at once, but for the patience with a single request.
  /// - Parameter isHeld: whether waits are all that passes, however busy the machine is.
  static func hasty(stallSeconds: Double = 20, seed: UInt64 = 1, isHeld: Bool = false) -> ServiceClock {
    let skipped = Mutex(0.0)
    let start = Date().timeIntervalSince1970
    let generator = Mutex(SeededGenerator(seed: seed))
    return ServiceClock(
      now: { (isHeld ? start : Date().timeIntervalSince1970) + skipped.withLock { $0 } },
      sleep: { seconds in
        guard seconds < RESTLimits.attemptSeconds else {
          return try await Task.sleep(for: .seconds(stallSeconds))
        }
        skipped.withLock { $0 += seconds }
        await Task.yield()
      }, random: { generator.withLock { Double.random(in: 0..<1, using: &$0) } })
  }
}

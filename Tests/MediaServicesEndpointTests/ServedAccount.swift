import CanonicalJSON
import FolderAccount
import Foundation
import LiveAccount
import Logging
import MediaResources
import RegionRepository
import Support
import Synchronization
import Testing

@testable import MediaServicesEndpoint

#if canImport(FoundationNetworking)
  import FoundationNetworking
#endif

/// A folder account with the asset `film`, served by an endpoint of the test's own.
final class ServedAccount: Sendable {
  static let locatorID = "10000000-0000-0000-0000-000000000001"
  static let keyID = "20000000-0000-0000-0000-000000000001"

  let folder: TemporaryFolder
  let account: FolderAccount
  let access: ContainerAccess
  /// Such as `http://127.0.0.1:40123`.
  let origin: String
  /// Everything that the endpoint logs, down to the finest level.
  let log = RecordedLog()
  private let clock: Clock
  private let server: Task<Void, any Error>

  private final class Clock: Sendable {
    let offset = Mutex<Int64>(0)
    let held = Mutex<Int64?>(nil)
    func now() -> Int64 {
      held.withLock { $0 } ?? offset.withLock { Int64(Date().timeIntervalSince1970) + $0 }
    }
  }

  /// Starts an endpoint; it answers when this returns.
  init() async throws {
    let (folder, clock) = (try TemporaryFolder(), Clock())
    let account = try FolderAccount.create(folder["account"], now: { clock.now() })
    try await account.create(
      Resource(
        document: ["name": "film", "properties": ["container": "film", "storageAccountName": "main"]],
        kind: .asset))
    let region = ServedRegion(
      name: try RegionName(checking: "east"), account: account, lockPath: folder["lock"])
    let (ports, port) = AsyncStream<Int>.makeStream()
    let endpoint = Endpoint(
      region, settings: EndpointSettings(), logger: Logger(label: "test") { [log] _ in log.handler })
    server = Task { try await endpoint.run { port.yield($0) } }
    var started: Int?
    for await port in ports {
      started = port
      break
    }
    origin = "http://127.0.0.1:\(try #require(started))"
    access = try ContainerAccess(region)
    (self.folder, self.clock, self.account) = (folder, clock, account)
  }

  deinit { server.cancel() }

  /// Lets time pass for the account.
  func wait(seconds: Int64) { clock.offset.withLock { $0 += seconds } }

  /// Stops the account's clock at a time, in seconds since 1970: what is to be the case at that second is, however
  /// long a busy machine takes.
  func holdClock(at seconds: Int64) { clock.held.withLock { $0 = seconds } }

  /// A time as the service writes it, from now on.
  func time(in seconds: Int64) -> String { ServerTime.iso(clock.now() + seconds) }

  /// A URL of the asset's container, signed by the first key.
  func containerURL(_ permissions: ContainerAccess.Permissions = .readWriteDelete) throws -> String {
    try access.sharedAccessURLs(
      storageAccount: "main", container: "film", permissions: permissions, expiry: time(in: 3_600), at: origin
    )[0]
  }

  /// A URL of a blob, signed by the first key.
  func blobURL(_ name: String, _ permissions: ContainerAccess.Permissions = .readWriteDelete) throws -> String
  {
    let parts = try containerURL(permissions).split(separator: "?", maxSplits: 1)
    return "\(parts[0])/\(name)?\(parts[1])"
  }

  struct Answer: Sendable {
    let status: Int
    let body: Data
    let headers: [String: String]

    var text: String { String(decoding: body, as: UTF8.self) }
  }

  /// Asks the endpoint for something.
  func ask(
    _ url: String, _ method: String = "GET", headers: [String: String] = [:], body: Data? = nil
  ) async throws -> Answer {
    var request = URLRequest(url: try #require(URL(string: url.hasPrefix("/") ? origin + url : url)))
    request.httpMethod = method
    request.httpBody = body
    request.cachePolicy = .reloadIgnoringLocalCacheData
    for (name, value) in headers { request.setValue(value, forHTTPHeaderField: name) }
    let (data, response) = try await URLSession.shared.data(for: request)
    let http = try #require(response as? HTTPURLResponse)
    var fields: [String: String] = [:]
    for (name, value) in http.allHeaderFields { fields["\(name)".lowercased()] = "\(value)" }
    return Answer(status: http.statusCode, body: data, headers: fields)
  }

  /// Puts a blob, which must succeed.
  func put(_ name: String, _ bytes: Data) async throws {
    let answer = try await ask(
      try blobURL(name), "PUT", headers: ["x-ms-blob-type": "BlockBlob"], body: bytes)
    try #require(answer.status == 201, "\(answer.text)")
  }

  /// Makes a locator of the film.
  func publish(_ properties: JSONObject) async throws {
    var all: JSONObject = [
      "assetName": "film", "streamingLocatorId": .string(Self.locatorID),
      "streamingPolicyName": "Predefined_ClearStreamingOnly",
    ]
    for (key, value) in properties { all[key] = value }
    let document: JSONObject = ["name": "film", "properties": .object(all)]
    try await account.create(Resource(document: document, kind: .streamingLocator))
  }

  /// The file that web servers find of the locator.
  func published(_ name: String) -> Data? {
    FileManager.default.contents(atPath: folder["account/published/\(Self.locatorID)/\(name)"])
  }
}

/// Programs that judge, run beside the test's own tasks: an endpoint in this process needs their threads.
enum Referee {
  private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent()
    .deletingLastPathComponent()
  private static let python = root.appendingPathComponent(".venv/bin/python").path

  /// Whether the project's Python with the official packages is there.
  static var hasPython: Bool { FileManager.default.isExecutableFile(atPath: python) }

  static func run(
    _ name: String, _ arguments: [String], environment: [String: String] = [:]
  ) async throws -> Program.Outcome {
    try await withCheckedThrowingContinuation { continuation in
      Thread.detachNewThread {
        continuation.resume(with: Result { try Program.run(name, arguments, environment: environment) })
      }
    }
  }

  /// Runs a script of `Tests/Referees`, which must succeed.
  @discardableResult
  static func script(_ name: String, _ arguments: [String] = []) async throws -> String {
    let path = root.appendingPathComponent("Tests/Referees/\(name)").path
    let outcome = try await run(python, [path] + arguments)
    guard outcome.status == 0 else { throw Program.Failed(what: name, outcome: outcome) }
    return outcome.output
  }
}

/// What was logged.
final class RecordedLog: Sendable {
  private let recorded = Mutex("")

  var text: String { recorded.withLock { $0 } }

  var handler: some LogHandler { Handler(owner: self) }

  private struct Handler: LogHandler {
    let owner: RecordedLog
    var metadata: Logger.Metadata = [:]
    var logLevel: Logger.Level = .trace

    subscript(metadataKey key: String) -> Logger.MetadataValue? {
      get { metadata[key] }
      set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
      let line =
        "\(event.level) \(event.message) \(metadata) \(event.metadata ?? [:]) \(String(describing: event.error))"
      owner.recorded.withLock { $0 += line + "\n" }
    }
  }
}

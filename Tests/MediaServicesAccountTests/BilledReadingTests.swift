import CanonicalJSON
import Foundation
import LiveAccount
import MediaResources
import Support
import Testing

@testable import MediaServicesAccount

/// What counts as a write is asked for once, and nothing of it is lost.
@Suite struct BilledReadingTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func start(_ arguments: String...) throws -> ChildProcess {
    try Program.start(
      Program.lockstep, arguments, in: folder.path, environment: ["LOCKSTEP_TOKEN": "good"])
  }

  @discardableResult
  private func run(_ arguments: String..., expecting status: Int32 = 0) throws -> Program.Outcome {
    let outcome = try Program.run(
      Program.lockstep, arguments, in: folder.path, environment: ["LOCKSTEP_TOKEN": "good"])
    guard outcome.status == status else {
      throw Program.Failed(what: "lockstep \(arguments.joined(separator: " "))", outcome: outcome)
    }
    return outcome
  }

  private func begin(_ url: String, _ more: [String] = []) throws {
    let arguments =
      [
        "init", folder["east"], "--region", "east", "--account", "media-services:\(url)", "--user",
        "Tess <t@e.com>", "--subscription", "00000000-0000-0000-0000-000000000000", "--resource-group",
        "lockstep", "--account-name", "east", "--setting", "authentication=token", "--storage", "mainstorage",
      ] + more
    let outcome = try Program.run(
      Program.lockstep, arguments, in: folder.path, environment: ["LOCKSTEP_TOKEN": "good"])
    guard outcome.status == 0 else { throw Program.Failed(what: "lockstep init", outcome: outcome) }
  }

  @Test(.enabled(if: Program.has("rclone"), "rclone is not installed: ./bootstrap --test"))
  func `an asset without files is looked at once, and status looks at none that is new`() async throws {
    let server = try BuiltServer(account: "east", in: folder)
    try begin(server.url)
    let account = try server.account()
    func make(_ name: String) async throws {
      try await account.create(Samples.resource(.asset, name, ["storageAccountName": "mainstorage"]))
    }
    for number in 0..<5 { try await make("e\(number)") }
    let first = server.requests("listContainerSas")
    try run("capture", "-C", folder["east"])
    #expect(server.requests("listContainerSas") - first == 5)
    for command in ["capture", "capture", "drift", "status"] { try run(command, "-C", folder["east"]) }
    #expect(server.requests("listContainerSas") - first == 5)
    try await make("new")
    let status = try run("status", "-C", folder["east"], expecting: 2)
    #expect(server.requests("listContainerSas") - first == 5)
    #expect(status.output.contains("not looked at 1 resource"), "\(status.output)")
    // Its document is there to see all the same; the files are looked at by those who may spend writes.
    #expect(status.output.contains("1 resource; not looked at"), "\(status.output)")
    let noWrites = try Program.git(
      "config", "lockstep.mediaServices.writesPerHour", "1", in: folder["east"])
    #expect(noWrites == "")
    try run("status", "-C", folder["east"], expecting: 2)
    try Program.git("config", "--unset", "lockstep.mediaServices.writesPerHour", in: folder["east"])
    try run("capture", "-C", folder["east"])
    try run("capture", "-C", folder["east"])
    #expect(server.requests("listContainerSas") - first == 6)
    // Files that come with a change of their asset are found.
    try server.write("movie", to: "a.mp4", inContainerOf: "e1")
    try await account.replace(
      Samples.resource(.asset, "e1", ["description": "x", "storageAccountName": "mainstorage"]))
    let captured = try run("capture", "-C", folder["east"])
    #expect(captured.output.contains("added content/e1"), "\(captured.output)")
    try run("drift", "-C", folder["east"])
    // What a look at drift saw of files is not what a later capture takes for them.
    try server.write("movie", to: "b.mp4", inContainerOf: "e2")
    try await account.replace(
      Samples.resource(.asset, "e2", ["description": "x", "storageAccountName": "mainstorage"]))
    try run("drift", "-C", folder["east"], expecting: 2)
    try server.write("movie", to: "c.mp4", inContainerOf: "e2")
    try run("capture", "-C", folder["east"])
    #expect(
      try Program.git("grep", "-l", "c.mp4", "HEAD", "--", "mirrored/contents", in: folder["east"]) != "")
  }

  @Test(.enabled(if: Program.has("rclone"), "rclone is not installed: ./bootstrap --test"))
  func `a track brings its file into the history`() async throws {
    let server = try BuiltServer(account: "east", in: folder)
    try begin(server.url)
    let account = try server.account()
    try await account.create(Samples.resource(.asset, "t", ["storageAccountName": "mainstorage"]))
    try server.write("movie", to: "a.mp4", inContainerOf: "t")
    try run("capture", "-C", folder["east"])
    try server.write("WEBVTT", to: "en.vtt", inContainerOf: "t")
    try await account.create(
      Samples.resource(
        .assetTrack, "en",
        ["track": ["@odata.type": "#Microsoft.Media.TextTrack", "fileName": "en.vtt"]], of: "t"))
    let captured = try run("capture", "-C", folder["east"])
    #expect(captured.output.contains("changed content/t"), "\(captured.output)")
    #expect(
      try Program.git("grep", "-c", "en.vtt", "HEAD", "--", "mirrored/contents", in: folder["east"]) != "")
  }

  @Test func `a first capture that is stopped goes on with the secrets that it has not read yet`()
    async throws
  {
    let service = try ServiceStandIn()
    try await service.control(["fill": ["keys": 46, "locators": 46]])
    try begin(
      "http://127.0.0.1:\(service.servicePort)",
      ["--setting", "contents=false", "--setting", "writesPerHour=80"])
    func read() async throws -> Int { try await asked(service).count { $0.contains("listContentKeys") } }
    let child = try start("capture", "-C", folder["east"])
    func errors() -> String { (try? child.files.read("errors")) ?? "" }
    #expect(waitUntil { errors().contains("waiting") || !child.isRunning })
    child.stop(SIGINT)
    let outcome = try child.outcome()
    #expect(outcome.status == 130, "\(outcome.errors)")
    #expect(outcome.errors.contains("reading the secrets of 46 resources: 80 writes an hour are allowed"))
    #expect(try await read() == 20)
    let kept = folder["east"] + "/.git/lockstep/readings"
    let mode = try FileManager.default.attributesOfItem(atPath: kept)[.posixPermissions] as? Int
    #expect(mode == 0o600)
    let text = String(decoding: try #require(FileManager.default.contents(atPath: kept)), as: UTF8.self)
    #expect(text.contains("sealed:"))
    for number in 0..<46 {
      let value = Base64.encode([UInt8](repeating: 0, count: 15) + [UInt8(number)])
      #expect(number == 0 || !text.contains(value))
    }
    // A second run that is killed outright loses nothing of what it read either.
    try Program.git("config", "lockstep.mediaServices.writesPerHour", "1000000", in: folder["east"])
    try FileManager.default.removeItem(atPath: folder["east"] + "/.git/lockstep/budget")
    try run("capture", "-C", folder["east"])
    #expect(try await read() == 46)
    #expect(!FileManager.default.fileExists(atPath: kept))
    let documents = try Program.git("grep", "-l", "sealed:", "HEAD", in: folder["east"])
    #expect(documents.split(separator: "\n").count { $0.contains("streaming-locators") } == 46)
    try run("drift", "-C", folder["east"])
    #expect(try await read() == 46)
  }

  @Test func `status does not wait out what a service asked for`() async throws {
    let service = try ServiceStandIn()
    try begin("http://127.0.0.1:\(service.servicePort)", ["--setting", "contents=false"])
    try run("capture", "-C", folder["east"])
    let now = Date().timeIntervalSince1970
    try folder.write("read 1000.0 \(now) \(now + 4_000)\n", to: "east/.git/lockstep/budget")
    let status = try run("status", "-C", folder["east"], expecting: 2)
    #expect(status.output.contains("not asked for before"), "\(status)")
    #expect(status.output.contains("the service asked for that"), "\(status)")
  }

  @Test func `secrets that were read before a service went away are kept`() async throws {
    let service = try ServiceStandIn()
    try await service.control(["fill": ["keys": 300, "locators": 300]])
    try begin("http://127.0.0.1:\(service.proxyPort)", ["--setting", "contents=false"])
    try await service.spoil(seed: 1, rate: 1, kinds: ["stall"], methods: ["POST"], stall: 0.2)
    let child = try start("capture", "-C", folder["east"])
    func read() async throws -> Int { try await asked(service).count { $0.contains("listContentKeys") } }
    while child.isRunning, try await read() < 20 {}
    child.stop(SIGKILL)
    let before = try await read()
    #expect(before < 290, "it was over before it could be killed")
    try await service.spoil(seed: 1, rate: 0)
    try run("capture", "-C", folder["east"])
    // Those under way when it was killed may be asked for again.
    let all = try await read()
    #expect(all <= 300 + 8, "\(before) of 300, then \(all)")
    try run("drift", "-C", folder["east"])
  }

  @Test(.enabled(if: Program.has("rclone"), "rclone is not installed: ./bootstrap --test"))
  func `a container whose storage asks for fewer requests is listed again`() async throws {
    let server = try BuiltServer(account: "east", in: folder)
    let port = try #require(Int(server.url.split(separator: ":").last ?? ""))
    let proxy = try FaultProxy(before: port)
    try begin("http://127.0.0.1:\(proxy.port)")
    let account = try server.account()
    try await account.create(Samples.resource(.asset, "film", ["storageAccountName": "mainstorage"]))
    try server.write("movie", to: "a.mp4", inContainerOf: "film")
    try await proxy.control(["kinds": ["429-retry-after"], "part": "comp=list", "rate": 1, "times": 2])
    let captured = try run("capture", "-C", folder["east"])
    #expect(captured.output.contains("added content/film"), "\(captured.output)")
    #expect(!captured.errors.contains("RESPONSE"), "\(captured.errors)")
    #expect(try await proxy.told()["counts"]?["429-retry-after"]?.int64Value == 2)
    // One that never ends is told in few words.
    try Program.git("config", "lockstep.mediaServices.deadlineSeconds", "2", in: folder["east"])
    try await proxy.control(["kinds": ["429-retry-after"], "part": "comp=list", "rate": 1])
    let refused = try run("capture", "-C", folder["east"], "--contents", expecting: 1)
    #expect(refused.errors.contains("the storage asks for fewer requests (429)"), "\(refused.errors)")
    #expect(refused.errors.split(separator: "\n").count < 6, "\(refused.errors)")
  }
}

/// The proxy of the tests that spoils requests, before any server.
private final class FaultProxy: Sendable {
  let port: Int
  private let child: ChildProcess

  init(before upstream: Int) throws {
    let folder = try #require(Bundle.module.url(forResource: "Service", withExtension: nil)).path
    let child = try Program.start("python3", ["-u", "\(folder)/faults.py", String(upstream)])
    var port = 0
    #expect(
      waitUntil {
        port = Int(((try? child.files.read("output")) ?? "").trimmingCharacters(in: .newlines)) ?? 0
        return port > 0
      })
    (self.child, self.port) = (child, port)
  }

  deinit { child.stop(SIGKILL) }

  func control(_ change: JSONValue) async throws {
    _ = try await ServiceStandIn.send("POST", "http://127.0.0.1:\(port)/_faults", change)
  }

  func told() async throws -> JSONValue {
    try await ServiceStandIn.send("GET", "http://127.0.0.1:\(port)/_faults", nil)
  }
}

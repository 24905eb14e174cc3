import CanonicalJSON
import Foundation
import LiveAccount
import MediaResources
import Support
import Testing

@testable import MediaServicesAccount

/// What one resource of a service, or of a region that is served, keeps from being applied: itself.
@Suite struct HeldLocatorTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @discardableResult
  private func run(_ arguments: String..., expecting status: Int32 = 0) throws -> Program.Outcome {
    let outcome = try Program.run(
      Program.lockstep, arguments, in: folder.path, environment: ["LOCKSTEP_TOKEN": "good"])
    guard outcome.status == status else {
      throw Program.Failed(what: "lockstep \(arguments.joined(separator: " "))", outcome: outcome)
    }
    return outcome
  }

  /// Makes a region whose account is a server.
  private func begin(_ server: BuiltServer) throws {
    try run(
      "init", folder[server.name], "--region", server.name, "--account", "media-services:\(server.url)",
      "--user", "Tess <t@e.com>", "--subscription", "00000000-0000-0000-0000-000000000000",
      "--resource-group", "lockstep", "--account-name", server.name, "--setting", "authentication=token",
      "--storage", "mainstorage")
    try run("capture", "-C", folder[server.name])
  }

  @Test func `a locator under an encrypting policy is held back where plain files came, and those go`()
    async throws
  {
    let server = try BuiltServer(account: "east", in: folder)
    let (east, west) = (folder["east-origin"], folder["west"])
    try run(
      "init", west, "--region", "west", "--account", "folder:\(folder["west-account"])", "--user",
      "Tess <t@e.com>", "--storage", "mainstorage")
    let account = try server.account()
    for asset in ["clear", "plain"] {
      try await account.create(Samples.resource(.asset, asset, ["storageAccountName": "mainstorage"]))
    }
    try await account.create(Samples.locator("clear", of: "clear", number: 1))
    try await account.create(
      Samples.locator(
        "locked", of: "plain", number: 2, policy: "Predefined_ClearKey",
        keys: [Samples.key("clearKeyDefault", value: Base64.encode([UInt8](repeating: 7, count: 16)))]))
    try run("status", "--check", "-C", east)
    try server.write("movie", to: "a.mp4", inContainerOf: "plain")
    try server.write("movie", to: "b.mp4", inContainerOf: "clear")
    try run("capture", "-C", east)
    let primary = try run("status", "--check", "-C", east, expecting: 2)
    #expect(primary.output.contains("locator/locked is under the encrypting policy"), "\(primary.output)")
    #expect(primary.output.contains("encode it as HLS"), "\(primary.output)")
    try run("mirror", east, west)
    let applied = try run("apply", "-C", west, expecting: 4)
    #expect(applied.errors.contains("locator/locked is held back: "), "\(applied.errors)")
    #expect(applied.errors.contains("encode it as HLS"), "\(applied.errors)")
    let names = try FileManager.default.subpathsOfDirectory(atPath: folder["west-account"])
    for name in ["/a.mp4", "/b.mp4", "streaming-locators/clear.json", "assets/plain.json"] {
      #expect(names.contains { $0.hasSuffix(name) }, "\(name): \(names)")
    }
    #expect(!names.contains { $0.hasSuffix("locked.json") || $0.contains(".lockstep-stage") }, "\(names)")
    try run("drift", "-C", west)
    let check = try run("status", "--check", "-C", west, expecting: 2)
    #expect(check.output.contains("locator/locked is held back"), "\(check.output)")
    let status = try run("status", "-C", west, expecting: 2)
    #expect(status.output.contains("locator/locked is held back"), "\(status.output)")
    // The next apply tries again, and comes to the same.
    #expect(try run("plan", "-C", west, expecting: 2).errors.contains("the last apply tried: "))
    try run("apply", "-C", west, expecting: 4)
    // A service that says the same of it, as one that serves a folder does, is heard the same way.
    let service = try BuiltServer(account: "south", in: folder)
    try begin(service)
    try run("mirror", east, folder["south"])
    let refused = try run("apply", "-C", folder["south"], expecting: 4)
    #expect(refused.errors.contains("locator/locked is held back: "), "\(refused.errors)")
    let clear = try await service.account().read(
      ResourceID(kind: .streamingLocator, assetName: nil, name: "clear"))
    #expect(clear != nil)
    #expect(try service.file("a.mp4") == "movie")
    try run("drift", "-C", folder["south"])
    // With another policy for the same files all is well.
    try await account.delete(ResourceID(kind: .streamingLocator, assetName: nil, name: "locked"))
    try await account.create(Samples.locator("open", of: "plain", number: 3))
    try run("capture", "-C", east)
    try run("mirror", east, west)
    try run("apply", "-C", west)
    for region in [east, west] { try run("status", "--check", "-C", region) }
    try run("drift", "-C", west)
  }

  @Test func `a service whose apply ended well is known to be well, and status spends nothing to say so`()
    async throws
  {
    let servers = try ["east", "west"].map { try BuiltServer(account: $0, in: folder) }
    for server in servers {
      try begin(server)
    }
    let account = try servers[0].account()
    try await account.create(
      Samples.resource(.contentKeyPolicy, "tokens", Samples.tokenPolicy("c2VjcmV0")))
    try await account.create(Samples.resource(.streamingPolicy, "cenc", Samples.cencPolicy))
    try await account.create(Samples.resource(.accountFilter, "gone", Samples.range))
    try await account.create(Samples.resource(.asset, "film", ["storageAccountName": "mainstorage"]))
    try await account.create(
      Samples.locator("one", of: "film", number: 1, policy: "cenc", keys: [Samples.key("key one")]))
    try run("capture", "-C", folder["east"])
    try run("mirror", folder["east"], folder["west"])
    try run("apply", "-C", folder["west"])
    func billed() -> Int {
      ["listContentKeys", "getPolicyPropertiesWithSecrets", "listContainerSas"].reduce(0) {
        $0 + servers[1].requests($1)
      }
    }
    let before = billed()
    for _ in 0..<2 {
      let status = try run("status", "-C", folder["west"])
      #expect(status.output.contains("drift        none"), "\(status.output)")
    }
    #expect(billed() == before)
    // What somebody changes then is not taken for what was written.
    let west = try servers[1].account()
    var policy = try Samples.resource(.contentKeyPolicy, "tokens", Samples.tokenPolicy("c2VjcmV0"))
    policy.properties["description"] = "x"
    try await west.replace(policy)
    let status = try run("status", "-C", folder["west"], expecting: 2)
    #expect(status.output.contains("not looked at 1 resource"), "\(status.output)")
    let drift = try run("drift", "-C", folder["west"], expecting: 2)
    #expect(drift.output.contains("changed content-key-policy/tokens"), "\(drift.output)")
    // A filter that is deleted while a locator names it holds back that locator alone, in a service, too.
    try run("capture", "-C", folder["west"])
    try run("mirror", folder["west"], folder["east"])
    try run("apply", "-C", folder["east"])
    try await account.create(
      Samples.resource(
        .streamingLocator, "two",
        [
          "assetName": "film", "filters": ["gone"],
          "streamingLocatorId": "b0000000-0000-0000-0000-000000000002",
          "streamingPolicyName": "Predefined_ClearStreamingOnly",
        ]))
    try await account.create(Samples.locator("three", of: "film", number: 3))
    try await account.delete(ResourceID(kind: .accountFilter, assetName: nil, name: "gone"))
    try run("capture", "-C", folder["east"])
    try run("mirror", folder["east"], folder["west"])
    let applied = try run("apply", "-C", folder["west"], expecting: 4)
    #expect(applied.errors.contains("locator/two is held back: there is no"), "\(applied.errors)")
    let three = try await west.read(ResourceID(kind: .streamingLocator, assetName: nil, name: "three"))
    #expect(three != nil)
    try run("drift", "-C", folder["west"])
    let check = try run("status", "--check", "-C", folder["west"], expecting: 2)
    #expect(check.output.contains("locator/two is held back"), "\(check.output)")
  }
}

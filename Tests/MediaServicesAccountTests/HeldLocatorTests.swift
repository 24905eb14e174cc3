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
}

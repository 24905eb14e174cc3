import CanonicalJSON
import Foundation
import LiveAccount
import MediaResources
import Support
import Testing

@testable import FolderAccount

/// Folders of an account that are gone for a while, as an unmounted disk is: no write makes them anew, and nothing in them
/// counts as deleted.
@Suite struct LostFolderTests {
  private static let keyID = "20000000-0000-0000-0000-000000000001"

  /// An account with an asset, its files, and a locator that publishes them and a key.
  private struct World {
    let folder: TemporaryFolder
    let account: FolderAccount

    init() async throws {
      folder = try TemporaryFolder()
      account = try FolderAccount.create(folder["account"], now: { 0 })
      try await account.create(policy("open"))
      try await account.create(asset("film"))
      try await content("one")
      try await account.create(locator("film", 1))
      try await account.flush()
    }

    func make(_ kind: ResourceKind, _ name: String, _ properties: JSONObject) throws -> Resource {
      try Resource(document: ["name": .string(name), "properties": .object(properties)], kind: kind)
    }

    func asset(_ name: String) throws -> Resource {
      try make(.asset, name, ["container": .string(name), "storageAccountName": "main"])
    }

    func policy(_ text: String) throws -> Resource {
      try make(
        .contentKeyPolicy, "open",
        [
          "description": .string(text),
          "options": [
            [
              "configuration": ["@odata.type": "#Microsoft.Media.ContentKeyPolicyClearKeyConfiguration"],
              "restriction": ["@odata.type": "#Microsoft.Media.ContentKeyPolicyOpenRestriction"],
            ]
          ],
        ])
    }

    func locator(_ name: String, _ number: Int) throws -> Resource {
      try make(
        .streamingLocator, name,
        [
          "assetName": "film",
          "contentKeys": [
            [
              "id": .string("20000000-0000-0000-0000-00000000000\(number)"),
              "value": .string(Data(repeating: UInt8(number), count: 16).base64EncodedString()),
            ]
          ], "defaultContentKeyPolicyName": "open",
          "streamingLocatorId": .string("10000000-0000-0000-0000-00000000000\(number)"),
          "streamingPolicyName": "Predefined_ClearStreamingOnly",
        ])
    }

    func content(_ text: String) async throws {
      try await account.replaceContent(of: asset("film"), for: []) { stage in
        guard case .folder(let folder, _) = stage else { return }
        try folder.remove("a.ts")
        try folder.create("a.ts", Array(text.utf8), mode: 0o644)
      }
    }

    func move(_ name: String, to new: String) throws {
      try FileManager.default.moveItem(atPath: folder["account/\(name)"], toPath: folder[new])
    }
  }

  @Test(arguments: [("account", 8), ("storage", 4), ("published", 1), ("keys", 1)])
  func `no write makes one of the account's own folders anew`(name: String, refusals: Int) async throws {
    let world = try await World()
    let account = world.account
    try world.move(name, to: "away")
    let writes: [(String, () async throws -> Void)] = [
      ("create an asset", { try await account.create(world.asset("second")) }),
      ("replace an asset", { try await account.replace(world.asset("film")) }),
      ("replace content", { try await world.content("two") }),
      ("create a filter", { try await account.create(world.make(.accountFilter, "low", [:])) }),
      ("create a locator", { try await account.create(world.locator("second", 2)) }),
      ("replace a policy", { try await account.replace(world.policy("changed")) }),
      ("list contents", { _ = try await account.list(.content) }),
      ("settle", { _ = try await account.settle() }), ("recover", { try await account.recover() }),
      ("delete a locator", { try await account.delete(world.locator("film", 1).id) }),
      ("flush", { try await account.flush() }),
    ]
    var refused: [String] = []
    for (what, write) in writes {
      do { try await write() } catch { refused.append("\(what): \(error)") }
      #expect(!world.folder.has("account/\(name)"), "\(what) made \(name) anew")
    }
    #expect(refused.count >= refusals, "\(refused)")
    #expect(refused.contains { $0.contains("/\(name)") }, "it is said which folder is gone: \(refused)")
    try FileManager.default.moveItem(
      atPath: world.folder["away"], toPath: world.folder["account/\(name)"])
    let reopened = try FolderAccount.open(world.folder["account"], now: { 0 })
    try await reopened.recover()
    try await reopened.create(world.locator("film", 1))
    #expect(try await reopened.publicationProblems() == [])
    #expect(world.folder.has("account/keys/\(Self.keyID)"))
  }

  @Test func `files do not go into a container that was lost`() async throws {
    let world = try await World()
    try world.move("storage/main", to: "away")
    await #expect(throws: AccountError.self) { try await world.content("two") }
    await #expect(throws: AccountError.self) { try await world.account.create(world.asset("film")) }
    #expect(!world.folder.has("account/storage/main"))
    // Another asset may still get its own.
    try await world.account.create(world.asset("second"))
  }

  @Test func `a control plane that vanishes in the middle holds nothing that was deleted`() async throws {
    let world = try await World()
    let account = world.account
    let listed = try await account.list(.streamingLocator) + account.list(.content)
    #expect(listed.count == 2)
    try await account.checkPresence()
    try world.move("account", to: "away")
    for kind in ResourceKind.allCases {
      await #expect(throws: AccountError.self, "\(kind)") { try await account.list(kind) }
    }
    for item in listed {
      await #expect(throws: (any Error).self, "\(item.key)") { try await account.read(item) }
    }
    await #expect(throws: AccountError.self) { try await account.read(world.asset("film").id) }
    await #expect(throws: AccountError.self) { try await account.checkPresence() }
    // Another folder in its place is not the account either.
    try world.folder.write("", to: "account/account/other")
    await #expect(throws: AccountError.self) { try await account.checkPresence() }
  }
}

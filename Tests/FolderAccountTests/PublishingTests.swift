import CanonicalJSON
import Foundation
import LiveAccount
import MediaResources
import Support
import Synchronization
import Testing

@testable import FolderAccount

/// What web servers find, and when: publications, keys, times, and what a crash leaves.
@Suite struct PublishingTests {
  private static let locatorID = "10000000-0000-0000-0000-000000000001"
  private static let keyID = "20000000-0000-0000-0000-000000000001"
  private static let key = Data(repeating: 7, count: 16).base64EncodedString()

  private final class Clock: Sendable {
    let seconds = Mutex<Int64>(1_000_000)
    func set(_ value: Int64) { seconds.withLock { $0 = value } }
  }

  /// An account with one asset that has two files.
  private struct World {
    let folder: TemporaryFolder
    let clock = Clock()
    let account: FolderAccount

    init() async throws {
      folder = try TemporaryFolder()
      account = try FolderAccount.create(folder["account"], now: { [clock] in clock.seconds.withLock { $0 } })
      for name in ["open", "tokens"] { try await account.create(policy(name, isOpen: name == "open")) }
      try await account.create(asset)
      try await content(["a.ts": "one", "b.ts": "two"])
    }

    var asset: Resource {
      get throws { try make(.asset, "film", ["container": "film", "storageAccountName": "main"]) }
    }

    func make(_ kind: ResourceKind, _ name: String, _ properties: JSONObject) throws -> Resource {
      try Resource(document: ["name": .string(name), "properties": .object(properties)], kind: kind)
    }

    func policy(_ name: String, isOpen: Bool) throws -> Resource {
      let restriction: JSONValue =
        isOpen
        ? ["@odata.type": "#Microsoft.Media.ContentKeyPolicyOpenRestriction"]
        : ["@odata.type": "#Microsoft.Media.ContentKeyPolicyTokenRestriction"]
      return try make(
        .contentKeyPolicy, name,
        [
          "options": [
            [
              "configuration": ["@odata.type": "#Microsoft.Media.ContentKeyPolicyClearKeyConfiguration"],
              "restriction": restriction,
            ]
          ]
        ])
    }

    func locator(_ more: JSONObject = [:], name: String = "film", id: String = locatorID) throws -> Resource {
      var properties: JSONObject = [
        "assetName": "film", "streamingLocatorId": .string(id),
        "streamingPolicyName": "Predefined_ClearStreamingOnly",
      ]
      for (key, value) in more { properties[key] = value }
      return try make(.streamingLocator, name, properties)
    }

    /// The keys of a locator; a clear policy lets the media stand as it is.
    func keys(_ policy: String, value: String = key) -> JSONObject {
      [
        "contentKeys": [["id": .string(keyID), "value": .string(value)]],
        "defaultContentKeyPolicyName": .string(policy),
      ]
    }

    func content(_ files: [String: String]) async throws {
      let source = try TemporaryFolder()
      for (path, text) in files { try source.write(text, to: "film/\(path)") }
      let opened = try RootedFolder.open(source["film"])
      let inventory = try ContentScan.inventory(of: opened)
      try await account.replaceContent(of: asset, for: []) { stage in
        _ = try ContentTransfer(source: .folder(opened), stage: stage).copy(inventory)
      }
    }

    func isPublished(_ id: String = locatorID) -> Bool { folder.has("account/published/\(id)") }
    var isKeyDelivered: Bool { folder.has("account/keys/\(keyID)") }

    /// The account as another process finds it.
    func reopened() throws -> FolderAccount {
      try FolderAccount.open(folder["account"], now: { [clock] in clock.seconds.withLock { $0 } })
    }
  }

  @Test func `a locator that waits for its files is published once they are there, and not before`()
    async throws
  {
    let world = try await World()
    let account = world.account
    let film = try world.make(.asset, "empty", ["container": "empty", "storageAccountName": "main"])
    try await account.create(film)
    let key = Data(repeating: 9, count: 16).base64EncodedString()
    let open = try world.make(
      .streamingLocator, "open",
      [
        "assetName": "empty", "streamingLocatorId": .string(Self.locatorID),
        "streamingPolicyName": "Predefined_ClearStreamingOnly",
      ])
    let encrypted = try world.make(
      .streamingLocator, "encrypted",
      [
        "assetName": "empty", "streamingLocatorId": "10000000-0000-0000-0000-000000000002",
        "streamingPolicyName": "Predefined_ClearKey",
        "contentKeys": [
          [
            "id": .string(Self.keyID), "labelReferenceInStreamingPolicy": "clearKeyDefault",
            "value": .string(key),
          ]
        ],
      ])
    try await account.create(open)
    try await account.create(encrypted)
    #expect(!world.isPublished() && !world.isPublished("10000000-0000-0000-0000-000000000002"))
    #expect(try await account.settle().problems == [])
    #expect(try await account.unfinished() == [])
    #expect(try await account.publicationProblems() == [])
    // A power cut: the index is made anew, and still knows.
    try FileManager.default.removeItem(atPath: world.folder["account/account/index"])
    let reopened = try world.reopened()
    try await reopened.recover()
    #expect(try await reopened.unfinished() == [])
    // Clear media comes: the clear locator is published, the encrypted one keeps waiting.
    try world.folder.write("clear", to: "account/storage/main/empty/a.ts")
    #expect(try await reopened.settle().changed.map(\.name) == ["open"])
    #expect(world.isPublished() && !world.isPublished("10000000-0000-0000-0000-000000000002"))
    #expect(try await reopened.publicationProblems().count == 1)
    // From then on it is a locator like any other; one that waits keeps no content back.
    let source = try TemporaryFolder()
    try source.write("more", to: "film/b.ts")
    let opened = try RootedFolder.open(source["film"])
    let inventory = try ContentScan.inventory(of: opened)
    try await reopened.replaceContent(of: film, for: []) { stage in
      _ = try ContentTransfer(source: .folder(opened), stage: stage).copy(inventory)
    }
    #expect(world.folder.has("account/published/\(Self.locatorID)/b.ts"))
    #expect(!world.isPublished("10000000-0000-0000-0000-000000000002"))
    try await reopened.delete(encrypted.id)
    #expect(try await reopened.publicationProblems() == [])
  }

  @Test func `a locator is published while its time lasts`() async throws {
    let world = try await World()
    let id = Self.locatorID
    try await world.account.create(
      world.locator(["startTime": "1970-01-12T13:46:50Z", "endTime": "1970-01-12T13:47:00Z"]))
    #expect(!world.isPublished())
    world.clock.set(1_000_010)
    #expect(try await world.account.settle().changed.map(\.name) == ["film"])
    #expect(world.isPublished(id))
    #expect(try await world.account.settle().changed.isEmpty)
    world.clock.set(1_000_020)
    #expect(try await world.account.settle().changed.count == 1)
    #expect(!world.isPublished(id))
    #expect(try await world.account.publicationProblems() == [])
  }

  @Test func `what time changes is known without looking at locators again, and follows their changes`()
    async throws
  {
    let world = try await World()
    var times = PublicationTimes()
    try times.update(from: world.account)
    #expect(!times.hasTurn(after: .min, until: .max))
    try await world.account.create(world.locator(["startTime": "1970-01-12T13:46:50Z"]))
    try times.update(from: world.account)
    #expect(times.hasTurn(after: 1_000_009, until: 1_000_010))
    #expect(!times.hasTurn(after: 1_000_010, until: .max) && !times.hasTurn(after: 0, until: 1_000_009))
    // Another form of the same locator, with other times.
    try await world.account.replace(
      world.locator(["startTime": "1970-01-12T13:46:51Z", "endTime": "1970-01-12T13:47:00Z"]))
    try times.update(from: world.account)
    #expect(!times.hasTurn(after: 0, until: 1_000_010))
    #expect(times.hasTurn(after: 1_000_010, until: 1_000_011))
    #expect(times.hasTurn(after: 1_000_019, until: 1_000_020))
    world.clock.set(1_000_030)
    #expect(try await world.account.settle().changed.isEmpty, "it began and ended while nobody looked")
    try times.update(from: world.account)
    #expect(!times.hasTurn(after: .min, until: .max))
  }

  @Test func `a locator that cannot be settled keeps no other one back`() async throws {
    let world = try await World()
    let times: JSONObject = ["startTime": "1970-01-12T13:46:50Z"]
    let other = "10000000-0000-0000-0000-000000000002"
    try await world.account.create(world.locator(times))
    try await world.account.create(world.locator(times, name: "second", id: other))
    try world.folder.write(
      "{\"name\":\"film\",\"properties\":{\"assetName\":\"gone\",\"streamingLocatorId\":\"\(Self.locatorID)\"}}",
      to: "account/account/streaming-locators/film.json")
    world.clock.set(1_000_010)
    let settlement = try await world.account.settle()
    #expect(settlement.changed.map(\.name) == ["second"])
    #expect(settlement.problems.count == 1 && settlement.problems[0].contains("locator/film"))
  }

  @Test func `a key is delivered only while every locator that has it lets anybody have it`() async throws {
    let world = try await World()
    let other = "10000000-0000-0000-0000-000000000002"
    try await world.account.create(world.locator(world.keys("open")))
    #expect(world.isKeyDelivered)
    try await world.account.create(world.locator(world.keys("tokens"), name: "second", id: other))
    #expect(!world.isKeyDelivered)
    #expect(try await world.account.locatorsNeedingKeyServer().map(\.name).contains("second"))
    try await world.account.delete(world.locator(name: "second", id: other).id)
    #expect(world.isKeyDelivered)
    try await world.account.delete(world.locator().id)
    #expect(!world.isKeyDelivered)
    #expect(try await world.account.publicationProblems() == [])
  }

  @Test func `a policy that is tightened takes its keys away, wherever it is named`() async throws {
    let world = try await World()
    try await world.account.create(world.locator(world.keys("open")))
    try await world.account.replace(world.policy("open", isOpen: false))
    #expect(!world.isKeyDelivered)
    try await world.account.replace(world.policy("open", isOpen: true))
    #expect(world.isKeyDelivered)
    let streaming = try world.make(
      .streamingPolicy, "named",
      ["defaultContentKeyPolicyName": "open", "noEncryption": ["enabledProtocols": ["hls": true]]])
    try await world.account.create(streaming)
    var more = world.keys("open")
    more["defaultContentKeyPolicyName"] = nil
    more["streamingPolicyName"] = "named"
    try await world.account.replace(world.locator(more))
    #expect(world.isKeyDelivered)
    try await world.account.replace(world.policy("open", isOpen: false))
    #expect(!world.isKeyDelivered)
    await #expect(throws: AccountError.self) { try await world.account.delete(streaming.id) }
  }

  @Test func `one content key id has one value`() async throws {
    let world = try await World()
    try await world.account.create(world.locator(world.keys("open")))
    let wrong = Data(repeating: 8, count: 16).base64EncodedString()
    let other = try world.locator(
      world.keys("open", value: wrong), name: "second", id: "10000000-0000-0000-0000-000000000002")
    await #expect(throws: AccountError.self) { try await world.account.create(other) }
    #expect(try await world.account.read(other.id) == nil)
    #expect(
      FileManager.default.contents(atPath: world.folder["account/keys/\(Self.keyID)"])
        == Data(repeating: 7, count: 16))
  }

  @Test func `content changes all at once, and what is published follows`() async throws {
    let world = try await World()
    try await world.account.create(world.locator())
    try await world.content(["a.ts": "one", "c.ts": "three"])
    let published = try RootedFolder.open(world.folder["account/published/\(Self.locatorID)"])
    #expect(try published.list().map(\.path) == ["a.ts", "c.ts"])
    #expect(try world.folder.read("account/storage/main/film/c.ts") == "three")
    #expect(!world.folder.has("account/storage/main/.lockstep-film"))
    #expect(try await world.account.publicationProblems() == [])
  }

  @Test func `a file may become a folder, and a folder a file, while it is published`() async throws {
    let world = try await World()
    try await world.account.create(world.locator())
    let published = try RootedFolder.open(world.folder["account/published/\(Self.locatorID)"])
    for files in [["a": "x"], ["a/b.mp4": "y", "a/c/d.mp4": "z"], ["a/c": "file"], ["a": "again"]] {
      try await world.content(files)
      #expect(try published.list(recursively: true).map(\.path) == files.keys.sorted())
      #expect(try await world.account.publicationProblems() == [])
    }
  }

  @Test func `new files are judged by the form that a locator is about to have`() async throws {
    let world = try await World()
    try await world.account.create(world.locator(world.keys("open")))
    var encrypted = world.keys("open")
    encrypted["streamingPolicyName"] = "Predefined_ClearKey"
    let coming = try world.locator(encrypted)
    await #expect(throws: AccountError.self) {
      try await world.account.replaceContent(of: world.asset, for: [coming]) { stage in
        guard case .folder(let folder, _) = stage else { return }
        try folder.create("new.ts", [1, 2, 3], mode: 0o644)
      }
    }
    #expect(
      world.folder.has("account/storage/main/film/a.ts")
        && !world.folder.has("account/storage/main/film/new.ts"))
    #expect(!world.folder.has("account/storage/main/.lockstep-film"))
    #expect(try await world.account.unfinished().isEmpty)
  }

  @Test(arguments: [true, false])
  func `a swap of content that was cut off leaves the old state or the new one`(isAside: Bool) async throws {
    let world = try await World()
    try await world.account.create(world.locator())
    let storage = world.folder["account/storage/main"]
    try world.folder.write("new", to: "account/storage/main/.lockstep-film/a.ts")
    _ = try world.account.index.noteSwap(of: "storage/main/film")
    if isAside {
      try FileManager.default.moveItem(atPath: storage + "/film", toPath: storage + "/.lockstep-old-film")
    }
    let account = try world.reopened()
    try await account.recover()
    #expect(try FileManager.default.contentsOfDirectory(atPath: storage) == ["film"])
    #expect(try world.folder.read("account/storage/main/film/a.ts") == (isAside ? "new" : "one"))
  }

  @Test func `storage that is not there is no deletion`() async throws {
    let world = try await World()
    try FileManager.default.removeItem(atPath: world.folder["account/storage/main"])
    let listed = try await world.account.list(.content)
    #expect(listed.count == 1)
    await #expect(throws: AccountError.self) { try await world.account.read(listed[0]) }
  }

  @Test func `the index is made anew from the documents when it is gone or may be stale`() async throws {
    for damage in ["rm -r INDEX", "printf 'boot of yesterday\n' > INDEX/state"] {
      let world = try await World()
      try await world.account.create(world.locator(world.keys("open")))
      try await world.account.flush()
      let index = world.folder["account/account/index"]
      try Program.run("sh", ["-c", damage.replacingOccurrences(of: "INDEX", with: index)])
      let account = try world.reopened()
      try await account.recover()
      try await account.replace(world.policy("open", isOpen: false))
      #expect(!world.isKeyDelivered, "\(damage)")
      await #expect(throws: AccountError.self) { try await account.delete(world.asset.id) }
    }
  }

  @Test func `what was cut off is brought to its end`() async throws {
    let world = try await World()
    try await world.account.create(world.locator(world.keys("open")))
    // A run that was killed right after it wrote the locator's new form: another id, and no key.
    let new = "10000000-0000-0000-0000-000000000009"
    try world.account.index.notePending([(world.locator().id, world.locator(world.keys("open")))])
    try world.account.write(world.locator(id: new))
    try world.folder.write("secret", to: "account/account/staging/left")
    let account = try world.reopened()
    try await account.recover()
    #expect(world.isPublished(new) && !world.isPublished())
    #expect(!world.isKeyDelivered)
    #expect(!world.folder.has("account/account/staging/left"))
    #expect(try await account.publicationProblems() == [])
  }

  @Test func `verification names what is missing and what is too much`() async throws {
    let world = try await World()
    try await world.account.create(world.locator(world.keys("tokens")))
    try world.folder.write("x", to: "account/published/\(Self.locatorID)/master.mp4")
    try world.folder.write("x", to: "account/published/stray/f")
    try world.folder.write("x", to: "account/keys/\(Self.keyID)")
    let problems = try await world.account.publicationProblems()
    for word in [
      "master.mp4 must not be published", "published/stray belongs to no locator", "must not be delivered",
    ] {
      #expect(problems.contains { $0.contains(word) }, "\(word): \(problems)")
    }
    try FileManager.default.removeItem(atPath: world.folder["account/published/\(Self.locatorID)/a.ts"])
    #expect(try await world.account.publicationProblems().contains { $0.contains("a.ts is missing") })
  }

  @Test func `a document under another name is refused`() async throws {
    let world = try await World()
    try world.folder.write(
      String(decoding: world.asset.canonicalBytes(), as: UTF8.self), to: "account/account/assets/copy.json")
    let listed = try await world.account.list(.asset)
    let copy = try #require(listed.first { $0.key.hasSuffix("copy.json") })
    await #expect(throws: AccountError.self) { try await world.account.read(copy) }
  }
}

import CanonicalJSON
import LiveAccount
import MediaResources
import Support
import Synchronization
import Testing

@testable import MediaServicesAccount

/// Assets and their containers: what is known to go wrong with the real services.
///
/// Each test names the trap's number in the list of facts.
@Suite struct AssetTrapTests {
  @Test func `14: the container of an asset is kept where the service can keep it, else the plan says so`()
    async throws
  {
    let service = try ServiceStandIn()
    try await service.control(["flavour": "mkio"])
    let account = try service.account("mkio")
    let asset = try Samples.asset("film")
    try await account.create(asset)
    try await Samples.expect(asset, in: account)
    try await account.delete(asset.id)
    #expect(try await service.state()["gone"] == [])
    #expect(account.capabilities.containerDeletion == .asAssetSays)
    #expect(try service.account().capabilities.containerDeletion == .deleted)
  }

  @Test func `14: an asset is not taken away under its locators`() async throws {
    let service = try ServiceStandIn()
    let account = try service.account()
    try await account.create(Samples.asset("film"))
    try await account.create(Samples.locator("one", of: "film", number: 1))
    let error = await #expect(throws: AccountError.self) {
      try await account.delete(ResourceID(kind: .asset, assetName: nil, name: "film"))
    }
    #expect(error?.message.contains("locator/one") == true)
    #expect(try await service.state()["gone"] == [])
  }

  @Test func `15, 16: a container of two assets is explained, and what the service named is read anew`()
    async throws
  {
    let service = try ServiceStandIn()
    let account = try service.account()
    try await account.create(Samples.asset("film"))
    let error = await #expect(throws: AccountError.self) {
      try await account.create(Samples.asset("other", container: "film"))
    }
    #expect(error?.hint?.contains("container belongs to one asset") == true)
    let nameless = try Samples.resource(.asset, "nameless", ["description": "x"])
    try await account.create(nameless)
    let document = try #require(try await account.read(nameless.id))
    #expect(document["properties"]?["container"]?.stringValue?.hasPrefix("asset-") == true)
  }

  @Test func `27: an asset that is encrypted in storage is named`() async throws {
    let service = try ServiceStandIn()
    let said = Mutex<[String]>([])
    let account = try service.account { line in said.withLock { $0.append(line) } }
    try await account.create(Samples.asset("film"))
    try await service.control([
      "set": [
        [
          "kind": "assets", "name": "film",
          "properties": ["storageEncryptionFormat": "MediaStorageClientEncryption"],
        ]
      ]
    ])
    _ = try await account.list(.asset)
    _ = try await account.list(.asset)
    #expect(said.withLock { $0.count } == 1)
    #expect(said.withLock { $0.first }?.contains("asset/film") == true)
  }
}

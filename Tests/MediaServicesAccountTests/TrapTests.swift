import CanonicalJSON
import Foundation
import LiveAccount
import MediaResources
import Planning
import Support
import Synchronization
import Testing

@testable import MediaServicesAccount

/// What is known to go wrong with the real services; each test names the trap's number in the list of facts.
@Suite struct TrapTests {
  private func asked(_ service: ServiceStandIn) async throws -> [String] {
    (try await service.state()["seen"]?.arrayValue ?? []).compactMap(\.stringValue)
  }

  private func step(_ live: Resource?, _ wanted: Resource?) throws -> PlanStep {
    let id = try #require(live ?? wanted).id
    let action: PlanStep.Action = live == nil ? .create : wanted == nil ? .delete : .replace
    return PlanStep(action: action, change: ResourceChange(id: id, live: live, wanted: wanted), phase: 1)
  }

  @Test func `1: secrets are asked for by their own request, and only where there may be some`() async throws
  {
    let service = try ServiceStandIn()
    let account = try service.account()
    try await account.create(Samples.asset("film"))
    try await account.create(Samples.locator("clear", of: "film", number: 1))
    try await account.create(
      Samples.locator(
        "keys", of: "film", number: 2, policy: "Predefined_ClearKey", keys: [Samples.key("clearKeyDefault")]))
    try await account.create(Samples.resource(.contentKeyPolicy, "tokens", Samples.tokenPolicy("c2VjcmV0")))
    try await account.create(
      Samples.resource(
        .contentKeyPolicy, "open",
        [
          "options": [
            [
              "configuration": ["@odata.type": "#Microsoft.Media.ContentKeyPolicyClearKeyConfiguration"],
              "restriction": ["@odata.type": "#Microsoft.Media.ContentKeyPolicyOpenRestriction"],
            ]
          ]
        ]))
    try await service.control(["forget": true])
    for kind in [ResourceKind.streamingLocator, .contentKeyPolicy] {
      for item in try await account.list(kind, for: ListingPurpose { _ in true }) { _ = try await account.read(item) }
    }
    let state = try await service.state()
    #expect(state["requests"]?["writes"]?.int64Value == 2)
    #expect(state["requests"]?["reads"]?.int64Value == 2)
  }

  @Test(arguments: ["absent", "null", "empty"])
  func `2: a policy whose secrets are redacted is never taken for the policy`(_ redaction: String)
    async throws
  {
    let service = try ServiceStandIn()
    try await service.control(["redaction": .string(redaction)])
    let account = try service.account()
    let policy = try Samples.resource(.contentKeyPolicy, "tokens", Samples.tokenPolicy("c2VjcmV0"))
    try await account.create(policy)
    try await Samples.expect(policy, in: account)
    try await service.control(["withhold": true])
    let error = await #expect(throws: AccountError.self) { _ = try await account.read(policy.id) }
    #expect(error?.message.contains("withholds") == true)
    #expect(error?.hint?.contains("Contributor") == true)
  }

  @Test func `3: a list shows no content keys, and what is read has them`() async throws {
    let service = try ServiceStandIn()
    let account = try service.account()
    try await account.create(Samples.asset("film"))
    let locator = try Samples.locator(
      "keys", of: "film", number: 2, policy: "Predefined_ClearKey", keys: [Samples.key("clearKeyDefault")])
    try await account.create(locator)
    let item = try #require(try await account.list(.streamingLocator, for: ListingPurpose { _ in true }).first)
    let document = try #require(try await account.read(item))
    #expect(try Equivalence.equal(NormalForm.normalise(document, kind: .streamingLocator), locator))
  }

  @Test func `4: a write that changes nothing is not made`() async throws {
    let service = try ServiceStandIn()
    let account = try service.account()
    let policy = try Samples.resource(.contentKeyPolicy, "tokens", Samples.tokenPolicy("c2VjcmV0"))
    try await account.create(policy)
    try await account.replace(policy)
    let effects = try await service.state()["effects"]?.arrayValue ?? []
    #expect(effects.count == 1)
  }

  @Test
  func `5: a locator is replaced under its id with its keys, and comes back where the new form is refused`()
    async throws
  {
    let service = try ServiceStandIn()
    let account = try service.account()
    try await account.create(Samples.asset("film"))
    let keys = [Samples.key("clearKeyDefault")]
    let old = try Samples.locator("one", of: "film", number: 1, policy: "Predefined_ClearKey", keys: keys)
    try await account.create(old)
    var new = old
    new.properties["alternativeMediaId"] = "x"
    try await account.replace(new)
    try await Samples.expect(new, in: account)
    var refused = old
    refused.properties["filters"] = ["nobody knows it"]
    let error = await #expect(throws: AccountError.self) { try await account.replace(refused) }
    #expect(error?.message.contains("brought back") == true)
    try await Samples.expect(new, in: account)
  }

  @Test func `6: a locator without its keys is refused before the service makes some up`() async throws {
    let service = try ServiceStandIn()
    let account = try service.account()
    try await account.create(Samples.asset("film"))
    try await account.create(Samples.resource(.streamingPolicy, "cenc", Samples.cencPolicy))
    let locator = try Samples.locator("one", of: "film", number: 1, policy: "cenc")
    let error = await #expect(throws: AccountError.self) { try await account.create(locator) }
    #expect(error?.message.contains("key one") == true)
    let predefined = try Samples.locator("two", of: "film", number: 2, policy: "Predefined_ClearKey")
    #expect(account.obstacles(to: try step(nil, predefined)).count == 1)
    #expect(try await service.state()["items"]?["streamingLocators"] == [:])
  }

  @Test func `7: a content key id that another asset has is explained`() async throws {
    let service = try ServiceStandIn()
    let account = try service.account()
    for (number, film) in ["a", "b"].enumerated() {
      try await account.create(Samples.asset(film))
      let locator = try Samples.locator(
        film, of: film, number: number, policy: "Predefined_ClearKey", keys: [Samples.key("clearKeyDefault")])
      if number == 0 {
        try await account.create(locator)
      } else {
        let error = await #expect(throws: AccountError.self) { try await account.create(locator) }
        #expect(error?.message.contains("already exists") == true)
        #expect(error?.hint?.contains("one asset") == true)
      }
    }
  }

  @Test func `8: 64-bit timestamps arrive digit for digit, and a profile with 32 bits refuses them`()
    async throws
  {
    let service = try ServiceStandIn()
    let account = try service.account()
    let filter = try Samples.resource(.accountFilter, "f", Samples.range)
    try await account.create(filter)
    try await Samples.expect(filter, in: account)
    let narrow = try service.account("mkio")
    #expect(narrow.obstacles(to: try step(nil, filter)).first?.contains("9223372036854775807") == true)
    await #expect(throws: AccountError.self) { try await narrow.create(filter) }
  }

  @Test
  func
    `9, 10, 11, 12: key values, GUIDs, times and the order of keys survive what the service makes of them`()
    async throws
  {
    let service = try ServiceStandIn()
    let account = try service.account()
    try await account.create(Samples.asset("film"))
    var locator = try Samples.locator(
      "one", of: "film", number: 1, policy: "Predefined_MultiDrmStreaming",
      keys: [
        Samples.key("cencKeyDefault", id: "A0000000-0000-0000-0000-00000000000A", value: "dmFsdWG="),
        Samples.key("cbcsKeyDefault", id: "A0000000-0000-0000-0000-00000000000B", value: "dmFsdWQ="),
      ])
    locator.properties["startTime"] = "2018-03-29T10:00:00.000Z"
    locator.properties["endTime"] = "9999-12-31T23:59:59.9999999Z"
    locator = try NormalForm.normalise(locator)
    try await account.create(locator)
    try await Samples.expect(locator, in: account)
    let document = try #require(try await account.read(locator.id))
    let values = document["properties"]?["contentKeys"]?.arrayValue?.compactMap { $0["value"]?.stringValue }
    #expect(values.map(Set.init) == ["dmFsdWG=", "dmFsdWQ="])
  }

  @Test func `13: predefined policies are no resources, and can be referred to`() async throws {
    let service = try ServiceStandIn()
    let account = try service.account()
    #expect(try await account.list(.streamingPolicy).isEmpty)
    #expect(try await account.isEmpty())
    #expect(try await account.policy("Predefined_ClearKey")?.isEncrypting == true)
  }

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

  @Test func `19, 21: a plan whose filter or policy is not there is refused, since services may not look`()
    throws
  {
    struct Empty: PlanContext {
      func live(_ id: ResourceID) throws -> Resource? { nil }
      func wanted(_ id: ResourceID) throws -> Resource? {
        id.kind == .asset ? try Samples.asset(id.name) : nil
      }
      func liveCount(_ kind: ResourceKind, enough: Int) throws -> Int { 0 }
    }
    var locator = try Samples.locator("one", of: "film", number: 1)
    locator.properties["filters"] = ["gone"]
    let policy = try Samples.resource(.streamingPolicy, "cenc", Samples.cencPolicy)
    let changes = [locator, policy].map { ResourceChange(id: $0.id, live: nil, wanted: $0) }
    let findings = try Soundness.findings(changes, in: Empty()).map(\.message)
    #expect(
      findings == [
        "there is no asset-filter/film/gone or account-filter/gone", "there is no content-key-policy/tokens",
      ])
  }

  @Test func `29: names of properties count in any case`() async throws {
    let service = try ServiceStandIn()
    let account = try service.account()
    try await service.control([
      "make": [
        [
          "body": [
            "properties": ["FirstQuality": ["BITRATE": 1], "presentationtimerange": ["TimeScale": 1]]
          ],
          "kind": "accountFilters", "name": "f",
        ]
      ]
    ])
    try await Samples.expect(
      Samples.resource(
        .accountFilter, "f", ["firstQuality": ["bitrate": 1], "presentationTimeRange": ["timescale": 1]]),
      in: account)
  }

  @Test func `20: what an account has no room for waits until something went`() throws {
    struct Full: PlanContext {
      func live(_ id: ResourceID) throws -> Resource? { nil }
      func wanted(_ id: ResourceID) throws -> Resource? { nil }
      func liveCount(_ kind: ResourceKind, enough: Int) throws -> Int { 100 }
      func limit(of kind: ResourceKind) -> Int? { 100 }
      func liveCount(_ kind: ResourceKind, ofAsset asset: String) throws -> Int { asset == "full" ? 100 : 99 }
    }
    for (asset, first) in [("full", PlanStep.Action.delete), ("roomy", .create)] {
      let old = try Samples.locator("old", of: asset, number: 1)
      let new = try Samples.locator("new", of: asset, number: 2)
      let plan = try Planner.plan(
        [
          ResourceChange(id: old.id, live: old, wanted: nil),
          ResourceChange(id: new.id, live: nil, wanted: new),
        ], in: Full(), forced: [.deletions])
      #expect(plan.steps.first?.action == first)
    }
  }

  @Test
  func `22: links to the next page are followed verbatim, relative ones too, and never to another host`()
    async throws
  {
    let service = try ServiceStandIn()
    for flavour in ["azure", "mkio"] {
      try await service.control(["reset": true, "flavour": .string(flavour)])
      let account = try service.account(flavour)
      for number in 0..<10 {
        try await account.create(
          Samples.resource(.accountFilter, "f \(number)", ["firstQuality": ["bitrate": 1]]))
      }
      try await service.control(["forget": true])
      #expect(try await account.list(.accountFilter).count == 10)
      #expect(try await asked(service).count == 4)
    }
    try await service.control(["nextLink": "https://elsewhere.example/next"])
    let error = await #expect(throws: AccountError.self) {
      _ = try await service.account().list(.accountFilter)
    }
    #expect(error?.message.contains("elsewhere.example") == true)
    try await service.control(["nextLink": .null, "total": 99])
    await #expect(throws: AccountError.self) { _ = try await service.account("mkio").list(.accountFilter) }
  }

  @Test func `22: what a moving list missed is not taken for removed`() async throws {
    let service = try ServiceStandIn()
    let account = try service.account()
    let asset = try Samples.asset("film")
    try await account.create(asset)
    try await service.control(["skipOnce": ["assets", "film"]])
    #expect(try await account.list(.asset).isEmpty)
    #expect(try await account.stillHolds(asset.id))
    try await account.delete(asset.id)
    #expect(try await !account.stillHolds(asset.id))
  }

  @Test func `23: a long operation that succeeds carries an error without meaning`() async throws {
    let service = try ServiceStandIn()
    let account = try service.account()
    try await account.create(Samples.asset("film"))
    let track = try Samples.resource(
      .assetTrack, "t",
      ["track": ["@odata.type": "#Microsoft.Media.TextTrack", "displayName": "x", "fileName": "x.vtt"]],
      of: "film")
    try await account.create(track)
    try await Samples.expect(track, in: account)
    #expect(try await asked(service).filter { $0.contains("operationStatuses") }.count == 2)
    try await account.delete(track.id)
    #expect(try await account.list(.assetTrack).isEmpty)
  }

  @Test func `26: what the API shows as unknown is read, and never written back`() async throws {
    let service = try ServiceStandIn()
    let account = try service.account()
    let policy = try Samples.resource(
      .contentKeyPolicy, "new",
      [
        "options": [
          [
            "configuration": ["@odata.type": "#Microsoft.Media.ContentKeyPolicyUnknownConfiguration"],
            "name": "from the future",
            "restriction": ["@odata.type": "#Microsoft.Media.ContentKeyPolicyOpenRestriction"],
          ]
        ]
      ])
    #expect(account.obstacles(to: try step(nil, policy)).first?.contains("from the future") == true)
    await #expect(throws: AccountError.self) { try await account.create(policy) }
    try await service.control([
      "make": [
        ["body": ["properties": .object(policy.properties)], "kind": "contentKeyPolicies", "name": "new"]
      ]
    ])
    try await Samples.expect(policy, in: account)
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

  @Test func `28: a certificate that was sent as PEM and comes back as DER is the same`() async throws {
    let service = try ServiceStandIn()
    let account = try service.account()
    let der = [UInt8](0...99)
    let pem =
      "-----BEGIN CERTIFICATE-----\n\(Base64.encode(Array(der[..<48])))\n\(Base64.encode(Array(der[48...])))\n"
      + "-----END CERTIFICATE-----\n"
    func key(_ body: String) -> JSONValue {
      ["@odata.type": "#Microsoft.Media.ContentKeyPolicyX509CertificateTokenKey", "rawBody": .string(body)]
    }
    let policy = try Samples.resource(
      .contentKeyPolicy, "cert", Samples.tokenPolicy(key(Base64.encode(Array(pem.utf8)))))
    try await account.create(policy)
    try await Samples.expect(policy, in: account)
    let other = try Samples.resource(
      .contentKeyPolicy, "cert", Samples.tokenPolicy(key(Base64.encode([1, 2, 3]))))
    #expect(!Equivalence.equal(policy, other))
  }

  @Test func `30: names of any characters are asked for as they are`() async throws {
    let service = try ServiceStandIn()
    let account = try service.account()
    let names = [
      "Ein Film é", "Ein Film e\u{301}", "a#b|\"c\"", "ä;,=@!$()[]{}~^`", "FILM", "film",
      String(repeating: "ü", count: 260),
    ]
    for (number, name) in names.enumerated() {
      let asset = try Samples.asset(name, container: "c\(number)")
      try await account.create(asset)
      try await Samples.expect(asset, in: account)
    }
    let listed = try await account.list(.asset)
    #expect(Set(listed.map(\.key)).count == names.count)
    for item in listed { #expect(try await account.read(item) != nil) }
  }

  @Test func `33: content keys carry type and policy to MK.IO, and to no other service`() async throws {
    let service = try ServiceStandIn()
    for flavour in ["mkio", "azure"] {
      try await service.control(["reset": true, "flavour": .string(flavour)])
      let account = try service.account(flavour)
      try await account.create(Samples.resource(.contentKeyPolicy, "tokens", Samples.tokenPolicy("c2VjcmV0")))
      try await account.create(Samples.resource(.streamingPolicy, "cenc", Samples.cencPolicy))
      try await account.create(Samples.asset("film"))
      let locator = try Samples.locator(
        "one", of: "film", number: 1, policy: "cenc", keys: [Samples.key("key one")])
      try await account.create(locator)
      try await Samples.expect(locator, in: account)
      let keys = try await service.state()["items"]?["streamingLocators"]?["one"]?["properties"]?[
        "contentKeys"]
      let key = keys?.arrayValue?.first
      #expect(key?["type"]?.stringValue == (flavour == "mkio" ? "CommonEncryptionCenc" : nil))
      #expect(key?["policyName"]?.stringValue == (flavour == "mkio" ? "tokens" : nil))
    }
  }
}

import CanonicalJSON
import LiveAccount
import MediaResources
import Planning
import Support
import Testing

@testable import MediaServicesAccount

/// Locators, their keys and their policies: what is known to go wrong with the real services.
///
/// Each test names the trap's number in the list of facts.
@Suite struct LocatorTrapTests {
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
    locator.properties["defaultContentKeyPolicyName"] = "tokens"
    // What a streaming policy names need not be there: services look when a locator is made.
    let policy = try Samples.resource(.streamingPolicy, "cenc", Samples.cencPolicy)
    let changes = [locator, policy].map { ResourceChange(id: $0.id, live: nil, wanted: $0) }
    let findings = try Soundness.findings(changes, in: Empty()).map(\.message)
    #expect(
      Set(findings) == [
        "there is no asset-filter/film/gone or account-filter/gone", "there is no content-key-policy/tokens",
      ] && findings.count == 2, "\(findings)")
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
}

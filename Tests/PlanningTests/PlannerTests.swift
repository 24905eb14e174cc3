import CanonicalJSON
import MediaResources
import Testing

@testable import Planning

/// Plans by themselves: order and guards, without any account.
@Suite struct PlannerTests {
  private func resource(_ kind: ResourceKind, _ name: String, _ properties: JSONObject = [:]) throws
    -> Resource
  {
    try Resource(document: ["name": .string(name), "properties": .object(properties)], kind: kind)
  }

  /// Two resource sets of which only what differs is known.
  private struct Sets: PlanContext {
    let changes: [ResourceChange]
    let count: Int
    var losesContainers = false

    func losesContainer(_ asset: Resource) -> Bool { losesContainers }
    func live(_ id: ResourceID) -> Resource? { changes.first { $0.id == id }?.live }
    func wanted(_ id: ResourceID) -> Resource? { changes.first { $0.id == id }?.wanted }
    func liveCount(_ kind: ResourceKind, enough: Int) -> Int { count }
  }

  private func plan(
    _ changes: [ResourceChange], counts: Int = 1_000, forced: Set<GuardRefusal.Guard> = []
  ) throws -> Plan {
    try Planner.plan(changes, in: Sets(changes: changes, count: counts), forced: forced)
  }

  private func findings(_ changes: [ResourceChange]) throws -> [String] {
    try Soundness.findings(changes, in: Sets(changes: changes, count: 1)).map(\.message)
  }

  private func create(_ resource: Resource) -> ResourceChange {
    ResourceChange(id: resource.id, live: nil, wanted: resource)
  }
  private func delete(_ resource: Resource) -> ResourceChange {
    ResourceChange(id: resource.id, live: resource, wanted: nil)
  }

  @Test func `what is needed comes first, and goes last`() throws {
    let all = try [
      resource(.streamingLocator, "l"), resource(.content, "a"), resource(.asset, "a"),
      resource(.accountFilter, "f"),
      resource(.contentKeyPolicy, "k"), resource(.streamingPolicy, "s"),
    ]
    let order = [
      "content-key-policy/k", "streaming-policy/s", "account-filter/f", "asset/a", "content/a", "locator/l",
    ]
    #expect(try plan(all.map(create)).steps.map(\.id.description) == order)
    #expect(try plan(all.map(delete)).steps.map(\.id.description) == order.reversed())
    #expect(try plan(all.map(create)).summary == "Plan: 6 to create, 0 to replace, 0 to delete.")
  }

  @Test func `a locator gives up its id before another one takes it`() throws {
    let old = try resource(.streamingLocator, "old", ["streamingLocatorId": "AA"])
    let new = try resource(.streamingLocator, "new", ["streamingLocatorId": "aa"])
    #expect(try plan([create(new), delete(old)]).steps.map(\.id.name) == ["old", "new"])
  }

  @Test(arguments: [(3, 10, false), (4, 10, true), (31, 100, true), (30, 100, false), (9, 9, false)])
  func `more than 30 percent of ten or more is refused`(deleted: Int, live: Int, isRefused: Bool) throws {
    let changes = try (0..<deleted).map { try delete(resource(.accountFilter, "f\($0)")) }
    #expect(try plan(changes, counts: live).refusals.map(\.kind) == (isRefused ? [.deletions] : []))
    #expect(try plan(changes, counts: live, forced: [.deletions]).refusals == [])
  }

  @Test func `an asset with content is not deleted, and an asset never moves by itself`() throws {
    let asset = try resource(.asset, "a", ["container": "c"])
    let content = try resource(.content, "a", ["files": [["path": "f", "size": 1]]])
    let gone = try plan([delete(asset), delete(content)])
    #expect(gone.refusals.map(\.kind) == [.content])
    let moved = ResourceChange(
      id: asset.id, live: asset, wanted: try resource(.asset, "a", ["container": "d"]))
    #expect(try plan([moved]).refusals.map(\.kind) == [.assetReplacement])
    #expect(
      try plan([moved], forced: Set(GuardRefusal.Guard.allCases)).refusals.map(\.kind) == [.assetReplacement])
  }

  @Test func `an asset of which no files are known is not said to have content`() throws {
    let asset = try resource(.asset, "empty")
    let filled = try resource(.asset, "filled")
    let content = try resource(.content, "filled", ["files": [["path": "f", "size": 1]]])
    let changes = [delete(asset), delete(filled), delete(content)]
    let sets = Sets(changes: changes, count: 1, losesContainers: true)
    let refusals = try Planner.plan(changes, in: sets).refusals
    #expect(refusals.map(\.kind) == [.content, .content])
    #expect(refusals[0].message.hasPrefix("1 asset of which no files are known would be deleted: empty;"))
    #expect(refusals[1].message.hasPrefix("1 asset with content would be deleted or emptied: filled;"))
    #expect(try Planner.plan(changes, in: sets, forced: [.content]).refusals == [])
  }

  @Test func `invariant 4: identity never changes silently`() throws {
    let old = try resource(.streamingLocator, "l", ["streamingLocatorId": "AA"])
    let new = try resource(.streamingLocator, "l", ["streamingLocatorId": "BB"])
    let change = ResourceChange(id: old.id, live: old, wanted: new)
    #expect(try plan([change]).refusals.map(\.kind) == [.identity])
    #expect(try plan([change], forced: [.identity]).refusals == [])
    #expect(try plan([ResourceChange(id: old.id, live: old, wanted: old)]).isEmpty)
  }

  @Test func `an asset that takes over the container of another one is refused`() throws {
    let old = try resource(.asset, "old", ["container": "c", "storageAccountName": "s"])
    let new = try resource(.asset, "new", ["container": "c", "storageAccountName": "s"])
    #expect(try plan([delete(old), create(new)]).refusals.map(\.kind) == [.assetReplacement])
  }

  @Test func `a key id that moves to another locator with another value changes identity`() throws {
    func locator(_ name: String, _ value: String) throws -> Resource {
      try resource(.streamingLocator, name, ["contentKeys": [["id": "K", "value": .string(value)]]])
    }
    let old = try locator("old", "AAAA")
    #expect(try plan([delete(old), create(locator("new", "BBBB"))]).refusals.map(\.kind) == [.identity])
    #expect(try plan([delete(old), create(locator("new", "AAAA"))]).refusals == [])
  }

  @Test func `an asset is not deleted with its content, though its inventory stays behind`() throws {
    let asset = try resource(.asset, "a")
    let content = try resource(.content, "a", ["files": [["path": "f", "size": 1]]])
    let sets = Sets(changes: [ResourceChange(id: content.id, live: content, wanted: content)], count: 1)
    #expect(try Planner.plan([delete(asset)], in: sets).refusals.map(\.kind) == [.content])
    #expect(try Soundness.findings([delete(asset)], in: sets).count == 1)
  }

  @Test func `what no account can hold is found before a plan`() throws {
    let asset = try resource(.asset, "a", ["container": "c"])
    let locator = try resource(
      .streamingLocator, "l",
      [
        "assetName": "a", "streamingPolicyName": "Predefined_ClearKey",
        "contentKeys": [
          ["id": "00000000-0000-0000-0000-000000000001", "labelReferenceInStreamingPolicy": "x"]
        ],
      ])
    #expect(try findings([create(asset)]) == [])
    let both = try findings([create(asset), create(locator)])
    #expect(both.count == 1 && both[0].contains("the label x"), "\(both)")
    #expect(try findings([create(locator)]).contains("there is no asset/a"))
    let half = ResourceChange(id: asset.id, live: asset, wanted: asset)
    let twin = try resource(.streamingLocator, "m", ["assetName": "a", "streamingLocatorId": "AA"])
    let other = try resource(.streamingLocator, "n", ["assetName": "a", "streamingLocatorId": "aa"])
    #expect(try findings([half, create(twin), create(other)]).contains { $0.contains("same locator id") })
  }

  @Test
  func `trap 21: a streaming policy may name a content key policy that is not there, as the services let it`()
    throws
  {
    let policy = try resource(
      .streamingPolicy, "p",
      [
        "defaultContentKeyPolicyName": "notyet",
        "envelopeEncryption": ["contentKeys": ["defaultKey": ["label": "k", "policyName": "neither"]]],
      ])
    #expect(References.of(policy).map(\.property).sorted() == ["defaultContentKeyPolicyName", "policyName"])
    #expect(try findings([create(policy)]) == [])
    // A locator's is asked for.
    let locator = try resource(
      .streamingLocator, "l",
      ["assetName": "a", "streamingPolicyName": "p", "defaultContentKeyPolicyName": "notyet"])
    let asset = try resource(.asset, "a")
    #expect(
      try findings([create(policy), create(asset), create(locator)]) == [
        "there is no content-key-policy/notyet"
      ])
  }

  @Test func `an asset that would lose all its files is guarded`() throws {
    let content = try resource(.content, "a", ["files": [["path": "f", "size": 1]]])
    #expect(try plan([delete(content)]).refusals.map(\.kind) == [.content])
    #expect(try plan([delete(content)], forced: [.content]).refusals == [])
  }

  @Test func `a locator whose files change goes before they do`() throws {
    let locator = try resource(.streamingLocator, "l", ["assetName": "a"])
    let old = try resource(.content, "a", ["files": [["path": "f", "size": 1]]])
    let new = try resource(.content, "a", ["files": [["path": "g", "size": 1]]])
    let change = ResourceChange(id: old.id, live: old, wanted: new)
    #expect(try plan([change, delete(locator)]).steps.map(\.id.kind) == [.streamingLocator, .content])
  }

  /// A service that holds two of a kind at once, and keeps streaming policies that locators use.
  private struct Service: PlanContext {
    let live: [Resource]

    func live(_ id: ResourceID) -> Resource? { live.first { $0.id == id } }
    func wanted(_ id: ResourceID) -> Resource? { nil }
    func liveCount(_ kind: ResourceKind, enough: Int) -> Int { live.count { $0.id.kind == kind } }
    func limit(of kind: ResourceKind) -> Int? { kind == .contentKeyPolicy ? nil : 2 }
    func liveCount(_ kind: ResourceKind, ofAsset asset: String) -> Int {
      live.count { $0.id.kind == kind && StreamingLocatorView($0).assetName == asset }
    }
    func locators(keeping policy: ResourceID) -> [ResourceID] {
      live.filter { StreamingLocatorView($0).streamingPolicyName == policy.name }.map(\.id)
    }
  }

  @Test func `what the account has no room for is refused with the numbers, unless somebody knows better`()
    throws
  {
    let there = try [
      resource(.accountFilter, "a"), resource(.accountFilter, "b"), resource(.streamingPolicy, "a"),
      resource(.streamingLocator, "a", ["assetName": "film"]),
      resource(.streamingLocator, "b", ["assetName": "film"]),
    ]
    let service = Service(live: there)
    func refused(_ changes: [ResourceChange], _ forced: Set<GuardRefusal.Guard> = []) throws -> [String] {
      try Planner.plan(changes, in: service, forced: forced).refusals.map {
        "\($0.kind.rawValue): \($0.message)"
      }
    }
    let filter = try create(resource(.accountFilter, "c"))
    #expect(
      try refused([filter])
        == ["limits: 3 account-filters would be there, and the account holds 2 at once"])
    #expect(try refused([filter], [.limits]) == [])
    #expect(try refused([filter, delete(there[0])]) == [], "what goes makes room")
    #expect(try refused([create(resource(.streamingPolicy, "b"))]) == [])
    #expect(
      try refused([create(resource(.streamingPolicy, "b")), create(resource(.streamingPolicy, "c"))]).count
        == 1)
    let locator = try create(resource(.streamingLocator, "c", ["assetName": "film"]))
    #expect(
      try refused([locator])
        == ["limits: of asset/film, 3 streaming-locators would be there, and the account holds 2 at once"])
    #expect(try refused([create(resource(.streamingLocator, "c", ["assetName": "other"]))]) == [])
    #expect(try refused([create(resource(.contentKeyPolicy, "a"))]) == [])
  }

  @Test func `a streaming policy is not replaced while locators use it, and those that go, go first`() throws
  {
    let old = try resource(.streamingPolicy, "p", ["noEncryption": [:]])
    let new = try resource(.streamingPolicy, "p", ["noEncryption": ["enabledProtocols": ["hls": true]]])
    let locators = try ["a", "b"].map { try resource(.streamingLocator, $0, ["streamingPolicyName": "p"]) }
    let change = ResourceChange(id: old.id, live: old, wanted: new)
    let service = Service(live: [old] + locators)
    let refusals = try Planner.plan([change], in: service).refusals
    #expect(refusals.map(\.kind) == [.policyInUse])
    #expect(refusals.first?.message.contains("locator/a, locator/b use it") == true)
    let free = try Planner.plan([change] + locators.map(delete), in: service)
    #expect(free.refusals.isEmpty)
    #expect(free.steps.map(\.id.description) == ["locator/a", "locator/b", "streaming-policy/p"])
    #expect(try plan([change]).refusals.isEmpty, "an account that replaces any")
  }
}

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

  private func plan(_ changes: [ResourceChange], counts: Int = 1_000, forced: Set<GuardRefusal.Guard> = [])
    -> Plan
  {
    Planner.plan(changes, forced: forced) { _, _ in counts }
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
    #expect(plan(all.map(create)).steps.map(\.id.description) == order)
    #expect(plan(all.map(delete)).steps.map(\.id.description) == order.reversed())
    #expect(plan(all.map(create)).summary == "Plan: 6 to create, 0 to replace, 0 to delete.")
  }

  @Test func `a locator gives up its id before another one takes it`() throws {
    let old = try resource(.streamingLocator, "old", ["streamingLocatorId": "AA"])
    let new = try resource(.streamingLocator, "new", ["streamingLocatorId": "aa"])
    #expect(plan([create(new), delete(old)]).steps.map(\.id.name) == ["old", "new"])
  }

  @Test(arguments: [(3, 10, false), (4, 10, true), (31, 100, true), (30, 100, false), (9, 9, false)])
  func `more than 30 percent of ten or more is refused`(deleted: Int, live: Int, isRefused: Bool) throws {
    let changes = try (0..<deleted).map { try delete(resource(.accountFilter, "f\($0)")) }
    #expect(plan(changes, counts: live).refusals.map(\.kind) == (isRefused ? [.deletions] : []))
    #expect(plan(changes, counts: live, forced: [.deletions]).refusals == [])
  }

  @Test func `an asset with content is not deleted, and an asset never moves by itself`() throws {
    let asset = try resource(.asset, "a", ["container": "c"])
    let content = try resource(.content, "a", ["files": [["path": "f", "size": 1]]])
    let gone = plan([delete(asset), delete(content)])
    #expect(gone.refusals.map(\.kind) == [.content])
    let moved = ResourceChange(
      id: asset.id, live: asset, wanted: try resource(.asset, "a", ["container": "d"]))
    #expect(plan([moved]).refusals.map(\.kind) == [.assetReplacement])
    #expect(
      plan([moved], forced: Set(GuardRefusal.Guard.allCases)).refusals.map(\.kind) == [.assetReplacement])
  }

  @Test func `invariant 4: identity never changes silently`() throws {
    let old = try resource(.streamingLocator, "l", ["streamingLocatorId": "AA"])
    let new = try resource(.streamingLocator, "l", ["streamingLocatorId": "BB"])
    let change = ResourceChange(id: old.id, live: old, wanted: new)
    #expect(plan([change]).refusals.map(\.kind) == [.identity])
    #expect(plan([change], forced: [.identity]).refusals == [])
    #expect(plan([ResourceChange(id: old.id, live: old, wanted: old)]).isEmpty)
  }
}

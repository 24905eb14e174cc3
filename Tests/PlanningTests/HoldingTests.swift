import CanonicalJSON
import MediaResources
import Testing

@testable import Planning

/// What is held back, and what with it.
@Suite struct HoldingTests {
  private func resource(_ kind: ResourceKind, _ name: String, _ properties: JSONObject = [:]) throws
    -> Resource
  {
    try Resource(document: ["name": .string(name), "properties": .object(properties)], kind: kind)
  }

  private func change(_ live: Resource?, _ wanted: Resource?) throws -> ResourceChange {
    ResourceChange(id: try #require((live ?? wanted)?.id), live: live, wanted: wanted)
  }

  private func held(_ changes: [ResourceChange], wrong: Resource) -> [String] {
    let finding = Finding(resource: wrong.id, pointer: "", message: "wrong")
    let (going, held) = Holding.part(changes, by: [finding])
    #expect(going.count + held.count == changes.count)
    #expect(held.allSatisfy { $0.root == ($0.id == wrong.id ? nil : wrong.id) })
    return held.map(\.id.description)
  }

  @Test func `what needs something goes only with it`() throws {
    let asset = try resource(.asset, "a")
    let content = try resource(.content, "a")
    let locator = try resource(.streamingLocator, "l", ["assetName": "a"])
    let other = try resource(.streamingLocator, "m", ["assetName": "b"])
    let all = try [asset, content, locator, other].map { try change(nil, $0) }
    #expect(held(all, wrong: asset) == ["asset/a", "content/a", "locator/l"])
    #expect(held(all, wrong: content) == ["content/a", "locator/l"])
    #expect(held(all, wrong: locator) == ["locator/l"])
    #expect(Holding.part(all, by: []).held == [])
  }

  @Test func `what a resource needs as it is stays as long as it does`() throws {
    let old = try resource(.streamingPolicy, "old")
    let live = try resource(.streamingLocator, "l", ["assetName": "a", "streamingPolicyName": "old"])
    let wanted = try resource(.streamingLocator, "l", ["assetName": "a", "streamingPolicyName": "new"])
    let new = try resource(.streamingPolicy, "new")
    let changes = try [change(old, nil), change(live, wanted), change(nil, new)]
    #expect(held(changes, wrong: wanted) == ["streaming-policy/old", "locator/l"])
  }

  @Test func `an id that is kept is given to nobody else`() throws {
    let live = try resource(.streamingLocator, "l", ["assetName": "a", "streamingLocatorId": "AA"])
    let wanted = try resource(.streamingLocator, "l", ["assetName": "a", "streamingLocatorId": "BB"])
    let taker = try resource(.streamingLocator, "m", ["assetName": "a", "streamingLocatorId": "aa"])
    #expect(
      held(try [change(live, wanted), change(nil, taker)], wrong: wanted) == ["locator/l", "locator/m"])
  }
}

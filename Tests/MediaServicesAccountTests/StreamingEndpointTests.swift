import CanonicalJSON
import LiveAccount
import MediaResources
import Support
import Testing

@testable import MediaServicesAccount

/// Streaming endpoints, which have operations of their own.
@Suite struct StreamingEndpointTests {
  private func endpoint(_ units: Int64, _ properties: JSONObject = [:]) throws -> Resource {
    var all: JSONObject = ["scaleUnits": .number(.int64(units))]
    for (name, value) in properties { all[name] = value }
    return try Resource(
      document: ["location": "westus2", "name": "live", "properties": .object(all)], kind: .streamingEndpoint)
  }

  private func effects(_ service: ServiceStandIn) async throws -> [String] {
    (try await service.state()["effects"]?.arrayValue ?? []).compactMap { $0.arrayValue?.first?.stringValue }
  }

  @Test func `24: location stays as the service spells it, units change by scale, all else by an update`()
    async throws
  {
    let service = try ServiceStandIn()
    let account = try service.account()
    try await account.create(endpoint(1))
    #expect(try await account.list(.streamingEndpoint).count == 1)
    try await account.replace(endpoint(1, ["maxCacheAge": 60]))
    try await account.replace(endpoint(3, ["maxCacheAge": 60]))
    // As it is already.
    try await account.replace(endpoint(3, ["maxCacheAge": 60]))
    try await account.replace(endpoint(2, ["maxCacheAge": 30]))
    #expect(try await effects(service) == ["create", "change", "scale", "scale", "change"])
    let found = try await account.read(endpoint(1).id)
    #expect(found?["location"] == "West US 2")
    #expect(found?["properties"]?["scaleUnits"] == 2 && found?["properties"]?["maxCacheAge"] == 30)
  }

  @Test func `23: a long operation ends with a status, whatever error stands beside it`() async throws {
    let service = try ServiceStandIn()
    let account = try service.account()
    try await account.create(endpoint(1))
    let seen = (try await service.state()["seen"]?.arrayValue ?? []).compactMap(\.stringValue)
    #expect(seen.filter { $0.contains("operationStatuses") }.count == 2)
  }

  @Test func `an endpoint that streams is stopped before it is taken away`() async throws {
    let service = try ServiceStandIn()
    let account = try service.account()
    let endpoint = try endpoint(1)
    try await account.create(endpoint)
    try await service.control([
      "set": [["kind": "streamingEndpoints", "name": "live", "properties": ["resourceState": "Running"]]]
    ])
    try await account.delete(endpoint.id)
    #expect(try await effects(service) == ["create", "stop", "delete"])
    try await account.delete(endpoint.id)
    #expect(try await account.read(endpoint.id) == nil)
  }
}

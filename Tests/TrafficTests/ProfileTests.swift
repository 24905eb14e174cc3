import CanonicalJSON
import RegionRepository
import Testing

@testable import Traffic

/// Profiles of Traffic Manager as documents; the service's part is in LockstepTests.
@Suite struct ProfileTests {
  private let east: RegionName
  private let west: RegionName

  init() throws {
    east = try #require(Fleets.east)
    west = try #require(Fleets.west)
  }

  /// As the service would answer: its own members, another's endpoint, and members that nobody here knows.
  private func read() throws -> TrafficManagerProfile {
    let text = """
      { "id": "/subscriptions/s/x", "name": "o", "type": "Microsoft.Network/trafficManagerProfiles", "location": "global",
        "tags": { "team": "video" },
        "properties": { "profileStatus": "Enabled", "trafficRoutingMethod": "Priority", "novel": [1],
          "dnsConfig": { "relativeName": "o", "fqdn": "o.trafficmanager.net", "ttl": 60 },
          "monitorConfig": { "profileMonitorStatus": "Online", "protocol": "HTTP", "port": 80, "path": "/x" },
          "endpoints": [
            { "id": "/1", "name": "Legacy", "type": "Microsoft.Network/trafficManagerProfiles/externalEndpoints",
              "properties": { "endpointStatus": "Enabled", "endpointMonitorStatus": "Online", "priority": 1, "target": "old" } },
            { "id": "/2", "name": "WEST", "type": "Microsoft.Network/trafficManagerProfiles/externalEndpoints",
              "properties": { "endpointStatus": "Enabled", "endpointMonitorStatus": "Degraded", "priority": 3, "target": "w",
                "weight": 7 } },
            { "id": "/3", "name": "east", "type": "Microsoft.Network/trafficManagerProfiles/externalEndpoints",
              "properties": { "endpointStatus": "Enabled", "endpointMonitorStatus": "Online", "priority": 2, "target": "e" } }
          ] } }
      """
    return TrafficManagerProfile(document: try #require(JSONValue.parse(text).objectValue))
  }

  private func endpoint(_ profile: TrafficManagerProfile, _ name: String) -> JSONValue? {
    profile.document["properties"]?["endpoints"]?.arrayValue?.first { $0["name"]?.stringValue == name }?[
      "properties"]
  }

  @Test func `the enabled endpoint of the lowest priority is the active one`() throws {
    let regions = try read().regions(of: [east, west])
    #expect(regions[east] == RegionTraffic(role: .active, health: .up))
    #expect(regions[west] == RegionTraffic(role: .backup, health: .down))
  }

  @Test func `roles become unique priorities, and what is not ours stays`() throws {
    var profile = try read()
    profile.setRoles([east: .off, west: .active])
    #expect(endpoint(profile, "WEST")?["priority"]?.int64Value == 1)
    #expect(endpoint(profile, "WEST")?["weight"]?.int64Value == 7)
    #expect(endpoint(profile, "east")?["priority"]?.int64Value == 2)
    #expect(endpoint(profile, "east")?["endpointStatus"]?.stringValue == "Disabled")
    #expect(endpoint(profile, "Legacy")?["priority"]?.int64Value == 3)
    #expect(endpoint(profile, "Legacy")?["endpointStatus"]?.stringValue == "Enabled")
    #expect(profile.document["properties"]?["novel"]?.arrayValue?.count == 1)
    #expect(profile.document["tags"]?["team"]?.stringValue == "video")
    #expect(profile.regions(of: [east, west]).mapValues(\.role) == [east: .off, west: .active])
  }

  @Test func `what only the service says is not sent`() throws {
    let text = String(decoding: JSONValue.object(try read().request).compactBytes(), as: UTF8.self)
    for name in ["\"id\"", "fqdn", "MonitorStatus"] { #expect(!text.contains(name)) }
    #expect(text.contains("\"novel\":[1]"))
  }

  @Test(arguments: [
    ("\"path\": \"/h\"", 10, 5, 2),
    ("\"path\": \"/h\", \"intervalSeconds\": 11, \"timeoutSeconds\": 60", 30, 10, 2),
    ("\"path\": \"/h\", \"intervalSeconds\": 1, \"timeoutSeconds\": 60, \"failures\": 1", 10, 9, 0),
    ("\"path\": \"/h\", \"failures\": 10", 10, 5, 9),
  ]) func `probes are the nearest that the service allows`(
    probe: String, interval: Int64, timeout: Int64, borne: Int64
  ) throws {
    let fleet = try Fleets.two(ports: [80, 80, 80, 80], probe: probe)
    var profile = TrafficManagerProfile(document: [:])
    try profile.follow(
      fleet, .origin, try #require(fleet.traffic(of: .origin)), dnsName: "o", ttlSeconds: 30)
    let monitor = profile.document["properties"]?["monitorConfig"]
    #expect(monitor?["intervalInSeconds"]?.int64Value == interval)
    #expect(monitor?["timeoutInSeconds"]?.int64Value == timeout)
    #expect(monitor?["toleratedNumberOfFailures"]?.int64Value == borne)
  }

  @Test func `targets with several ports do not fit into one profile`() throws {
    let fleet = try Fleets.two(ports: [80, 80, 81, 80])
    var profile = TrafficManagerProfile(document: [:])
    let entry = try #require(fleet.traffic(of: .origin))
    let error = #expect(throws: TrafficError.self) {
      try profile.follow(fleet, .origin, entry, dnsName: "o", ttlSeconds: 30)
    }
    #expect(error?.message.contains("HTTP port 80 and HTTP port 81") == true)
  }

  @Test func `following a fleet twice is following it once, and roles stay`() throws {
    let fleet = try Fleets.two(ports: [80, 80, 80, 80])
    let entry = try #require(fleet.traffic(of: .origin))
    var profile = try read()
    profile.setRoles([east: .off, west: .active])
    try profile.follow(fleet, .origin, entry, dnsName: "other", ttlSeconds: 30)
    #expect(profile.regions(of: [east, west]).mapValues(\.role) == [east: .off, west: .active])
    #expect(profile.document["properties"]?["dnsConfig"]?["relativeName"]?.stringValue == "o")
    let once = profile
    try profile.follow(fleet, .origin, entry, dnsName: "other", ttlSeconds: 30)
    #expect(profile == once)
  }
}

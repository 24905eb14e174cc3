import CanonicalJSON
import HTTP
import RegionRepository

/// Azure Traffic Manager: one profile for the origin, one for key delivery, both with priority routing.
///
/// Host names of players point to the profiles' own names (`NAME.trafficmanager.net`) by CNAME records, made once.
struct TrafficManagerProvider: TrafficProvider {
  static let name = "traffic-manager"

  let settings: TrafficManagerSettings
  let client: TrafficManagerClient

  var name: String { Self.name }
  var option: String { settings.option }
  var isByHand: Bool { false }

  init(
    _ settings: TrafficSettings, transport: any HTTPTransport,
    environment: @escaping @Sendable (String) -> String?,
    sleep: @escaping @Sendable (Double) async throws -> Void, notices: RetryNotices
  ) throws(TrafficError) {
    self.settings = try TrafficManagerSettings(settings)
    client = TrafficManagerClient(
      settings: self.settings, transport: transport, environment: environment, sleep: sleep,
      notices: notices)
  }

  private func services(
    of fleet: Fleet
  ) throws(TrafficError) -> [(service: Fleet.Service, entry: Fleet.TrafficEntry, profile: String)] {
    let services = try fleet.servicesWithTraffic()
    if services.count == 2, services[0].entry.hostName == services[1].entry.hostName {
      throw TrafficError(
        .badConfiguration,
        "\(services[0].entry.hostName) is the host name of both services, and a name points to one profile",
        hint: "give key delivery a host name of its own, or put HAProxy in front of them")
    }
    return services.map { ($0.service, $0.entry, settings.profiles[$0.service] ?? $0.service.rawValue) }
  }

  func switches(for fleet: Fleet) throws(TrafficError) -> [any TrafficSwitch] {
    try services(of: fleet).map {
      TrafficManagerSwitch(
        service: $0.service, profile: $0.profile, regions: fleet.targets(of: $0.service).map(\.region),
        client: client)
    }
  }

  func rendered(_ fleet: Fleet) throws(TrafficError) -> [UInt8] {
    var profiles: [JSONValue] = []
    for (service, entry, name) in try services(of: fleet) {
      var profile = TrafficManagerProfile(document: [:])
      try follow(fleet, service, entry, &profile)
      profiles.append([
        "document": .object(profile.request), "hostName": .string(entry.hostName), "name": .string(name),
        "service": .string(service.rawValue), "url": .string(client.url(name)),
      ])
    }
    return JSONValue.object(["profiles": .array(profiles), "version": 1]).canonicalBytes()
  }

  func apply(_ fleet: Fleet) async throws(TrafficError) -> [String] {
    var done: [String] = []
    for (service, entry, name) in try services(of: fleet) {
      let old = try await client.profile(name)
      var profile = old ?? TrafficManagerProfile(document: [:])
      try follow(fleet, service, entry, &profile)
      guard profile.request != old?.request else { continue }
      try await client.put(profile, as: name)
      done.append("\(old == nil ? "made" : "changed") profile \(name) of \(service.words)")
    }
    return done
  }

  private func follow(
    _ fleet: Fleet, _ service: Fleet.Service, _ entry: Fleet.TrafficEntry,
    _ profile: inout TrafficManagerProfile
  ) throws(TrafficError) {
    try profile.follow(
      fleet, service, entry, dnsName: settings.dnsNames[service] ?? service.rawValue,
      ttlSeconds: settings.ttlSeconds)
  }
}

/// One profile of Traffic Manager.
struct TrafficManagerSwitch: TrafficSwitch {
  let service: Fleet.Service
  let profile: String
  let regions: [RegionName]
  let client: TrafficManagerClient

  var place: String { "Traffic Manager profile \(profile)" }

  private func current() async throws(TrafficError) -> TrafficManagerProfile {
    guard let profile = try await client.profile(profile) else {
      throw TrafficError(
        .unusable, "there is no \(place) in resource group \(client.settings.resourceGroup)",
        hint: "make it: lockstep traffic apply \(client.settings.option)")
    }
    guard profile.routing == "Priority" else {
      throw TrafficError(
        .unusable,
        "\(place) routes by '\(profile.routing)', and only by priority does traffic go to one region",
        hint: "bring it to what the fleet says: lockstep traffic apply \(client.settings.option)")
    }
    return profile
  }

  func read() async throws(TrafficError) -> [RegionName: RegionTraffic] {
    try await current().regions(of: regions)
  }

  func goal(
    of wish: TrafficWish, from reading: [RegionName: RegionTraffic]
  ) -> (roles: [RegionName: TrafficRole], notes: [String]) {
    var roles: [RegionName: TrafficRole] = [:]
    // Names drain by themselves, as resolvers' answers expire.
    for region in reading.keys {
      roles[region] = wish.role(of: region) == .draining ? .off : wish.role(of: region)
    }
    return (roles, [])
  }

  func set(_ roles: [RegionName: TrafficRole]) async throws(TrafficError) {
    var profile = try await current()
    // At one blow: priorities are unique, so endpoints cannot be changed one after another.
    profile.setRoles(roles)
    try await client.put(profile, as: self.profile)
  }
}

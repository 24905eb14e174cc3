package import RegionRepository

/// What carries the fleet's traffic: HAProxy, Azure Traffic Manager, or somebody who changes records by hand.
///
/// Which one, and with what sockets and credentials, stands in the repository's git configuration and never in a tree: who
/// can push must not redirect players.
package protocol TrafficProvider: Sendable {
  /// Its name, as `lockstep.traffic` has it.
  var name: String { get }

  /// The region whose configuration it is, as commands take it: `-C FOLDER`.
  var option: String { get }

  /// Whether a person has to do what a move says (`Traffic.move` asks then).
  var isByHand: Bool { get }

  /// What switches the fleet's services, origin first; each HAProxy and each profile by itself.
  /// - Throws: `TrafficError` (`.badConfiguration`) where the fleet does not say what this provider needs.
  func switches(for fleet: Fleet) throws(TrafficError) -> [any TrafficSwitch]

  /// The configuration that the fleet asks of it, as a file.
  func rendered(_ fleet: Fleet) throws(TrafficError) -> [UInt8]

  /// Makes what is missing, and brings probes and targets to what the fleet says; roles stay as they are.
  /// - Returns: what was done, a line each; empty where all was so.
  func apply(_ fleet: Fleet) async throws(TrafficError) -> [String]
}

/// What switches one service's traffic between regions.
///
/// Every call may be made again: setting roles that are set already changes nothing.
package protocol TrafficSwitch: Sendable {
  /// The service.
  var service: Fleet.Service { get }

  /// How a person would name it, such as `haproxy /run/haproxy.sock, backend origin`.
  var place: String { get }

  /// What every region of the fleet that has a place there is now.
  func read() async throws(TrafficError) -> [RegionName: RegionTraffic]

  /// The roles nearest to a wish that it can give, and where they are not what was wished, why.
  func goal(
    of wish: TrafficWish, from reading: [RegionName: RegionTraffic]
  ) -> (roles: [RegionName: TrafficRole], notes: [String])

  /// Finds out whether what it is set to can be kept where that has to be kept; changes nothing.
  func checkKeeping() throws(TrafficError)

  /// Gives regions their roles: first those that go on, then those that go off, or all at one blow.
  func set(_ roles: [RegionName: TrafficRole]) async throws(TrafficError)
}

extension TrafficSwitch {
  func checkKeeping() throws(TrafficError) {}
}

extension Fleet {
  /// The regions with a target for a service, the primary first, then by name.
  func targets(of service: Service) -> [(region: RegionName, target: URLText)] {
    let first = primary
    return regions.map(\.name)
      .sorted { ($0 == first ? 0 : 1, $0) < ($1 == first ? 0 : 1, $1) }
      .compactMap { name in target(of: service, in: name).map { (name, $0) } }
  }

  /// The services whose traffic the fleet describes, origin first, with what a provider needs of each.
  /// - Throws: `TrafficError` (`.badConfiguration`) where it describes none, or one without a target anywhere.
  func servicesWithTraffic() throws(TrafficError) -> [(service: Service, entry: TrafficEntry)] {
    let described = [Service.origin, .keyDelivery].compactMap { service in
      traffic(of: service).map { (service, $0) }
    }
    guard !described.isEmpty else {
      throw TrafficError(
        .badConfiguration, "the fleet does not say by which host names players come",
        hint:
          "say it, then targets for each region: lockstep fleet traffic origin --host-name NAME --probe-path /PATH"
          + " \(primaryOption)")
    }
    for (service, _) in described where targets(of: service).isEmpty {
      throw TrafficError(
        .badConfiguration, "no region of the fleet has a target for \(service.words)",
        hint:
          "say where a region is reached directly, for each: lockstep fleet set \(primary) --\(service.argument) URL"
          + " \(primaryOption)")
    }
    return described
  }
}

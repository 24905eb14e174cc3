import HTTP
import RegionRepository

/// The way from the addresses that players use to one region's own servers.
struct DrillRoutes: Sendable {
  /// What an address leads to.
  enum Place: Sendable, Equatable {
    /// A server of the region.
    case target(String)
    /// A server that the fleet knows as another region's own: players lose it with that region.
    case otherRegion(RegionName)
    /// A host that the fleet does not know.
    case elsewhere(String)
  }

  /// One service's way in.
  private struct Door: Sendable {
    let service: Fleet.Service
    let hostName: String
    let path: String
    let target: URLText
  }

  private let doors: [Door]
  /// The regions' own servers, by host and port as URLs have them.
  private let owners: [String: Set<RegionName>]
  private let region: RegionName
  /// What stands before `<streamingLocatorId>/…` in the addresses of players.
  let originBase: String

  /// - Throws: `RegionError` (`.badConfiguration`) where the fleet does not say how the region is reached.
  init(_ fleet: Fleet, _ region: RegionName) throws(RegionError) {
    guard let origin = fleet.traffic(of: .origin) else {
      throw RegionError(
        .badConfiguration, "the fleet does not say by which host name players come to the origin",
        hint: "say it, in the primary: lockstep fleet traffic origin --host-name HOST --probe-path /PATH"
          + " \(fleet.primaryOption)")
    }
    guard fleet.target(of: .origin, in: region) != nil else {
      throw RegionError(
        .badConfiguration, "the fleet does not say where region \(region) serves the origin",
        hint: "lockstep fleet set \(region) --origin URL \(fleet.primaryOption)")
    }
    var doors: [Door] = []
    var owners: [String: Set<RegionName>] = [:]
    for service in Fleet.Service.allCases {
      for name in fleet.regions.map(\.name) {
        guard let target = fleet.target(of: service, in: name) else { continue }
        owners[Self.authority(target.text), default: []].insert(name)
        guard name == region, let entry = fleet.traffic(of: service) else { continue }
        doors.append(Door(service: service, hostName: entry.hostName, path: entry.path, target: target))
      }
    }
    // The longer path first: one may lie beneath the other.
    self.doors = doors.sorted { $0.path.utf8.count > $1.path.utf8.count }
    self.owners = owners
    self.region = region
    originBase = "https://\(origin.hostName)\(origin.path)"
  }

  private static func authority(_ address: String) -> String { WebAddress.parts(address)?.host ?? "" }

  /// What an address of a player leads to in this region.
  func place(of address: String) -> Place {
    guard let (host, path) = WebAddress.parts(address) else { return .elsewhere(address) }
    if let owners = owners[host] {
      guard !owners.contains(region) else { return .target(address) }
      return owners.sorted().first.map { .otherRegion($0) } ?? .elsewhere(host)
    }
    let name = host.prefix { $0 != ":" }
    let matching = doors.filter { $0.hostName == name }
    guard let door = matching.first(where: { path.hasPrefix($0.path) }) ?? matching.last else {
      return .elsewhere(host)
    }
    return .target(door.target.text + path)
  }
}

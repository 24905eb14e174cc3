import Git
package import RegionRepository
import Replay

/// The fleet as one region sees it, with the ways to its peers.
package struct FleetPeers {
  /// The region that looks.
  package let name: RegionName
  /// The fleet as the region's newest commit has it.
  package let fleet: Fleet
  private let ownPlace: String
  private let peers: [RegionName: String]

  /// - Throws: `RegionError` (`.badConfiguration`) where the region is in no fleet.
  package init(of region: RegionRepository) throws {
    guard let fleet = try region.fleet() else { throw region.noFleet }
    name = region.name
    ownPlace = region.place
    self.fleet = fleet
    peers = try RegionConfiguration.peers(of: region.git)
  }

  /// The place of the region that looks, as a shell takes it.
  package var shellPlace: String { ShellWord.quoted(ownPlace) }

  /// The regions beside this one with which it has to do: the primary, and whom its configuration knows how to reach; for the
  /// primary itself all of them.
  ///
  /// A standby exchanges with the primary alone, and can do without the ways to other standbys.
  package var others: [RegionName] {
    fleet.regions.map(\.name).filter {
      $0 != name && (name == fleet.primary || $0 == fleet.primary || peers[$0] != nil)
    }.sorted()
  }

  /// What is said of a region that is not in the fleet.
  package func unknown(_ region: RegionName) -> String {
    let known = fleet.regions.map(\.name.text).sorted()
    return "region \(region) is not in the fleet, whose regions are \(known.joined(separator: ", "))"
  }

  /// How this machine reaches a region.
  ///
  /// What the fleet's document says of it does not count: it came by a push.
  /// - Throws: `RegionError` (`.badConfiguration`) with the command that says how.
  package func place(of region: RegionName) throws(RegionError) -> String {
    if region == name { return ownPlace }
    guard let place = peers[region] else {
      let said = fleet.regions.first { $0.name == region }?.repository ?? "REPOSITORY"
      throw RegionError(
        .badConfiguration, "this repository's configuration does not say how to reach region \(region)",
        hint:
          "git -C \(ShellWord.quoted(ownPlace)) config \(RegionConfiguration.peerRepository(region)) \(said)")
    }
    return place
  }

  /// How this machine reaches a region that must be there now.
  /// - Throws: `RegionError` (`.notARegion`) where its folder is not, with the command that says where it is.
  package func reached(_ region: RegionName) throws(RegionError) -> String {
    let place = try place(of: region)
    guard FilePaths.exists(place) || Self.isRemote(place) else {
      if let unreadable = RegionRepository.unreadable(place) { throw unreadable }
      throw RegionError(
        .notARegion, "region \(region) is not at \(place): there is no such folder",
        hint: "bring it back, or where it has moved, say so: git -C \(ShellWord.quoted(ownPlace)) config"
          + " \(RegionConfiguration.peerRepository(region)) PLACE")
    }
    return place
  }

  /// Whether a place is on another machine, or as good as: it can be fetched from, and nothing can be written there.
  package static func isRemote(_ place: String) -> Bool {
    guard !FilePaths.exists(place), !place.hasPrefix("/"), place.contains(":") else { return false }
    return !place.hasPrefix("file:///") || MirrorSource.isFetchedHere(place)
  }

  /// Whether a region is on another machine.
  package func isRemote(_ region: RegionName) -> Bool {
    (try? place(of: region)).map(Self.isRemote) ?? false
  }

  /// One replay that brings the fleet into step.
  package struct Step {
    /// The region, other than this one, whose matter it is.
    package let region: RegionName
    /// The source.
    package let from: RegionName
    /// The target.
    package let to: RegionName
  }

  /// Each other region to the primary, which joins what they have; then the primary to each other region.
  ///
  /// What would have to be written on another machine is left out: regions fetch across machines.
  /// - Parameter fetching: whether what is on other machines is fetched from.
  package func steps(fetching: Bool) -> (toPrimary: [Step], fromPrimary: [Step]) {
    let primary = fleet.primary
    let standbys = (others + [name]).filter { $0 != primary }.sorted()
    func step(_ from: RegionName, _ to: RegionName) -> Step? {
      guard !isRemote(to), fetching || !isRemote(from) else { return nil }
      let standby = from == primary ? to : from
      return Step(region: standby == name ? primary : standby, from: from, to: to)
    }
    return (standbys.compactMap { step($0, primary) }, standbys.compactMap { step(primary, $0) })
  }
}

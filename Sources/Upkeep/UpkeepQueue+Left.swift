import Failover
package import RegionRepository

extension UpkeepQueue {
  /// The tasks that are left to do: the open ones, without those that somebody has done by hand meanwhile.
  ///
  /// Reads two refs of each region that there is a task for.
  package func left(for region: RegionRepository) -> [UpkeepTask] {
    let open = open()
    guard !open.isEmpty else { return [] }
    let peers = try? FleetPeers(of: region)
    return open.filter { !Self.isDone($0, region, peers) }
  }

  /// Notes that mirrors which failed are done where somebody has made them since, by whatever command.
  ///
  /// What was not tried yet stays: whoever wanted it is told how it went.
  package func settleMirrors(of region: RegionRepository) {
    let failed = open().filter { $0.id.kind == .mirror && $0.failure != nil && $0.tried >= $0.wanted }
    guard !failed.isEmpty else { return }
    let peers = try? FleetPeers(of: region)
    for task in failed where Self.isDone(task, region, peers) {
      finish(task.id, upTo: task.wanted, result: "region \(task.id.region) is in step")
    }
  }

  private static func isDone(_ task: UpkeepTask, _ own: RegionRepository, _ peers: FleetPeers?) -> Bool {
    let name = task.id.region
    switch task.id.kind {
    case .mirror: return (try? isInStep(name, own, peers)) == true
    // What could not be published although the account matched says nothing of refs.
    case .apply: return task.failure?.isBeyondApply != true && (try? isApplied(name, own, peers)) == true
    case .notify: return false
    }
  }

  private static func isApplied(
    _ name: RegionName, _ own: RegionRepository, _ peers: FleetPeers?
  ) throws -> Bool {
    guard let region = try open(name, own, peers) else { return false }
    return try region.live() == region.head()
  }

  /// Whether a region and the primary, or this region where that is the primary, agree on everything.
  private static func isInStep(
    _ name: RegionName, _ own: RegionRepository, _ peers: FleetPeers?
  ) throws -> Bool {
    guard let primary = peers?.fleet.primary, let one = try open(name, own, peers),
      let other = try open(name == primary ? own.name : primary, own, peers)
    else { return false }
    return try one.mirrored(of: one.head()) == other.mirrored(of: other.head())
  }

  private static func open(
    _ name: RegionName, _ own: RegionRepository, _ peers: FleetPeers?
  ) throws -> RegionRepository? {
    guard name != own.name else { return own }
    guard let peers else { return nil }
    let region = try RegionRepository.open(at: peers.place(of: name))
    return region.name == name ? region : nil
  }
}

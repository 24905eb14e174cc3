package import RegionRepository

extension UpkeepQueue {
  /// The tasks that are left to do: the open ones, without the applies that somebody has made by hand meanwhile.
  ///
  /// Reads two refs of each region whose account is to follow.
  package func left(for region: RegionRepository) -> [UpkeepTask] {
    let open = open()
    guard open.contains(where: { $0.id.kind == .apply }) else { return open }
    let peers = try? FleetPeers(of: region)
    return open.filter { task in
      // What could not be published although the account matched says nothing of refs.
      guard task.id.kind == .apply, task.failure?.isBeyondApply != true else { return true }
      return (try? Self.isApplied(task.id.region, region, peers)) != true
    }
  }

  private static func isApplied(
    _ name: RegionName, _ own: RegionRepository, _ peers: FleetPeers?
  ) throws -> Bool {
    guard name != own.name else { return try own.live() == own.head() }
    guard let peers else { return false }
    let peer = try RegionRepository.open(at: peers.place(of: name))
    return try peer.name == name && peer.live() == peer.head()
  }
}

import Git

extension RegionRepository {
  /// The ref that keeps the fleet of a promotion that this region heard of and that does not stand in its branch.
  package static let heardReference = "refs/lockstep/heard-fleet"

  /// The fleet of a promotion that this region heard of from a peer; nil where its branch has gone beyond that, or it heard
  /// of none.
  package func heardFleet() throws -> Fleet? {
    guard let id = try git.reference(Self.heardReference) else { return nil }
    let heard = try Fleet(bytes: git.read(id).bytes)
    guard let own = try fleet() else { return heard }
    return heard.epoch.number > own.epoch.number || heard.epoch.contests(own.epoch) ? heard : nil
  }

  /// Keeps a fleet of which this region heard from a peer, where it tells more than what is kept.
  ///
  /// Durable when it returns: a peer that told it may be gone when it is asked again.
  package func noteHeard(_ fleet: Fleet) throws {
    let old = try git.reference(Self.heardReference)
    if let kept = try heardFleet(), kept.epoch.number > fleet.epoch.number || kept.epoch == fleet.epoch {
      return
    }
    let pack = try PackWriter(repository: git)
    let blob = try pack.write(.blob, fleet.canonicalBytes(), replacing: nil)
    guard blob != old else { return }
    try pack.finish()
    try git.setReference(
      Self.heardReference, to: blob, expecting: old,
      log: "lockstep: \(fleet.primary) is primary with epoch \(fleet.epoch.number)")
  }
}

import Git
import RegionRepository

extension Mirror {
  /// Refuses what a region committed while it was primary no more, and what comes of two promotions at once: both wait
  /// until `rejoin`.
  ///
  /// The target keeps what it hears of the other promotion, and is fenced by it from then on.
  func checkPromotions(head: ObjectID, _ tip: SourceTip, pack: PackWriter) throws {
    // A fleet that nobody can read is refused where it would come in.
    guard let own = try? pack.fleet(in: pack.regionTree(of: head).mirrored),
      let theirs = try? pack.fleet(in: pack.regionTree(of: tip.commit).mirrored)
    else { return }
    if theirs.epoch.contests(own.epoch) {
      if !options.isDryRun { try target.noteHeard(theirs) }
      throw ReplayError(
        .promotion,
        "regions \(own.primary) and \(theirs.primary) were both made primary with epoch \(own.epoch.number), by people"
          + " who did not know of each other; nothing moves between \(tip.region) and \(target.name)",
        hint: Fleet.choice(between: own.primary, theirs.primary, at: target.shellPlace))
    }
    guard theirs.epoch.number < own.epoch.number, theirs.primary == tip.region, !options.isRejoin else {
      return
    }
    throw ReplayError(
      .promotion,
      "region \(tip.region) has changes of its own, and is primary no more: \(own.primary) is since epoch"
        + " \(own.epoch.number); they wait there",
      hint: "bring both together: lockstep rejoin \(tip.region) -C \(target.shellPlace)")
  }

  /// Tells a target that has changes of its own that another region was made primary since: the fleet that says so cannot
  /// come into its branch before they are joined.
  func noteSuperseded(head: ObjectID, _ tip: SourceTip, pack: PackWriter) throws {
    guard let own = try pack.fleet(in: pack.regionTree(of: head).mirrored), own.primary == target.name,
      let theirs = try pack.fleet(in: pack.regionTree(of: tip.commit).mirrored),
      theirs.epoch.number > own.epoch.number
    else { return }
    try target.noteHeard(theirs)
  }
}

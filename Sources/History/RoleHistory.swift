package import Git
package import RegionRepository

/// One promotion of a region.
package struct RoleEntry: Sendable {
  /// The region that became primary.
  package let primary: RegionName
  /// The epoch that this began.
  package let epoch: Fleet.Epoch
  /// Who did it, and when.
  package let person: Signature
  /// Where it was first committed.
  package let commit: ObjectID
  /// What made it primary and why; nil where the commit does not say, as that which begins a fleet.
  package let change: RoleChange?
  /// When another region became primary; nil for the present one.
  package let until: Signature?
}

/// Who was primary from when to when, out of the history of `fleet.json`.
///
/// A promotion is a commit that has an epoch which none of its parents has. Costs a walk over the commits, of which only
/// the few that changed the fleet are opened further.
package enum RoleHistory {
  /// The promotions, the newest epoch first; of two promotions with one number the later one first.
  /// - Throws: `GitError` where an object cannot be read.
  package static func read(of repository: Repository, from head: ObjectID) throws -> [RoleEntry] {
    var query = LogQuery()
    query.scope = .path("mirrored/\(Fleet.path)")
    var log = try HistoryLog(of: repository, from: head, query: query)
    var found: [Fleet.Epoch: RoleEntry] = [:]
    while let entry = try log.next() {
      for change in entry.changes {
        guard let fleet = fleet(change.after, repository),
          !change.before.contains(where: { Self.fleet($0, repository)?.epoch == fleet.epoch })
        else { continue }
        // Older commits come later: of a promotion and its replays the first one counts.
        found[fleet.epoch] = RoleEntry(
          primary: fleet.primary, epoch: fleet.epoch, person: entry.commit.author,
          commit: entry.origin?.commit ?? entry.id, change: RoleChange(of: entry.commit), until: nil)
      }
    }
    let entries = found.values.sorted {
      ($0.epoch.number, $0.person.seconds, $0.epoch.id) > ($1.epoch.number, $1.person.seconds, $1.epoch.id)
    }
    return entries.map { entry in
      let next = entries.last { $0.epoch.number > entry.epoch.number }
      return RoleEntry(
        primary: entry.primary, epoch: entry.epoch, person: entry.person, commit: entry.commit,
        change: entry.change, until: next?.person)
    }
  }

  /// A fleet that somebody broke is none of which anything could be said.
  private static func fleet(_ entry: TreeEntry?, _ source: some ObjectSource) -> Fleet? {
    guard let entry, !entry.isTree, let bytes = try? source.read(entry.id).bytes else { return nil }
    return try? Fleet(bytes: bytes)
  }
}

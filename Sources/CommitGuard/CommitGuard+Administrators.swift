package import Git
package import RegionRepository

extension CommitGuard {
  /// The commits of another region that change the fleet without the signature of an administrator of a region which is
  /// to take them over; none where that region has no administrators.
  ///
  /// - Parameters:
  ///   - commits: the new ones, each with the commit in which its change was first made: an image carries no signature.
  ///   - source: has all of them.
  ///   - history: the repository in which they can be walked.
  /// - Throws: `RegionError` (`.badConfiguration`), `GitError`.
  package static func unsigned(
    _ commits: [(id: ObjectID, original: ObjectID)], for target: RegionRepository, source: any ObjectSource,
    history: Repository
  ) throws -> [(commit: ObjectID, problem: String)] {
    let administrators = try Administrators(of: target)
    guard !administrators.isEmpty else { return [] }
    let changes = try AdministratorChanges(source: source, history: history, isFleetAlone: true)
      .find(in: commits.map(\.id))
    let originals = Dictionary(commits.map { ($0.id, $0.original) }) { $1 }
    func original(_ id: ObjectID) -> ObjectID { originals[id] ?? id }
    let signatures = try GitProgram.signatures(
      of: changes.map { original($0.commit) }, in: target.git, besides: history)
    return changes.compactMap { change in
      administrators.problem(with: signatures[original(change.commit)]).map { (change.commit, $0) }
    }
  }
}

import Git
package import RegionRepository

/// The changes of one region that another one does not have yet.
package enum Backlog {
  /// How many commits of a peer a mirror would replay onto a region.
  ///
  /// A commit whose change the region has already counts for nothing: one that was first made there, or in a region whose
  /// originals it keeps; its trailer must be honest. Neither does one that changes `local/` alone. Costs the peer's commits
  /// since the last mirror.
  /// - Throws: `GitError`.
  package static func count(of peer: RegionRepository, missingIn region: RegionRepository) throws -> Int {
    guard let head = try peer.head(), let own = try region.head() else { return 0 }
    if try peer.mirrored(of: head) == region.mirrored(of: own) { return 0 }
    let known = try region.git.reference(RegionRepository.sourceReference(peer.name))
    let source = JoinedObjects(peer.git, region.git)
    let new = try peer.git.commits(
      reachableFrom: [head], hiding: known.flatMap { peer.git.contains($0) ? [$0] : nil } ?? [])
    return try new.count { id in
      let commit = try RawCommit(bytes: source.read(id).bytes)
      let role = try CommitRole(
        commit, source.regionTree(root: commit.tree, of: id), trees: source.regionTree(of:))
      guard case .change(_, let origin) = role else { return false }
      guard let origin else { return true }
      return try !has(region, origin, own: own) || !Image.isHonest(commit, trailer: origin, in: source)
    }
  }

  private static func has(
    _ region: RegionRepository, _ origin: SourceTrailer, own: ObjectID
  ) throws -> Bool {
    let mark =
      origin.region == region.name
      ? own : try region.git.reference(RegionRepository.sourceReference(origin.region))
    guard let mark, region.git.contains(origin.commit) else { return false }
    return try origin.commit == mark || region.git.isAncestor(origin.commit, of: mark)
  }
}

import Git
import RegionRepository

/// Who is in the fleet, who may open secrets and what the region is: where administrators are configured, one of them
/// signs each commit that changes it.
struct AdministratorRule {
  let region: RegionRepository

  /// The commits that change such a file without the signature of an administrator.
  ///
  /// An image carries no signature: that of the commit which it replays counts.
  func judge(_ commits: [ObjectID], _ isHonest: PushGuard.Honesty) throws -> [CommitGuard.Finding] {
    let administrators = try Administrators(of: region.git)
    guard !administrators.isEmpty else { return [] }
    let reader = CommitReader(region.git)
    let changes = try commits.map { ($0, try guarded(by: $0, reader)) }.filter { !$0.1.isEmpty }
    let originals = try changes.map { try original(of: $0.0, isHonest) }
    let signatures = try GitProgram.signatures(of: originals, in: region.git)
    return zip(changes, originals).flatMap { change, original -> [CommitGuard.Finding] in
      let (id, paths) = change
      let signature = signatures[original]
      if let signature, administrators.contains(signature) { return [] }
      let problem =
        signature == nil
        ? "the commit has no good signature" : "the commit is signed by somebody else"
      return paths.map {
        CommitGuard.Finding(
          .administrator, commit: id, path: $0,
          "only an administrator changes it, and \(problem)",
          mend: "an administrator signs the commit: git commit --amend -S"
            + " (their keys: git config --get-all \(RegionConfiguration.administrator), in the region's repository)"
        )
      }
    }
  }

  /// The commit that a commit is the image of, or the commit itself.
  private func original(of id: ObjectID, _ isHonest: PushGuard.Honesty) throws -> ObjectID {
    let commit = try RawCommit(bytes: region.git.read(id).bytes)
    guard let trailer = SourceTrailer(of: commit), try isHonest(commit, trailer) else { return id }
    return trailer.commit
  }

  /// The guarded files that a commit changes: those that no parent has so, and those of a parent whose side did not make
  /// them since it parted from the others.
  private func guarded(by id: ObjectID, _ reader: CommitReader) throws -> [String] {
    let commit = try RawCommit(bytes: region.git.read(id).bytes)
    var paths: [String] = []
    for (number, parent) in (commit.parents.isEmpty ? [nil] : commit.parents.map(Optional.some)).enumerated()
    {
      let old = try parent.map { try root(of: $0) }
      for path in try changes(from: old, to: commit.tree, reader) where !paths.contains(path) {
        if try isOfOtherSide(path, in: commit, against: number, reader) { continue }
        paths.append(path)
      }
    }
    return paths
  }

  private func root(of commit: ObjectID) throws -> ObjectID {
    try RawCommit(bytes: region.git.read(commit).bytes).tree
  }

  /// Opens only the folders in which guarded files stand.
  private func changes(from old: ObjectID?, to new: ObjectID, _ reader: CommitReader) throws -> [String] {
    var paths: [String] = []
    for path in [RegionDocument.path, "mirrored/fleet.json"] {
      if try reader.entry(path, in: old) != reader.entry(path, in: new) { paths.append(path) }
    }
    let folder = "mirrored/sealing"
    let (before, after) = (try reader.entry(folder, in: old), try reader.entry(folder, in: new))
    if before != after {
      try TreeWalk.changes(
        from: before.flatMap { $0.isTree ? $0.id : nil }, to: after.flatMap { $0.isTree ? $0.id : nil },
        in: region.git
      ) { paths.append("\(folder)/\($0.path)") }
    }
    return paths
  }

  /// Whether a merge takes over what another parent's side made of a file since both sides parted: it was judged there.
  private func isOfOtherSide(
    _ path: String, in commit: RawCommit, against parent: Int, _ reader: CommitReader
  ) throws -> Bool {
    guard commit.parents.count > 1 else { return false }
    let new = try reader.entry(path, in: commit.tree)
    let old = try reader.entry(path, in: root(of: commit.parents[parent]))
    for (number, other) in commit.parents.enumerated() where number != parent {
      guard try reader.entry(path, in: root(of: other)) == new else { continue }
      for base in try region.git.mergeBases(commit.parents[parent], [other])
      where try reader.entry(path, in: root(of: base)) == old {
        return true
      }
    }
    return false
  }
}

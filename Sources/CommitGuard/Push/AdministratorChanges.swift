import Git
import RegionRepository

/// Finds the commits that change what is an administrator's.
struct AdministratorChanges {
  /// Has the commits and what they reach.
  let source: any ObjectSource
  /// Where the history of the commits can be walked.
  let history: Repository
  /// Whether the fleet counts alone: between regions, `local/` does not travel, and the list of recipients is vouched for
  /// by the data key.
  let isFleetAlone: Bool

  /// The commits that change such files, with the files.
  func find(in commits: [ObjectID]) throws -> [(commit: ObjectID, paths: [String])] {
    let reader = CommitReader(source)
    return try commits.map { ($0, try guarded(by: $0, reader)) }.filter { !$0.1.isEmpty }
  }

  /// The guarded files that a commit changes: those that no parent has so, and those of a parent whose side did not make
  /// them since it parted from the others.
  private func guarded(by id: ObjectID, _ reader: CommitReader) throws -> [String] {
    let commit = try RawCommit(bytes: source.read(id).bytes)
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
    try RawCommit(bytes: source.read(commit).bytes).tree
  }

  /// Opens only the folders in which guarded files stand.
  private func changes(from old: ObjectID?, to new: ObjectID, _ reader: CommitReader) throws -> [String] {
    var paths: [String] = []
    let fleet = "mirrored/\(Fleet.path)"
    for path in isFleetAlone ? [fleet] : [RegionDocument.path, fleet] {
      if try reader.entry(path, in: old) != reader.entry(path, in: new) { paths.append(path) }
    }
    if isFleetAlone { return paths }
    let folder = "mirrored/sealing"
    let (before, after) = (try reader.entry(folder, in: old), try reader.entry(folder, in: new))
    if before != after {
      try TreeWalk.changes(
        from: before.flatMap { $0.isTree ? $0.id : nil }, to: after.flatMap { $0.isTree ? $0.id : nil },
        in: source
      ) { paths.append("\(folder)/\($0.path)") }
    }
    return paths
  }

  /// Whether a merge takes over what another parent's side made of a file since both sides parted: it was judged there, and
  /// where both sides made something of it, either may count.
  private func isOfOtherSide(
    _ path: String, in commit: RawCommit, against parent: Int, _ reader: CommitReader
  ) throws -> Bool {
    guard commit.parents.count > 1 else { return false }
    let new = try reader.entry(path, in: commit.tree)
    for (number, other) in commit.parents.enumerated() where number != parent {
      guard try reader.entry(path, in: root(of: other)) == new else { continue }
      for base in try history.mergeBases(commit.parents[parent], [other])
      where try reader.entry(path, in: root(of: base)) != new {
        return true
      }
    }
    return false
  }
}

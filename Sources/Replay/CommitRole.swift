import Git
import RegionRepository

/// What a commit is to the other regions.
enum CommitRole {
  /// A root that has only `local/`: it stands for nothing.
  case nothing
  /// It changes `local/` and nothing else: it stands for what its parent stands for.
  case local(parent: ObjectID)
  /// It is a change to be replayed, or the replay of one, which its trailer names.
  case change(RawCommit, SourceTrailer?)

  /// Reads the role of a commit with its tree.
  /// - Parameter trees: the tree of a parent.
  init(_ commit: RawCommit, _ tree: RegionTree, trees: (ObjectID) throws -> RegionTree) rethrows {
    if commit.parents.isEmpty, tree.mirrored == nil {
      self = .nothing
      return
    }
    // An empty commit is none that changes local/ alone: somebody meant its message.
    if commit.parents.count == 1 {
      let before = try trees(commit.parents[0])
      if before.mirrored == tree.mirrored, before.local != tree.local {
        self = .local(parent: commit.parents[0])
        return
      }
    }
    self = .change(commit, SourceTrailer(of: commit))
  }
}

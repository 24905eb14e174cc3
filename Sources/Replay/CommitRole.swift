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

/// Knows what commits are to the other regions.
protocol CommitRoles {
  /// What a commit is to the other regions.
  func role(of id: ObjectID) throws -> CommitRole
}

extension CommitRoles {
  /// What a commit stands for in other regions: itself, or the newest one before it that is more than a change of
  /// `local/`; nil where there is none.
  func newestChange(from id: ObjectID) throws -> ObjectID? {
    var id = id
    while true {
      switch try role(of: id) {
      case .nothing: return nil
      case .local(let parent): id = parent
      case .change: return id
      }
    }
  }
}

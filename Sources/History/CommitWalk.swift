package import Git

/// Walks history newest commit first, as git's log does, reading no further than it is asked.
///
/// A commit comes after those that it was reached from, and of several that are known the one with the latest committer
/// date comes first. Costs what it returns.
package struct CommitWalk {
  /// A commit that was reached.
  package struct Step: Sendable {
    /// Its id.
    package let id: ObjectID
    /// The commit.
    package let commit: RawCommit
    /// When it was made, in seconds since 1970.
    package let seconds: Int64
  }

  private let source: any ObjectSource
  private var seen: Set<ObjectID> = []
  /// Known commits that were not returned yet: the latest one last, of equals the one that was reached first.
  private var frontier: [Step] = []

  package init(source: any ObjectSource) { self.source = source }

  /// When the next commit was made; nil at the end.
  package var nextSeconds: Int64? { frontier.last?.seconds }

  /// Begins at a commit, too.
  /// - Throws: `GitError` where it cannot be read.
  package mutating func add(_ id: ObjectID) throws {
    guard seen.insert(id).inserted else { return }
    let commit = try RawCommit(bytes: source.read(id).bytes)
    let step = Step(id: id, commit: commit, seconds: commit.committer.seconds)
    var low = 0
    var high = frontier.count
    while low < high {
      let middle = (low + high) / 2
      if frontier[middle].seconds < step.seconds { low = middle + 1 } else { high = middle }
    }
    frontier.insert(step, at: low)
  }

  /// The next commit, or nil at the end.
  package mutating func next() -> Step? { frontier.popLast() }

  /// Goes on to the parents of a commit.
  package mutating func goOn(from step: Step) throws {
    for parent in step.commit.parents { try add(parent) }
  }
}

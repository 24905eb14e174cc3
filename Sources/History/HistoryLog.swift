package import Git
package import RegionRepository

/// Which commits are asked for.
package struct LogQuery: Sendable {
  /// Which part of the tree they change.
  package var scope = HistoryScope.all
  /// A part of the author's name or address, whatever its case.
  package var author: String?
  /// No commit from before this, in seconds since 1970.
  package var since: Int64?
  /// No commit from after this.
  package var until: Int64?

  package init() {}
}

/// One commit of a log.
package struct LogEntry: Sendable {
  /// Its id.
  package let id: ObjectID
  /// The commit.
  package let commit: RawCommit
  /// The files that it changed itself, within what was asked for.
  package let changes: [CommitChange]
  /// The files of which it, a merge, has one side, where merging its parents would have left the other one's.
  package let choices: [MergeChoice]
  /// Where the change was first made, as the commit says; nil for one that was made here.
  package let origin: SourceTrailer?
  /// Where the change is.
  package let places: [ChangePlace]
}

/// What changed, when, by whom, and where it went: a region's history, newest commit first.
///
/// Reads as it is asked: the first entries cost the same in a history of any length. With `since` every commit is read in
/// the end.
package struct HistoryLog {
  private let source: Repository
  private let trails: RegionTrails
  private let query: LogQuery
  private let author: String?
  private var walk: CommitWalk

  /// A log that begins at a commit.
  package init(
    of repository: Repository, from head: ObjectID, query: LogQuery = LogQuery()
  ) throws {
    source = repository
    trails = try RegionTrails(of: repository, head: head)
    self.query = query
    author = query.author?.lowercased()
    walk = CommitWalk(source: repository)
    try walk.add(head)
  }

  /// The next older commit that was asked for, or nil at the end.
  /// - Throws: `GitError` where an object cannot be read.
  package mutating func next() throws -> LogEntry? {
    while let step = walk.next() {
      try walk.goOn(from: step)
      // Replays keep their dates: behind one that is too old lie commits that are not, and nothing ends there.
      guard query.since.map({ step.seconds >= $0 }) ?? true,
        query.until.map({ step.seconds <= $0 }) ?? true, isByAuthor(step.commit)
      else { continue }
      let changes = try CommitChanges.find(
        step.commit.tree, parents: step.commit.parents.map(tree), scope: query.scope, in: source)
      let choices = try choices(of: step.commit)
      if case .path = query.scope, changes.isEmpty, choices.isEmpty { continue }
      let origin = SourceTrailer(of: step.commit)
      return LogEntry(
        id: step.id, commit: step.commit, changes: changes, choices: choices, origin: origin,
        places: try trails.places(of: origin?.commit ?? step.id, seconds: step.seconds))
    }
    return nil
  }

  private func choices(of commit: RawCommit) throws -> [MergeChoice] {
    let place: String =
      switch query.scope {
      case .all: "mirrored"
      case .path(let path): path
      }
    return try source.choices(of: commit, in: place)
  }

  private func isByAuthor(_ commit: RawCommit) -> Bool {
    guard let author else { return true }
    let person = commit.author
    return "\(person.name) <\(person.email)>".lowercased().contains(author)
  }

  private func tree(_ commit: ObjectID) throws -> ObjectID {
    try RawCommit(bytes: source.read(commit).bytes).tree
  }
}

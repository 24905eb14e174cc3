package import Git

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

extension RegionRepository {
  /// Makes prepared objects durable, then moves the branch to them and brings the working tree along.
  ///
  /// Local edits to files that would change stop it before anything is written, and a push that is under way is waited
  /// for. The branch moves only from the commit that was read. `between` runs after the objects are durable and before the branch moves.
  /// A record counts from when the branch has moved; where a run is cut off in between, whoever takes the region's lock next makes it count.
  /// - Throws: `RegionError` (`.localEdits`, `.locked` where a push moved the branch meanwhile), `GitError` (`.referenceMoved`, `.locked`, …).
  package func finish(
    _ move: HeadMove, recording record: AuditLog.Move? = nil, pack: PackWriter,
    between: () throws -> Void = {}
  ) throws {
    let bringsFiles = bringsFiles(move)
    let lock = bringsFiles ? try holdPushes() : nil
    defer { withExtendedLifetime(lock) {} }
    // A push that was waited for has moved the branch, and the working tree is not what the move begins from.
    if bringsFiles, try head() != move.old { throw movedMeanwhile }
    let changes = bringsFiles ? try checkWorkingTree(move, source: pack) : []
    try pack.finish()
    let isNoted = record != nil || !changes.isEmpty
    if isNoted { try HeadMoveNote(move, recording: record).write(to: headMoveNote()) }
    try between()
    if move.old != move.new {
      try git.setReference(branchReference(), to: move.new, expecting: move.old, log: move.log)
    }
    if !changes.isEmpty { try WorkingTree.update(changes, in: git) }
    if let record { try AuditLog(self).make(record) }
    if isNoted { unlink(try headMoveNote()) }
    if move.old != move.new { GitProgram.startMaintenance(of: git) }
  }

  /// Refuses a move that the working tree does not allow, as `finish` would; changes nothing.
  /// - Throws: `RegionError` (`.localEdits`), `GitError`.
  package func check(_ move: HeadMove, source: PackWriter) throws {
    if bringsFiles(move) { _ = try checkWorkingTree(move, source: source) }
  }

  private func bringsFiles(_ move: HeadMove) -> Bool { !git.isBare && move.old != move.new }

  private var movedMeanwhile: RegionError {
    RegionError(
      .locked, "a push has moved the branch of region \(name) meanwhile; nothing was changed",
      hint: "run this again")
  }

  private func checkWorkingTree(_ move: HeadMove, source: PackWriter) throws -> [TreeChange] {
    let changes = try changes(from: move.old, to: move.new, in: source)
    try WorkingTree.check(changes, in: source)
    let edits = try WorkingTree.localEdits(changes, in: git)
    guard edits.isEmpty else {
      let shown =
        edits.prefix(10).joined(separator: ", ") + (edits.count > 10 ? " and \(edits.count - 10) more" : "")
      throw RegionError(
        .localEdits, "the working tree of region \(name) has edits that are not committed in \(shown)",
        hint: "commit or set them aside first: git -C \(shellPlace) stash --include-untracked")
    }
    return changes
  }

  /// The files that differ between two commits.
  func changes(
    from old: ObjectID?, to new: ObjectID, in source: some ObjectSource
  ) throws -> [TreeChange] {
    let before = try old.map { try RawCommit(bytes: source.read($0).bytes).tree }
    return try TreeWalk.changes(from: before, to: RawCommit(bytes: source.read(new).bytes).tree, in: source)
  }

  // MARK: After a crash

  private func headMoveNote() throws -> String { try stateFolder() + "/head-move" }

  /// Ends what a run began that was cut off while it moved the branch: brings the working tree along, and makes the record
  /// count of what did happen.
  ///
  /// Files that a person has edited since stay as they are.
  func finishHeadMove() throws {
    let path = try headMoveNote()
    if let note = HeadMoveNote(at: path) {
      let head = try head()
      if let old = note.old, head == note.new, !git.isBare {
        let changes = try changes(from: old, to: note.new, in: git)
        let edited = Set(try WorkingTree.localEdits(changes, in: git))
        try WorkingTree.update(changes.filter { !edited.contains($0.path) }, in: git)
      }
      if let record = note.record, try happened(record.new, head: head) {
        try AuditLog(self).complete(record.new, after: record.old)
      }
    }
    unlink(path)
  }

  /// Whether what a record says has happened: its commit is in the branch, or at live.
  private func happened(_ record: ObjectID, head: ObjectID?) throws -> Bool {
    guard git.contains(record),
      let commit = try AuditRecord(of: RawCommit(bytes: git.read(record).bytes))?.commit
    else { return false }
    if try commit == head || commit == live() { return true }
    guard let head, git.contains(commit) else { return false }
    return try git.isAncestor(commit, of: head)
  }
}

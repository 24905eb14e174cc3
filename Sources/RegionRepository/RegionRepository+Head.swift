package import Git

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

extension RegionRepository {
  /// Makes prepared objects durable, then moves the branch to them and brings the working tree along.
  ///
  /// Local edits to files that would change stop it before anything is written. The branch moves only from the commit
  /// that was read. `between` runs after the objects are durable and before the branch moves.
  /// - Throws: `RegionError` (`.localEdits`), `GitError` (`.referenceMoved`, `.locked`, …).
  package func finish(_ move: HeadMove, pack: PackWriter, between: () throws -> Void = {}) throws {
    let changes = git.isBare || move.old == move.new ? [] : try checkWorkingTree(move, source: pack)
    try pack.finish()
    try between()
    guard move.old != move.new else { return }
    if let old = move.old, !changes.isEmpty {
      try FilePaths.writeDurably(Array("\(old) \(move.new)\n".utf8), to: workingTreeNote())
    }
    try git.setReference(branchReference(), to: move.new, expecting: move.old, log: move.log)
    if !changes.isEmpty {
      try WorkingTree.update(changes, in: git)
      unlink(try workingTreeNote())
    }
    GitProgram.startMaintenance(of: git)
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
        hint: "commit or set them aside first: git -C \(place) stash --include-untracked")
    }
    return changes
  }

  private func changes(
    from old: ObjectID?, to new: ObjectID, in source: some ObjectSource
  ) throws -> [TreeChange] {
    let before = try old.map { try RawCommit(bytes: source.read($0).bytes).tree }
    return try TreeWalk.changes(from: before, to: RawCommit(bytes: source.read(new).bytes).tree, in: source)
  }

  // MARK: After a crash

  /// Names the move whose working tree is not brought along yet; there only between a ref's move and the last file.
  private func workingTreeNote() throws -> String { try stateFolder() + "/working-tree" }

  /// Brings the working tree along where a run was cut off right after it moved the branch.
  ///
  /// Files that a person has edited since stay as they are.
  func finishWorkingTree() throws {
    let note = try workingTreeNote()
    guard !git.isBare, let bytes = FilePaths.read(note) else { return }
    let ids = String(decoding: bytes, as: UTF8.self).split { $0 == " " || $0 == "\n" }.compactMap {
      ObjectID(hex: $0)
    }
    if ids.count == 2, try head() == ids[1] {
      let changes = try changes(from: ids[0], to: ids[1], in: git)
      let edited = Set(try WorkingTree.localEdits(changes, in: git))
      try WorkingTree.update(changes.filter { !edited.contains($0.path) }, in: git)
    }
    unlink(note)
  }
}

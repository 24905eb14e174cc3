import Programs

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// What a transfer between two repositories on one machine did.
package struct TransferReport: Sendable, Equatable {
  /// Objects that were copied one by one.
  package let objectsCopied: Int
  /// Packs that were copied whole.
  package let packsCopied: Int
}

/// Copies objects between two repositories on one machine, in process.
///
/// Little missing: the new commits are walked, each one's tree against its first parent's, and what differs is written
/// into one pack. Much missing: the source's packs are copied whole, and its loose objects packed. Either way every
/// object is checked against its name (packs against their checksum), and is durable before a ref may name it.
package enum ObjectTransfer {
  /// Above this many new commits packs are copied whole.
  static let walkLimit = 1_000

  /// Copies what is reachable from some commits and not from others.
  /// - Parameters:
  ///   - known: commits whose whole history the target has.
  ///   - pack: takes the objects; they are durable once the caller finishes it. Packs that are copied whole are
  ///     durable at once.
  ///   - checkpoint: called now and then; what it throws ends the transfer.
  package static func copy(
    reachableFrom tips: [ObjectID], have known: [ObjectID], from source: Repository, to target: Repository,
    into pack: PackWriter, checkpoint: () throws -> Void = {}
  ) throws -> TransferReport {
    let directory = source.objectsDirectory
    guard access(source.gitDirectory + "/shallow", F_OK) != 0 else {
      throw GitError(
        .unsupported, "\(source.gitDirectory) is a shallow clone: its history is cut off",
        hint: "git -C \(source.gitDirectory) fetch --unshallow")
    }
    let isWhole = known.isEmpty && access(directory + "/info/alternates", F_OK) != 0
    if isWhole { return try copyEverything(tips, from: source, to: target, into: pack, checkpoint) }
    let commits = try source.commits(reachableFrom: tips, hiding: known)
    if commits.count > walkLimit, access(directory + "/info/alternates", F_OK) != 0 {
      return try copyEverything(tips, from: source, to: target, into: pack, checkpoint)
    }
    return try walk(commits, from: source, into: pack, checkpoint)
  }

  // MARK: Little

  private static func walk(
    _ commits: [ObjectID], from source: Repository, into pack: PackWriter, _ checkpoint: () throws -> Void
  ) throws -> TransferReport {
    let before = pack.pendingCount
    func bring(_ id: ObjectID, _ kind: ObjectKind, replacing base: ObjectID?) throws {
      guard !pack.contains(id) else { return }
      let object = try source.read(id)
      guard object.kind == kind else {
        throw GitError(.corrupt, "\(id) is not what its tree says", hint: "git fsck")
      }
      let written = try pack.write(kind, object.bytes, replacing: base)
      guard written == id else {
        throw GitError(
          .corrupt, "the object \(id) of \(source.gitDirectory) has other bytes", hint: "git fsck")
      }
    }
    for id in commits {
      try checkpoint()
      let commit = try RawCommit(bytes: source.read(id).bytes)
      let base = try commit.parents.first.map { try RawCommit(bytes: source.read($0).bytes).tree }
      try TreeWalk.newObjects(
        from: base, to: commit.tree, in: source, tree: { try bring($0, .tree, replacing: $1) },
        blob: { try bring($0, .blob, replacing: nil) })
      try bring(id, .commit, replacing: nil)
    }
    return TransferReport(objectsCopied: pack.pendingCount - before, packsCopied: 0)
  }

  // MARK: Much

  private static func copyEverything(
    _ tips: [ObjectID], from source: Repository, to target: Repository, into pack: PackWriter,
    _ checkpoint: () throws -> Void
  ) throws -> TransferReport {
    let from = source.objectsDirectory + "/pack"
    let to = target.objectsDirectory + "/pack"
    // Before the packs: what git packs meanwhile is in one of the two lists.
    let looseIDs = looseObjects(of: source)
    var copied = 0
    for name in FolderNames.list(from).sorted() where name.hasSuffix(".idx") {
      let stem = String(name.dropLast(4))
      // An index without its pack is what a killed writer left.
      guard access("\(from)/\(stem).pack", F_OK) == 0, access("\(to)/\(name)", F_OK) != 0 else { continue }
      try checkpoint()
      try FileCopy.copyChecked("\(from)/\(stem).pack", to: "\(to)/\(stem).pack")
      try FileCopy.copyChecked("\(from)/\(name)", to: "\(to)/\(name)")
      copied += 1
    }
    if copied > 0 {
      PackWriter.syncFolder(to)
      try target.refresh()
    }
    var loose = 0
    for id in looseIDs where !pack.contains(id) {
      let object = try source.read(id)
      guard try pack.write(object.kind, object.bytes, replacing: nil) == id else {
        throw GitError(
          .corrupt, "the object \(id) of \(source.gitDirectory) has other bytes", hint: "git fsck")
      }
      loose += 1
    }
    for tip in tips { try checkComplete(tip, in: pack, of: source) }
    return TransferReport(objectsCopied: loose, packsCopied: copied)
  }

  /// Checks that everything in a commit's tree came.
  ///
  /// Costs the tree, as the copy did; objects of older commits are what the source's packs have.
  private static func checkComplete(_ tip: ObjectID, in pack: PackWriter, of source: Repository) throws {
    func require(_ id: ObjectID) throws(GitError) {
      guard !pack.contains(id) else { return }
      throw GitError(
        .corrupt, "the object \(id) is missing in \(source.gitDirectory)",
        hint: "git fsck tells what is damaged; fetch it from a peer, or restore a backup")
    }
    try require(tip)
    try TreeWalk.newObjects(
      from: nil, to: RawCommit(bytes: pack.read(tip).bytes).tree, in: pack,
      tree: { id, _ in try require(id) },
      blob: { try require($0) })
  }

  private static func looseObjects(of repository: Repository) -> [ObjectID] {
    let directory = repository.objectsDirectory
    return FolderNames.list(directory).filter { $0.utf8.count == 2 }.flatMap { folder in
      FolderNames.list("\(directory)/\(folder)").compactMap { ObjectID(hex: folder + $0) }
    }
  }
}

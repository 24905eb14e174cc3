package import Git
import MediaResources

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Who makes a commit, and when, as the lines of a commit object.
package struct CommitSignatures: Sendable {
  /// The author line after its header name.
  package let author: [UInt8]
  /// The committer line after its header name.
  package let committer: [UInt8]

  package init(author: [UInt8], committer: [UInt8]) {
    self.author = author
    self.committer = committer
  }
}

extension RegionRepository {
  /// What the tree of the newest commit says of this region.
  /// - Throws: `RegionError` (`.wrongRegion`) when it claims to be another one.
  package func document() throws -> RegionDocument {
    guard let head = try head() else {
      throw RegionError(.badDocument, "region \(name) has no commit", hint: "lockstep init")
    }
    return try document(at: head)
  }

  /// What a commit's tree says of this region.
  package func document(at commit: ObjectID) throws -> RegionDocument {
    guard let document = try git.regionDocument(of: commit) else {
      throw RegionError(.badDocument, "commit \(commit) of region \(name) has no \(RegionDocument.path)")
    }
    guard document.name == name else {
      throw RegionError(
        .wrongRegion,
        "the tree of \(place) claims to be region \(document.name), its configuration says \(name)",
        hint:
          "find out which is right before anything else: git -C \(shellPlace) log -- \(RegionDocument.path)")
    }
    return document
  }

  /// The `mirrored/` tree of a commit, or nil where it is empty.
  package func mirrored(of commit: ObjectID?) throws -> ObjectID? {
    guard let commit else { return nil }
    return try git.regionTree(of: commit).mirrored
  }

  /// The whole tree of a commit, or nil where it is empty.
  package func root(of commit: ObjectID?) throws -> ObjectID? {
    guard let commit else { return nil }
    let root = try RawCommit(bytes: git.read(commit).bytes).tree
    return root == .emptyTree ? nil : root
  }

  /// The person at the keyboard, from git's configuration.
  /// - Throws: `GitError` with the command that sets name and address.
  package func signatures() throws -> CommitSignatures {
    let line = try Array(git.signature().line.utf8)
    return CommitSignatures(author: line, committer: line)
  }

  /// Writes a commit object.
  package func writeCommit(
    tree: ObjectID, parents: [ObjectID], message: String, by signatures: CommitSignatures,
    into sink: some ObjectSink
  ) throws -> ObjectID {
    let commit = RawCommit(
      tree: tree, parents: parents, authorLine: signatures.author, committerLine: signatures.committer,
      extraHeaders: [], message: Array(message.utf8))
    return try sink.write(.commit, commit.bytes, replacing: nil)
  }

  /// Commits changes of `mirrored/` on the head, where they change anything.
  ///
  /// The caller holds the region's lock.
  /// - Parameters:
  ///   - head: the head that the changes were made for.
  ///   - local: changes of `local/`.
  /// - Returns: the commit, or nil where nothing changed.
  @discardableResult
  package func commit(
    _ edits: [String: (mode: UInt32, id: ObjectID)?], local: [String: (mode: UInt32, id: ObjectID)?] = [:],
    on head: ObjectID?, message: String, log: String, pack: PackWriter
  ) throws -> ObjectID? {
    guard let head else {
      throw RegionError(.badDocument, "region \(name) has no commit", hint: "lockstep init")
    }
    let halves = try git.regionTree(of: head)
    let mirrored = try TreeEditor.apply(edits, to: halves.mirrored, source: pack, sink: pack)
    let new = RegionTree(
      mirrored: mirrored,
      local: local.isEmpty
        ? halves.local : try TreeEditor.apply(local, to: halves.local, source: pack, sink: pack))
    guard new != halves else { return nil }
    let root = try pack.write(.tree, new.encoded(), replacing: nil)
    let commit = try writeCommit(
      tree: root, parents: [head], message: message, by: signatures(), into: pack)
    try finish(HeadMove(old: head, new: commit, log: log), pack: pack)
    return commit
  }

  /// A commit prepared in a pack that is not finished yet, to become the head.
  package struct HeadMove {
    /// The head that was read when the work began.
    package let old: ObjectID?
    /// The commit to become the head.
    package let new: ObjectID
    /// The line for the reflog.
    package let log: String

    package init(old: ObjectID?, new: ObjectID, log: String) {
      self.old = old
      self.new = new
      self.log = log
    }
  }
}

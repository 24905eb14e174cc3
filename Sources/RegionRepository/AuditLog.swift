package import Git

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// What was mirrored into a region, applied to its account and captured from it: a branch `lockstep/audit` with a root of
/// its own.
///
/// Each record is a commit without files: the message says what happened, for people and in trailers; its author ran it,
/// its date is when. A branch, because a plain `git clone` brings it (as `origin/lockstep/audit`), where notes and
/// `refs/lockstep/*` stay behind. Not the region's own branch: a commit there for each apply would make every pusher's
/// next push a non-fast-forward, and would have to be kept out of mirroring.
///
/// Who writes holds the region's lock; the branch moves only from the record that was read.
package struct AuditLog {
  /// The branch.
  package static let reference = "refs/heads/lockstep/audit"

  private let region: RegionRepository

  package init(_ region: RegionRepository) { self.region = region }

  /// The move of the branch that makes a record count.
  package typealias Move = (name: String, old: ObjectID?, new: ObjectID, log: String)

  /// Writes a record among other objects; it counts once the move that is returned was made.
  package func prepare(_ record: AuditRecord, into sink: some ObjectSink) throws -> Move {
    let old = try region.git.reference(Self.reference)
    // git knows the tree without entries by itself; its checks want to see it all the same.
    if old == nil { try sink.write(.tree, [], replacing: nil) }
    let new = try sink.write(.commit, commit(of: record, after: old).bytes, replacing: nil)
    return (Self.reference, old, new, "lockstep: \(record.subject)")
  }

  /// Makes a prepared record count; its objects are durable.
  /// - Throws: `GitError` (`.referenceMoved`) where another record came in between.
  package func make(_ move: Move) throws {
    try region.git.setReference(move.name, to: move.new, expecting: move.old, log: move.log)
  }

  /// Writes a record by itself, durably.
  package func record(_ record: AuditRecord) throws {
    let old = try region.git.reference(Self.reference)
    if old == nil { _ = try region.git.writeLoose(.tree, []) }
    let new = try region.git.writeLoose(.commit, commit(of: record, after: old).bytes)
    try make((Self.reference, old, new, "lockstep: \(record.subject)"))
  }

  /// The newest record of what the account was known to match, or nil.
  package func newestOfAccount() throws -> AuditRecord? {
    var reader = AuditReader(tip: try region.git.reference(Self.reference), source: region.git)
    while let entry = try reader.next() {
      if entry.record.isAboutAccount { return entry.record }
    }
    return nil
  }

  private func commit(of record: AuditRecord, after old: ObjectID?) -> RawCommit {
    let line = Array(person.line.utf8)
    return RawCommit(
      tree: .emptyTree, parents: old.map { [$0] } ?? [], authorLine: line, committerLine: line,
      extraHeaders: [], message: Array(record.message.utf8))
  }

  /// Who is at the keyboard; what was done is recorded even where git does not know who did it.
  private var person: Signature {
    (try? region.git.signature())
      ?? Signature(name: "unknown", email: "unknown", seconds: Int64(time(nil)), offsetMinutes: 0)
  }
}

/// Reads an audit log, newest record first, no further than is asked.
package struct AuditReader {
  /// A record with who made it.
  package struct Entry: Sendable {
    /// What happened.
    package let record: AuditRecord
    /// Who did it, and when.
    package let person: Signature
  }

  private var upcoming: ObjectID?
  private let source: any ObjectSource

  /// Reads from a record back; nil for a log that has none.
  package init(tip: ObjectID?, source: any ObjectSource) {
    upcoming = tip
    self.source = source
  }

  /// The next older record, or nil at the end.
  /// - Throws: `GitError` where a record cannot be read.
  package mutating func next() throws -> Entry? {
    while let id = upcoming {
      let commit = try RawCommit(bytes: source.read(id).bytes)
      upcoming = commit.parents.first
      if let record = AuditRecord(of: commit) { return Entry(record: record, person: commit.author) }
    }
    return nil
  }
}

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
    try checkRoom()
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

  /// Makes a record count that was prepared by a run which was cut off; one that counts already is left as it is.
  ///
  /// - Parameter old: the record that it was prepared to follow.
  func complete(_ record: ObjectID, after old: ObjectID?) throws {
    let tip = try region.git.reference(Self.reference)
    if let tip, try tip == record || region.git.isAncestor(record, of: tip) { return }
    try checkRoom()
    let commit = try RawCommit(bytes: region.git.read(record).bytes)
    var new = record
    if tip != old {
      let anew = RawCommit(
        tree: commit.tree, parents: tip.map { [$0] } ?? [], authorLine: commit.authorLine,
        committerLine: commit.committerLine, extraHeaders: [], message: commit.message)
      new = try region.git.writeLoose(.commit, anew.bytes)
    }
    try make((Self.reference, tip, new, "lockstep: \(commit.subject)"))
  }

  /// Refuses a repository in which git has no room for the branch, before there is anything to record.
  /// - Throws: `RegionError` (`.badConfiguration`) with the command that makes room.
  package func checkRoom() throws {
    guard try region.git.reference(Self.reference) == nil else { return }
    let parent = Self.reference.split(separator: "/").dropLast().joined(separator: "/")
    let inTheWay =
      try region.git.reference(parent) != nil
      ? parent : region.git.references(beneath: Self.reference + "/").first?.name
    guard let inTheWay else { return }
    let branch = inTheWay.dropFirst("refs/heads/".count)
    throw RegionError(
      .badConfiguration,
      "region \(region.name) has a branch \(branch), and git can have no branch lockstep/audit beside it, which keeps the"
        + " records of what is mirrored, applied and captured",
      hint: "give it another name: git -C \(region.shellPlace) branch -m \(branch) NAME")
  }

  /// Writes a record by itself, durably.
  package func record(_ record: AuditRecord) throws {
    try checkRoom()
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

  /// The commits that this region's account was known to match, the newest first, as this repository's records say; in a
  /// clone, as those that came along.
  package func accountRecords() throws -> [ObjectID] {
    let suffix = "/" + Self.reference.dropFirst("refs/heads/".count)
    let fetched = try region.git.references(beneath: "refs/remotes/").filter { $0.name.hasSuffix(suffix) }
    let tips = try [region.git.reference(Self.reference)].compactMap(\.self) + fetched.map(\.id)
    var commits: [ObjectID] = []
    for tip in tips where region.git.contains(tip) {
      var reader = AuditReader(tip: tip, source: region.git)
      while let record = try reader.next()?.record {
        if record.region == region.name, record.isAboutAccount { commits.append(record.commit) }
      }
    }
    return commits
  }

  /// Whether a branch lacks what was captured, as it does where a capture was cut off before the branch moved.
  ///
  /// One that was rewritten since it was applied lacks nothing but what somebody took out of it.
  package func lacksCaptured(_ head: ObjectID, live: ObjectID) throws -> Bool {
    guard try live != head && !region.git.isAncestor(live, of: head) else { return false }
    return try !isRewritten(head, since: live)
  }

  /// Whether a branch that does not hold what was applied holds all the same whatever was captured: then it was rewritten,
  /// and what it lacks was taken out of it.
  ///
  /// Not told where the records do not go back to a commit that the branch holds. Reads the records since that.
  package func isRewritten(_ head: ObjectID, since live: ObjectID) throws -> Bool {
    var reader = AuditReader(tip: try region.git.reference(Self.reference), source: region.git)
    var isNewest = true
    while let record = try reader.next()?.record {
      guard record.region == region.name, record.isAboutAccount else { continue }
      if isNewest, record.commit != live { return false }
      isNewest = false
      let isHeld =
        try region.git.contains(record.commit)
        && (record.commit == head || region.git.isAncestor(record.commit, of: head))
      if isHeld { return true }
      guard case .applied = record.event else { return false }
    }
    return false
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

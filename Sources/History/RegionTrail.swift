package import Git
package import RegionRepository

/// Where a change is in one region: its commit there, and when it was mirrored and came to be live.
package struct ChangePlace: Sendable {
  /// The region.
  package let region: RegionName
  /// The commit in that region's history.
  package let commit: ObjectID
  /// The mirror that brought it; nil where it was made there, or is from before there were records.
  package let mirrored: AuditReader.Entry?
  /// What first brought it to live, or found it there; nil where no record says so.
  package let account: AuditReader.Entry?

  /// How the change came to be live.
  package enum Coming: String, Sendable {
    /// An apply brought it.
    case applied
    /// The commit was made from what the account held.
    case captured
    /// The account was found to hold it.
    case found = "found live"
  }

  /// How the change came to be live; nil where no record says that it did.
  package var coming: Coming? {
    switch account?.record.event {
    case .applied?: .applied
    case .captured(commit, from: _)?: .captured
    case .captured?: .found
    case .mirrored?, .drilled?, .moved?, .rejoined?, nil: nil
    }
  }
}

/// Finds changes in one region's history, with the records of its audit log, along with a walk that goes back in time.
///
/// A replay keeps its original's dates: both walks go back side by side, and neither reads more than the other one asks.
/// A record tells of every commit that the one it names reaches, and of several the oldest one counts. Clocks that went
/// wrong by more than a few dozen commits may hide a place.
final class RegionTrail {
  /// How many commits and records beyond the date that is sought are looked at.
  private static let slack = 64

  private let region: RegionName
  private let source: any ObjectSource
  private var walk: CommitWalk
  private var audit: AuditReader
  private var pending: AuditReader.Entry?
  private var records: [AuditReader.Entry] = []
  /// How many of them are not older than the next commit.
  private var due = 0
  /// The oldest record that reaches a commit, by its number in `records`, for commits that were not walked over yet.
  private var mirrors: [ObjectID: Int] = [:]
  private var accounts: [ObjectID: Int] = [:]
  private var places: [ObjectID: ChangePlace] = [:]

  /// - Parameters:
  ///   - heads: where the region's history begins; those that are not there are passed over.
  ///   - audit: the newest record, or nil.
  init(region: RegionName, heads: [ObjectID], audit tip: ObjectID?, source: any ObjectSource) throws {
    self.region = region
    self.source = source
    walk = CommitWalk(source: source)
    audit = AuditReader(tip: tip.flatMap { source.contains($0) ? $0 : nil }, source: source)
    pending = try audit.next()
    for head in heads where source.contains(head) { try walk.add(head) }
  }

  /// Where the change is that was first made by a commit, or nil where the region has none of it.
  /// - Parameter seconds: when the commit was made.
  func place(of origin: ObjectID, seconds: Int64) throws -> ChangePlace? {
    var beyond = 0
    while places[origin] == nil {
      try readRecords()
      guard let next = walk.nextSeconds else { break }
      if next < seconds { beyond += 1 }
      guard beyond <= Self.slack else { break }
      try advance()
    }
    return places[origin]
  }

  /// Reads the records that may speak of the next commit: those that are not older than it, and some more, for clocks
  /// differ from machine to machine.
  private func readRecords() throws {
    let next = walk.nextSeconds ?? .min
    while due < records.count, records[due].person.seconds >= next { due += 1 }
    while let entry = pending, entry.person.seconds >= next || records.count < due + Self.slack {
      pending = try audit.next()
      guard entry.record.region == region else { continue }
      let number = records.count
      records.append(entry)
      let commit = entry.record.commit
      guard source.contains(commit) else { continue }
      try walk.add(commit)
      if entry.record.isAboutAccount {
        accounts[commit] = number
      } else if case .mirrored = entry.record.event {
        mirrors[commit] = number
      }
    }
  }

  private func advance() throws {
    guard let step = walk.next() else { return }
    try walk.goOn(from: step)
    let mirror = mirrors.removeValue(forKey: step.id)
    let account = accounts.removeValue(forKey: step.id)
    for parent in step.commit.parents {
      if let mirror { mirrors[parent] = max(mirror, mirrors[parent] ?? 0) }
      if let account { accounts[parent] = max(account, accounts[parent] ?? 0) }
    }
    let trailer = SourceTrailer(of: step.commit)
    let origin = trailer?.commit ?? step.id
    guard places[origin] == nil else { return }
    places[origin] = ChangePlace(
      region: region, commit: step.id,
      mirrored: trailer.flatMap { $0.region == region ? nil : mirror.map { records[$0] } },
      account: account.map { records[$0] })
  }
}

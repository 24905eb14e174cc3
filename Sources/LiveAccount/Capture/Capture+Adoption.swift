import Git
import MediaResources
import Planning
import RegionRepository
import Sealing

/// Taking over an account of which this repository does not know what it matches.
extension Capture {
  /// What a capture starts from then.
  ///
  /// Where a record says what the account matched (a clone has them, too), it starts there. Else the account held nothing
  /// of the branch, as far as anybody knows, and the capture starts where the region began: what the account lacks came
  /// from other regions and is to be applied, and was not removed.
  /// - Parameter takesAll: whether a person said that the account counts, with all that it lacks.
  func adoption(of head: ObjectID, takesAll: Bool) throws -> Start {
    let asItIs = Start(head: head, base: head, fork: head, live: nil)
    if takesAll { return asItIs }
    for known in try AuditLog(region).accountRecords() {
      guard region.git.contains(known), try known == head || region.git.isAncestor(known, of: head) else {
        continue
      }
      return Start(head: head, base: known, fork: known, live: nil)
    }
    return try fresh(head) ?? asItIs
  }

  /// The start for an account that holds nothing of the branch, as far as anybody knows; nil where the branch began with
  /// something.
  private func fresh(_ head: ObjectID) throws -> Start? {
    guard let beginning = try beginning(of: head) else { return nil }
    return Start(head: head, base: beginning, fork: beginning, live: nil, isFresh: beginning != head)
  }

  /// The start for an account that was looked at: one that has all of the branch matches it; one that lacks most of what
  /// the records say is another account, and holds nothing of the branch.
  func judged(_ start: Start, keyring: Keyring, reading: Observer.Reading) async throws -> Start {
    let compared = start.isFresh ? start.onHead : start
    // Looking costs a listing, and of a service its secrets: not where there is nothing that could be lacking.
    guard try holdsResources(compared.base) else { return compared }
    let observer = try observer(
      at: compared.base, keyring: keyring, beginSealing: { try beginSealing(keyring) })
    let tree = try region.root(of: compared.base)
    let findings = try await observer.compare(with: tree, reading: reading).changes
    if start.isFresh { return findings.allSatisfy { $0.finding.difference == .added } ? compared : start }
    guard try lacksMost(findings, of: tree) != nil, let fresh = try fresh(start.head) else { return start }
    return fresh
  }

  /// The first commit of the branch's line, which holds nothing but a region's name; nil where it holds more.
  private func beginning(of head: ObjectID) throws -> ObjectID? {
    var id = head
    while let parent = try RawCommit(bytes: region.git.read(id).bytes).parents.first { id = parent }
    return try region.mirrored(of: id) == nil ? id : nil
  }

  /// Whether a fresh start is another region's first commit, so that what the account is needs a commit of its own.
  func beginsElsewhere(_ start: Start) throws -> Bool {
    guard start.isFresh else { return false }
    return try region.git.regionDocument(of: start.base)?.name != region.name
  }

  /// The tree that a capture writes into: with this region's names and the data keys of now.
  func ground(of start: Start, into pack: PackWriter) throws -> ObjectID? {
    guard start.isFresh else { return try region.root(of: start.base) }
    let head = try pack.regionTree(of: start.head)
    let keys = try TreeEditor.edits(
      for: region.git.sealingFiles(in: head.mirrored), besides: SealingFiles(), into: pack)
    guard let document = try pack.entry("region.json", in: head.local) else {
      return try region.root(of: start.base)
    }
    let mirrored = try TreeEditor.apply(keys, to: nil, source: pack, sink: pack)
    let own = try TreeEditor.apply(
      ["region.json": (mode: document.mode, id: document.id)], to: nil, source: pack, sink: pack)
    return try pack.write(.tree, RegionTree(mirrored: mirrored, local: own).encoded(), replacing: nil)
  }

  private func holdsResources(_ commit: ObjectID) throws -> Bool {
    struct Found: Error {}
    do {
      try TreeWalk.changes(from: nil, to: region.root(of: commit), in: region.git) {
        if ResourcePath.kind(ofPlace: $0.path) != nil { throw Found() }
      }
      return false
    } catch is Found { return true }
  }

  // MARK: The guard

  /// Refuses to take an account for what it is that has lost most of what it held: it is more likely away, or another one,
  /// than meant.
  func guardRemovals(_ findings: [Observation.Change], of tree: ObjectID?) throws {
    guard let (gone, total) = try lacksMost(findings, of: tree), total > 1 else { return }
    throw AccountError(
      .refused,
      "\(account.place) lacks \(gone) of the \(total) resources that it was last known to hold",
      hint: "bring it back, or check lockstep.account; if they were deleted there: lockstep capture -C"
        + " \(region.shellPlace) --force-deletions")
  }

  /// How many resources of how many are gone, where that is all of them, or more than three and 30 %; else nil.
  ///
  /// Costs nothing where nothing is gone, else a walk that ends once enough was seen.
  private func lacksMost(
    _ findings: [Observation.Change], of tree: ObjectID?
  ) throws -> (gone: Int, total: Int)? {
    struct Enough: Error {}
    let gone = findings.count { $0.finding.difference == .removed }
    guard gone > 0 else { return nil }
    let most = gone > 3 ? gone * 100 / 30 : gone
    var total = 0
    do {
      try TreeWalk.changes(from: nil, to: tree, in: region.git) { change in
        guard ResourcePath.kind(ofPlace: change.path) != nil else { return }
        total += 1
        if total > most { throw Enough() }
      }
    } catch is Enough { return nil }
    return (gone, total)
  }
}

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
    guard let beginning = try beginning(of: head) else { return asItIs }
    return Start(head: head, base: beginning, fork: beginning, live: nil, isFresh: beginning != head)
  }

  /// The region's first commit, which holds nothing but the region's name; nil where it began with something.
  private func beginning(of head: ObjectID) throws -> ObjectID? {
    var id = head
    while let parent = try RawCommit(bytes: region.git.read(id).bytes).parents.first { id = parent }
    guard try region.mirrored(of: id) == nil, try region.git.regionDocument(of: id)?.name == region.name
    else { return nil }
    return id
  }

  /// Whether the account has all that a branch has, and perhaps more: then it matches the branch, with additions.
  func isAddition(to start: Start, keyring: Keyring, reading: Observer.Reading) async throws -> Bool {
    let observer = try observer(at: start.head, keyring: keyring)
    let observation = try await observer.compare(with: region.root(of: start.head), reading: reading)
    return observation.changes.allSatisfy { $0.finding.difference == .added }
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

  /// A clone whose account lost most of what the repository holds is more likely a wrong account than a wish.
  func guardAdoption(_ findings: [DriftFinding], tree: ObjectID?) throws {
    let gone = findings.count { $0.difference == .removed }
    guard gone > 3 else { return }
    var total = 0
    try TreeWalk.changes(from: nil, to: tree, in: region.git) { change in
      if ResourcePath.kind(ofPlace: change.path) != nil { total += 1 }
    }
    guard gone * 100 > 30 * total else { return }
    throw AccountError(
      .refused,
      "\(account.place) lacks \(gone) of the \(total) resources that it had by the records of region \(region.name)",
      hint: "check lockstep.account, or take the account as it is: lockstep capture -C \(region.shellPlace)"
        + " --force-deletions")
  }
}

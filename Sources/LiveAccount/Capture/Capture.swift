package import Git
package import MediaResources
package import Planning
package import RegionRepository
package import Sealing

/// What a capture did.
package struct CaptureReport: Sendable {
  /// The region.
  package let region: RegionName
  /// What differed from the commit that the account was last known to match.
  package let changes: [Observation.Change]
  /// The commit with the observed state, or nil where nothing differed.
  package let commit: ObjectID?
  /// The region's head after the capture.
  package let head: ObjectID?
  /// What of identity the account has changed; the commit says so, and apply in other regions asks about it.
  package let identityChanges: [IdentityChange]
  /// Storage accounts that captured assets name and that are no binding of the region.
  package let unboundStorage: [String]
  /// Whether the commit is kept aside, and the branch and what is known to be live stay as they are.
  package let isAside: Bool
}

/// Writes an account's observed state as a commit: live account → region repository.
///
/// The commit's parent is the commit that the account was last known to match, so a change that is committed but not
/// yet applied is not undone; it is merged into the head. A pure function of live commit and observed state: the same
/// tree comes out. Lists the account, reads what changed, writes what differs.
package struct Capture {
  let region: RegionRepository
  let account: any LiveAccount
  let identities: Identities
  let cancellation: Cancellation

  package init(
    region: RegionRepository, account: any LiveAccount, identities: Identities, cancellation: Cancellation
  ) {
    self.region = region
    self.account = account
    self.identities = identities
    self.cancellation = cancellation
  }

  /// What a capture, or a look at drift, starts from.
  struct Start {
    let head: ObjectID
    /// The commit to be the capture's parent.
    let base: ObjectID
    /// The commit from which head and capture part.
    let fork: ObjectID?
    /// What the live ref says; nil where the account has never been compared with this repository.
    let live: ObjectID?
    /// What was kept aside, which is then the base.
    var aside: ObjectID?
    /// Whether the account held nothing of the branch, as far as anybody knows, and the base is where the region began.
    var isFresh = false

    /// The commit whose names and data keys count.
    var own: ObjectID { isFresh ? head : base }

    /// The same for an account that holds what the branch has.
    var onHead: Start { Start(head: head, base: head, fork: head, live: live) }

    /// The same after a commit upon the head that asks nothing of the account.
    func following(_ new: ObjectID?) -> Start {
      guard let new else { return self }
      return Start(
        head: new, base: base == head ? new : base, fork: base == head ? new : fork, live: live, aside: aside,
        isFresh: isFresh)
    }

    /// Whether the account is to be taken over as it is.
    var adopts: Bool { live == nil }

    /// Whether the head holds everything that was captured.
    var isMerged: Bool { fork == base }
  }

  /// - Parameter takesAll: whether an account that was never compared counts as it is, with all that it lacks.
  func start(takesAll: Bool = false) throws -> Start {
    guard let head = try region.head() else {
      throw RegionError(.badDocument, "region \(region.name) has no commit", hint: "lockstep init")
    }
    if let aside = try region.git.reference(RegionRepository.asideReference) {
      // It stands on what was live when the region was fenced: captured, and not in the branch yet.
      return Start(
        head: head, base: aside, fork: try region.git.mergeBases(aside, [head]).first,
        live: try region.live(),
        aside: aside)
    }
    guard let live = try region.live() else { return try adoption(of: head, takesAll: takesAll) }
    guard try live == head || region.git.isAncestor(live, of: head) else {
      return Start(head: head, base: live, fork: try region.git.mergeBases(live, [head]).first, live: live)
    }
    // Commits since then that ask nothing of the account (the fleet, say) need no merge: the account matches them.
    let base = try asksNothing(from: live, to: head) ? head : live
    return Start(head: head, base: base, fork: base, live: live)
  }

  private func asksNothing(from live: ObjectID, to head: ObjectID) throws -> Bool {
    struct Something: Error {}
    guard try region.document(at: live).bindings == region.document(at: head).bindings else { return false }
    do {
      try TreeWalk.changes(from: region.root(of: live), to: region.root(of: head), in: region.git) {
        if ResourcePath.kind(ofPlace: $0.path) != nil { throw Something() }
      }
      return true
    } catch is Something {
      return false
    }
  }

  /// How the account differs from what it was last known to be; changes nothing.
  /// - Parameter isNoted: whether what was read is noted, so that the next look need not read it again.
  package func drift(
    reading: Observer.Reading = .changed, isNoted: Bool = true
  ) async throws -> [DriftFinding] {
    try await look(reading: reading, isNoted: isNoted).findings
  }

  /// How the account differs, and what was not looked at where reading is `.unbilled`; changes nothing.
  package func look(
    reading: Observer.Reading, isNoted: Bool = true
  ) async throws -> (findings: [DriftFinding], unlooked: [ResourceID]) {
    let found = try start()
    let start = found.isFresh ? found.onHead : found
    let observer = try observer(at: start.base, keyring: keyring(start, founder: Keyring.passing))
    let observation = try await observer.compare(with: region.root(of: start.base), reading: reading)
    if isNoted, observation.changes.isEmpty { observer.save(observation) }
    let findings = observation.changes.map(\.finding)
    // What such an account lacks was not taken out of it: it is to be applied.
    return (
      found.isFresh ? findings.filter { $0.difference != .removed } : findings, observation.unlooked
    )
  }

  /// Captures.
  ///
  /// The caller holds the region's lock, and no apply is half done.
  /// - Parameters:
  ///   - message: the commit's subject, or nil for one that names what changed.
  ///   - published: the asset whose files a person has just put there.
  ///   - allowsDeletions: whether what the account has lost counts, however much it is; of one that was never
  ///     compared, all that it lacks.
  ///   - reading: how much is read although nothing says that it changed.
  /// - Throws: `RegionError` (`.conflict`) where account and head changed one resource to different ends; nothing is
  ///   written then.
  package func run(
    message: String? = nil, published: ResourceID? = nil, allowsDeletions: Bool = false,
    reading: Observer.Reading = .changed
  ) async throws -> CaptureReport {
    var start = try start(takesAll: allowsDeletions)
    let keyring = try keyring(start, founder: founder())
    if start.adopts, !allowsDeletions {
      start = try await judged(start, keyring: keyring, reading: reading)
    }
    let tree = try region.root(of: start.base)
    let observer = try observer(
      at: start.own, keyring: keyring, sealsClear: true, beginSealing: { try beginSealing(keyring) })
    let pack = try PackWriter(repository: region.git)
    var observation = try await observer.compare(with: tree, reading: reading, into: pack)
    if keyring.founded != nil {
      try beginSealing(keyring)
      start = try start.following(region.head())
    }
    let findings = observation.changes
    let begins = try beginsElsewhere(start)
    if findings.isEmpty, start.isMerged, !begins {
      if start.live != start.base { try AuditLog(region).record(record(start.base, start)) }
      try moveLive(from: start.live, to: start.base, log: start.adopts ? "adopt" : "nothing to apply")
      try forgetAside(start)
      observer.save(observation)
      return CaptureReport(
        region: region.name, changes: [], commit: nil, head: start.head, identityChanges: [],
        unboundStorage: [], isAside: false)
    }
    // A branch that was rewritten after it was applied lacks nothing that was captured: there is nothing to bring back.
    if findings.isEmpty, start.aside == nil, let live = start.live,
      try AuditLog(region).isRewritten(start.head, since: live)
    {
      observer.save(observation)
      return CaptureReport(
        region: region.name, changes: [], commit: nil, head: start.head, identityChanges: [],
        unboundStorage: [], isAside: false)
    }
    if !allowsDeletions {
      try guardRemovals(findings, of: tree)
      try guardContents(observation, in: pack, of: tree, but: published)
    }
    let identity = try CapturedIdentity(
      observation, in: pack, against: start.base, in: region.git, keyring: keyring)
    let commit =
      findings.isEmpty && !begins
      ? start.base : try write(observation, identity, on: start, message: message, into: pack)
    let newHead = try merge(commit, into: start, pack: pack)
    observation.index.tree = try RawCommit(bytes: pack.read(commit).bytes).tree
    let subject = Self.subject(region.name, findings)
    let move = RegionRepository.HeadMove(old: start.head, new: newHead, log: "lockstep capture: \(subject)")
    let noted =
      start.live == commit ? nil : try AuditLog(region).prepare(record(commit, start), into: pack)
    // Live moves before the branch: a crash in between leaves a capture that the next one merges, not one made twice.
    try region.finish(move, recording: noted, pack: pack) {
      try moveLive(from: start.live, to: commit, log: subject)
    }
    try HeldResources.forget(Set(findings.map(\.id)), for: region)
    try forgetAside(start)
    observer.save(observation)
    return CaptureReport(
      region: region.name, changes: findings, commit: commit, head: newHead,
      identityChanges: identity.changes,
      unboundStorage: observation.unboundStorage, isAside: false)
  }

  private func record(_ commit: ObjectID, _ start: Start) -> AuditRecord {
    AuditRecord(region: region.name, .captured(commit, from: start.live))
  }

  private func moveLive(from old: ObjectID?, to new: ObjectID, log: String) throws {
    try region.setLive(from: old, to: new, log: "lockstep capture: \(log)")
  }

  func observer(
    at commit: ObjectID, keyring: Keyring, sealsClear: Bool = false, beginSealing: (() throws -> Void)? = nil
  ) throws -> Observer {
    try Observer(
      region: region, account: account, bindings: region.document(at: commit).bindings, keyring: keyring,
      sealsClear: sealsClear, held: HeldResources(of: region).entries, beginSealing: beginSealing,
      cancellation: cancellation)
  }

  // MARK: Keys

  /// The data keys of head and base; the head's is current, so that a rotation which is not applied yet counts.
  func keyring(_ start: Start, founder: Keyring.Founder?) throws -> Keyring {
    try region.keyring(of: [start.head, start.base], identities: identities, founder: founder)
  }

  /// Commits the data key that a keyring has founded, where that was not done yet.
  ///
  /// A commit of its own: taking the capture back must not take the data key away.
  func beginSealing(_ keyring: Keyring) throws {
    guard let founded = keyring.founded,
      try region.commit(founded, message: "Begin sealing secrets") != nil
    else { return }
    region.noteCurrentKey(identities: identities)
  }

  /// Makes the region's first data key, for who is at the keyboard.
  private func founder() -> Keyring.Founder {
    let label = (try? region.git.signature().name) ?? ""
    return { [identities] () throws(SealingError) in
      try KeyAdministration.found(for: RecipientList(identities.own(label: label)))
    }
  }

  func write(
    _ observation: Observation, _ identity: CapturedIdentity, on start: Start, message: String?,
    into pack: PackWriter
  ) throws -> ObjectID {
    var root = try ground(of: start, into: pack)
    // Some at a time, in the order of their paths: nearly all trees are written once.
    for start in stride(from: 0, to: observation.changes.count, by: Self.editedAtOnce) {
      let some = observation.changes[start..<min(start + Self.editedAtOnce, observation.changes.count)]
      var edits: [String: (mode: UInt32, id: ObjectID)?] = [:]
      edits.reserveCapacity(some.count)
      for change in some {
        edits.updateValue(change.blob.map { (mode: TreeMode.file, id: $0) }, forKey: change.path)
      }
      root = try TreeEditor.apply(edits, to: root, source: pack, sink: pack)
    }
    let subject = message ?? Self.subject(region.name, observation.changes)
    return try region.writeCommit(
      tree: root ?? .emptyTree, parents: [start.base],
      message: subject + "\n\n" + Self.body(observation.changes) + identity.trailers,
      by: region.signatures(),
      into: pack)
  }

  /// How many files of a tree are changed at once.
  private static let editedAtOnce = 2_048

  /// Brings the capture into the head: the head moves to it where it stands on the head, else they are merged.
  private func merge(_ commit: ObjectID, into start: Start, pack: PackWriter) throws -> ObjectID {
    guard start.fork != start.head else { return commit }
    let base = try start.fork.map { try pack.regionTree(of: $0) }
    let head = try pack.regionTree(of: start.head)
    let captured = try pack.regionTree(of: commit)
    let shared = try MirroredMerge(pack: pack, identities: identities, trust: region.git.trust).merge(
      base: base?.mirrored, ours: head.mirrored, theirs: captured.mirrored)
    let own = try TreeMerge.merge(
      base: base?.local, ours: head.local, theirs: captured.local, source: pack, sink: pack)
    switch (shared, own) {
    case (.merged(let mirrored), .merged(let local)):
      let root = try pack.write(
        .tree, RegionTree(mirrored: mirrored, local: local).encoded(), replacing: nil)
      return try region.writeCommit(
        tree: root, parents: [start.head, commit],
        message: "Merge what the live account of \(region.name) has become\n", by: region.signatures(),
        into: pack)
    default:
      throw conflict(Self.paths(of: shared, in: "mirrored") + Self.paths(of: own, in: "local"), start)
    }
  }

  /// What account and branch changed to different ends, and the way on: where the branch goes back to what both began with,
  /// the capture brings in the account's, and the history keeps the branch's.
  private func conflict(_ paths: [String], _ start: Start) -> RegionError {
    let shown = paths.prefix(10).joined(separator: ", ")
    let place = region.shellPlace
    let hint: String
    if start.live == nil {
      hint =
        "see both: lockstep drift -C \(place); make both the same, or take the account as it is, with all that it lacks:"
        + " lockstep capture -C \(place) --force-deletions"
    } else if let fork = start.fork, start.aside == nil {
      let quoted = paths.map(ShellWord.quoted).joined(separator: " ")
      hint =
        "take the account's: git -C \(place) restore --staged --worktree --source=\(fork.abbreviated) -- \(quoted)"
        + " && git -C \(place) commit -m 'Make way for what the account has' && lockstep capture -C \(place);"
        + " the branch's stays in \(start.head.abbreviated), and see the account's then:"
        + " lockstep diff \(start.head.abbreviated) -C \(place)"
    } else {
      hint =
        "see both: lockstep drift -C \(place); git -C \(place) diff \(RegionRepository.liveReference) -- mirrored local"
    }
    return RegionError(
      .conflict,
      "the live account of \(region.name) and its branch changed the same to different ends: \(shown)",
      hint: hint)
  }

  private static func paths(of outcome: MergeOutcome, in half: String) -> [String] {
    if case .conflicts(let paths) = outcome { paths.map { "\(half)/\($0)" } } else { [] }
  }

  // MARK: Words

  static func subject(_ region: RegionName, _ findings: [Observation.Change]) -> String {
    if findings.count == 1, let only = findings.first {
      return "Capture \(region): \(only.finding.summary)"
    }
    if findings.isEmpty { return "Capture \(region): nothing yet" }
    let parts = [DriftFinding.Difference.added, .changed, .removed].compactMap { difference -> String? in
      let count = findings.count { $0.finding.difference == difference }
      return count == 0 ? nil : "\(count) \(difference.rawValue)"
    }
    return "Capture \(region): \(parts.joined(separator: ", "))"
  }

  private static func body(_ findings: [Observation.Change]) -> String {
    let limit = 100
    var lines = findings.prefix(limit).map(\.finding.summary)
    if findings.count > limit { lines.append("and \(findings.count - limit) more") }
    return lines.joined(separator: "\n") + "\n"
  }
}

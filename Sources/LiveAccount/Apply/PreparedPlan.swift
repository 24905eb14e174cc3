import CanonicalJSON
package import Git
package import MediaResources
package import Planning
package import RegionRepository
package import Sealing

/// A plan with the two commits that it leads between.
package struct PreparedPlan: Sendable {
  /// The commit that the account was last known to match.
  package let live: ObjectID
  /// The commit that the plan leads to.
  package let planned: ObjectID
  /// The steps and what the guards say.
  package let plan: Plan
  /// Documents whose secrets were sealed anew and that say the same, by path from the root of the tree.
  let resealed: [String: DocumentComparison.Resealed]
}

/// Reads the difference between live and a commit, and plans it.
///
/// Costs what differs.
package struct PlanBuilder {
  let region: RegionRepository
  private let capabilities: AccountCapabilities
  private let identities: Identities
  private let purpose: Purpose

  /// What a plan is made for.
  package enum Purpose: Sendable {
    /// To be applied: every sealed value in it is opened.
    case applying
    /// To be looked at: sealed values are opened where that can be done here. Where it cannot, it still shows that a
    /// value changed, but not whether a value under another data key did.
    case reading
  }

  package init(
    region: RegionRepository, capabilities: AccountCapabilities, identities: Identities, purpose: Purpose
  ) {
    self.region = region
    self.capabilities = capabilities
    self.identities = identities
    self.purpose = purpose
  }

  /// Plans from live to the head.
  /// - Throws: `AccountError` (`.missing`) where it is not known what the account matches.
  package func plan(forced: Set<GuardRefusal.Guard> = []) async throws -> PreparedPlan {
    guard let head = try region.head() else {
      throw RegionError(.badDocument, "region \(region.name) has no commit", hint: "lockstep init")
    }
    guard let live = try region.live() else {
      throw AccountError(
        .missing, "it is not known which commit the live account of region \(region.name) matches",
        hint: "lockstep capture -C \(region.shellPlace)")
    }
    try checkHolds(head, live)
    return try await plan(from: live, to: head, forced: forced)
  }

  /// Refuses a branch that lacks what was captured: a plan would undo it.
  package func checkHolds(_ head: ObjectID, _ live: ObjectID) throws {
    guard try AuditLog(region).lacksCaptured(head, live: live) else { return }
    throw AccountError(
      .drifted,
      "the branch of region \(region.name) does not hold \(live), which its live account matches",
      hint: "lockstep capture -C \(region.shellPlace)")
  }

  /// Plans from one commit to another.
  /// - Parameters:
  ///   - touched: what a run that was cut off began to change, as the account holds it now; it counts instead of what
  ///     live says.
  ///   - complete: what that run has changed to the planned commit already.
  package func plan(
    from live: ObjectID, to planned: ObjectID, forced: Set<GuardRefusal.Guard>,
    touched: [ResourceID: Resource?] = [:], complete: Set<ResourceID> = []
  ) async throws -> PreparedPlan {
    try checkKeys(from: live, to: planned)
    let keyring = try region.keyring(of: [region.head(), planned, live], identities: identities)
    let (old, new) = (try side(live, keyring), try side(planned, keyring))
    let comparison = DocumentComparison(
      old: old.bindings, new: new.bindings, keyring: keyring, mustOpen: purpose == .applying)
    let found = try await comparison.changes(among: pairs(old, new), in: region.git)
    if let secret = found.clear.first { throw inClear(secret, count: found.clear.count) }
    var changes = found.changes
    // Where the account is not what the commit at live says.
    let other = try heldBack(at: live, old).merging(touched) { _, new in new }
    for (id, observed) in other {
      changes[id] = ResourceChange(id: id, live: observed, wanted: try new.resource(id))
    }
    let all = changes.values.filter { !complete.contains($0.id) }.sorted { $0.id < $1.id }
    let context = Context(git: region.git, old: old, new: new, other: other, capabilities: capabilities)
    let (going, held) = Holding.part(all, by: try Soundness.findings(all, in: context))
    return PreparedPlan(
      live: live, planned: planned,
      plan: try Planner.plan(going, besides: held, in: context, forced: forced), resealed: found.resealed)
  }

  /// What an earlier apply held back, as the account has it.
  private func heldBack(at live: ObjectID, _ old: PlanSide) throws -> [ResourceID: Resource?] {
    guard try live == region.live() else { return [:] }
    var held: [ResourceID: Resource?] = [:]
    for entry in try HeldResources(of: region).entries where capabilities.kinds.contains(entry.id.kind) {
      held[entry.id] = .some(try entry.live.map { try old.resource($0, of: entry.id) })
    }
    return held
  }

  /// The documents whose text differs, or which say something else here because a shared symbol has another name.
  private func pairs(_ old: PlanSide, _ new: PlanSide) throws -> [DocumentComparison.Pair] {
    var pairs: [DocumentComparison.Pair] = []
    try TreeWalk.changes(from: old.tree, to: new.tree, in: region.git) { change in
      guard let kind = ResourcePath.kind(ofPlace: change.path), capabilities.kinds.contains(kind) else {
        return
      }
      pairs.append(DocumentComparison.Pair(path: change.path, old: change.old?.id, new: change.new?.id))
    }
    guard old.bindings != new.bindings else { return pairs }
    for kind in Bindings.boundKinds {
      let place = "\(kind.half)/\(kind.rawValue)"
      guard let folder = try region.git.entry(place, in: new.tree), folder.isTree else { continue }
      try TreeWalk.changes(from: nil, to: folder.id, in: region.git, prefix: place + "/") { change in
        guard let entry = change.new, try region.git.entry(change.path, in: old.tree)?.id == entry.id else {
          return
        }
        pairs.append(DocumentComparison.Pair(path: change.path, old: entry.id, new: entry.id))
      }
    }
    return pairs
  }

  private func side(_ commit: ObjectID, _ keyring: Keyring) throws -> PlanSide {
    try PlanSide(
      git: region.git, tree: region.root(of: commit), bindings: region.document(at: commit).bindings,
      keyring: keyring, mustOpen: purpose == .applying)
  }

  // MARK: Refusals

  /// Refuses a commit that has lost a data key: what it seals could never be opened again.
  private func checkKeys(from live: ObjectID, to planned: ObjectID) throws {
    let (old, new) = try (
      region.git.sealingFiles(in: region.mirrored(of: live)),
      region.git.sealingFiles(in: region.mirrored(of: planned))
    )
    let lost = Set(old.keys.keys).subtracting(new.keys.keys).sorted()
    guard !lost.isEmpty || (old.recipients != nil && new.recipients == nil) else { return }
    let what = lost.isEmpty ? "the list of recipients" : "data key \(lost[0].abbreviated)"
    let command = "git -C \(region.shellPlace) checkout \(live) -- mirrored/\(SealingFiles.folder)"
    throw AccountError(
      .refused, "the branch of region \(region.name) has lost \(what), which is never taken out",
      hint: "bring it back and commit that: \(command)")
  }

  private func inClear(_ secret: DocumentComparison.ClearSecret, count: Int) -> AccountError {
    AccountError(
      .refused,
      "\(secret.id.summary): the secret at \(secret.place) stands in clear in the repository"
        + (count > 1 ? ", and \(count - 1) more" : ""),
      hint:
        "seal it and commit that: lockstep seal \(region.shellPlace)/\(ResourcePath.place(of: secret.id));"
        + " then replace that secret: it stays in the history")
  }

  private struct Context: PlanContext {
    let git: Repository
    let old: PlanSide
    let new: PlanSide
    let other: [ResourceID: Resource?]
    let capabilities: AccountCapabilities

    func live(_ id: ResourceID) throws -> Resource? {
      if let held = other[id] { return held }
      return try old.resource(id)
    }
    func wanted(_ id: ResourceID) throws -> Resource? { try new.resource(id) }
    func liveCount(_ kind: ResourceKind, enough: Int) throws -> Int { try old.count(kind, enough: enough) }

    func losesContainer(_ asset: Resource) -> Bool {
      switch capabilities.containerDeletion {
      case .kept: false
      case .deleted: true
      case .asAssetSays: asset.properties["containerDeletionPolicy"]?.stringValue == "Delete"
      }
    }

    var movesAssets: Bool { capabilities.movesAssets }

    func limit(of kind: ResourceKind) -> Int? { capabilities.limits[kind] }

    func liveCount(_ kind: ResourceKind, ofAsset asset: String) throws -> Int {
      guard kind == .streamingLocator else {
        let place = ResourcePath.place(of: ResourceID(kind: kind, assetName: asset, name: "any"))
        let folder = place.utf8.lastIndex(of: UInt8(ascii: "/")).map { String(place[..<$0]) } ?? place
        var count = 0
        try TreeWalk.changes(from: nil, to: git.entry(folder, in: old.tree)?.id, in: git) { _ in count += 1 }
        return count
      }
      var count = 0
      try forEachLocator {
        if StreamingLocatorView($0).assetName?.utf8.elementsEqual(asset.utf8) == true { count += 1 }
      }
      return count
    }

    func locators(keeping policy: ResourceID) throws -> [ResourceID] {
      guard !capabilities.replacesUsedPolicies else { return [] }
      var users: [ResourceID] = []
      try forEachLocator {
        let used = StreamingLocatorView($0).streamingPolicyName
        if used?.utf8.elementsEqual(policy.name.utf8) == true { users.append($0.id) }
      }
      return users
    }

    /// Asked only where it matters: the documents say whose they are, and all of them are read.
    private func forEachLocator(_ body: (Resource) -> Void) throws {
      let place = "\(ResourceKind.streamingLocator.half)/\(ResourceKind.streamingLocator.rawValue)"
      guard let folder = try git.entry(place, in: old.tree), folder.isTree else { return }
      try TreeWalk.changes(from: nil, to: folder.id, in: git, prefix: place + "/") { change in
        guard let entry = change.new else { return }
        body(try ResourceDocument.resource(bytes: git.read(entry.id).bytes, place: change.path))
      }
    }
  }
}

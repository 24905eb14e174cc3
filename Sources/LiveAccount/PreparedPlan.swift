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
}

/// Reads the difference between live and a commit, and plans it.
///
/// Costs what differs.
package struct PlanBuilder {
  private let region: RegionRepository
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
  package func plan(forced: Set<GuardRefusal.Guard> = []) throws -> PreparedPlan {
    guard let head = try region.head() else {
      throw RegionError(.badDocument, "region \(region.name) has no commit", hint: "lockstep init")
    }
    guard let live = try region.live() else {
      throw AccountError(
        .missing, "it is not known which commit the live account of region \(region.name) matches",
        hint: "lockstep capture -C \(region.place)")
    }
    try checkHolds(head, live)
    return try plan(from: live, to: head, forced: forced)
  }

  /// Refuses a branch that lacks what was captured: a plan would undo it.
  package func checkHolds(_ head: ObjectID, _ live: ObjectID) throws {
    guard try live != head && !region.git.isAncestor(live, of: head) else { return }
    throw AccountError(
      .drifted,
      "the branch of region \(region.name) does not hold \(live), which its live account was captured as",
      hint: "lockstep capture -C \(region.place)")
  }

  /// Plans from one commit to another.
  /// - Parameters:
  ///   - touched: what a run that was cut off began to change, as the account holds it now; it counts instead of what
  ///     live says.
  ///   - complete: what that run has changed to the planned commit already.
  package func plan(
    from live: ObjectID, to planned: ObjectID, forced: Set<GuardRefusal.Guard>,
    touched: [ResourceID: Resource?] = [:], complete: Set<ResourceID> = []
  ) throws -> PreparedPlan {
    let keyring = try region.keyring(of: [planned, live], identities: identities)
    let (old, new) = (try side(live, keyring), try side(planned, keyring))
    var changes: [ResourceID: ResourceChange] = [:]
    var clear: [(ResourceID, String)] = []
    try TreeWalk.changes(from: old.tree, to: new.tree, in: region.git) { change in
      guard let kind = ResourcePath.kind(ofPath: change.path), capabilities.kinds.contains(kind) else {
        return
      }
      try note(change.path, old: change.old, new: change.new)
    }
    func note(_ path: String, old before: TreeEntry?, new after: TreeEntry?) throws {
      let sealed = (
        try before.map { try old.sealed($0, at: path) }, try after.map { try new.sealed($0, at: path) }
      )
      guard let id = (sealed.1 ?? sealed.0)?.id else { return }
      let (live, wanted) = try opened(sealed, with: keyring)
      if let resource = sealed.1 { clear += SealedValues.clearPlaces(in: resource).map { (id, $0) } }
      changes[id] = ResourceChange(
        id: id, live: try live.map(old.bound), wanted: try wanted.map(new.bound))
    }
    if old.bindings != new.bindings {
      // Another name for a shared symbol changes what documents say here, though their text is the same.
      for kind in Bindings.boundKinds {
        guard let folder = try region.git.entry(kind.rawValue, in: new.tree), folder.isTree else { continue }
        try TreeWalk.changes(from: nil, to: folder.id, in: region.git, prefix: kind.rawValue + "/") {
          change in
          let before = try region.git.entry(change.path, in: old.tree)
          if before?.id == change.new?.id { try note(change.path, old: before, new: change.new) }
        }
      }
    }
    if let (id, place) = clear.first { throw inClear(id, place, count: clear.count) }
    for (id, observed) in touched {
      changes[id] = ResourceChange(id: id, live: observed, wanted: try new.resource(id))
    }
    let all = changes.values.filter { !complete.contains($0.id) }.sorted { $0.id < $1.id }
    let context = Context(old: old, new: new)
    let findings = try Soundness.findings(all, in: context)
    guard findings.isEmpty else { throw unsound(findings) }
    return PreparedPlan(
      live: live, planned: planned, plan: try Planner.plan(all, in: context, forced: forced))
  }

  private func side(_ commit: ObjectID, _ keyring: Keyring) throws -> Side {
    try Side(
      git: region.git, tree: region.mirrored(of: commit), bindings: region.document(at: commit).bindings,
      keyring: keyring, mustOpen: purpose == .applying)
  }

  /// Both forms of a resource opened, or where no key is at hand neither.
  private func opened(
    _ sealed: (Resource?, Resource?), with keyring: Keyring
  ) throws -> (live: Resource?, wanted: Resource?) {
    do throws(SealingError) {
      var clear: (Resource?, Resource?)
      if let before = sealed.0 { clear.0 = try keyring.open(before) }
      if let after = sealed.1 { clear.1 = try keyring.open(after) }
      return clear
    } catch {
      guard purpose == .reading, error.isLackOfKey else { throw error }
      if let before = sealed.0, let after = sealed.1, SealedValues.mustBeOpened(before, after) { throw error }
      return sealed
    }
  }

  private func inClear(_ id: ResourceID, _ place: String, count: Int) -> AccountError {
    AccountError(
      .refused,
      "\(id.summary): the secret at \(place) stands in clear in the repository"
        + (count > 1 ? ", and \(count - 1) more" : ""),
      hint: "seal it and commit that: lockstep seal \(region.place)/mirrored/\(ResourcePath.path(of: id));"
        + " then replace that secret: it stays in the history")
  }

  private func unsound(_ findings: [Finding]) -> AccountError {
    let lines = findings.prefix(10).map { finding in
      let place = finding.pointer.isEmpty ? "" : " (\(finding.pointer))"
      return "\(finding.resource.summary): \(finding.message)\(place)"
    }
    return AccountError(
      .invalid,
      "no account can hold what region \(region.name) asks for: " + lines.joined(separator: "; ")
        + (findings.count > 10 ? "; and \(findings.count - 10) more" : ""),
      hint:
        "mend the documents in the region where they were changed, or revert the commit: git revert COMMIT")
  }

  /// One of the two resource sets, with the names that this region had for the shared symbols.
  private struct Side {
    let git: Repository
    let tree: ObjectID?
    let bindings: Bindings
    let keyring: Keyring
    let mustOpen: Bool

    func sealed(_ entry: TreeEntry, at path: String) throws -> Resource {
      try MirroredDocument.resource(bytes: git.read(entry.id).bytes, path: path)
    }

    func bound(_ resource: Resource) throws -> Resource { try NormalForm.normalise(bindings.bind(resource)) }

    func resource(_ entry: TreeEntry, at path: String) throws -> Resource {
      var resource = try sealed(entry, at: path)
      do throws(SealingError) { resource = try keyring.open(resource) } catch {
        guard !mustOpen, error.isLackOfKey else { throw error }
      }
      return try bound(resource)
    }

    func resource(_ id: ResourceID) throws -> Resource? {
      let path = ResourcePath.path(of: id)
      return try git.entry(path, in: tree).map { try resource($0, at: path) }
    }

    /// Counts a kind, but no further than matters.
    func count(_ kind: ResourceKind, enough: Int) throws -> Int {
      struct Enough: Error {}
      guard let folder = try git.entry(kind.rawValue, in: tree), folder.isTree else { return 0 }
      var count = 0
      do {
        try TreeWalk.changes(from: nil, to: folder.id, in: git) { _ in
          count += 1
          if count >= enough { throw Enough() }
        }
      } catch is Enough {}
      return count
    }
  }

  private struct Context: PlanContext {
    let old: Side
    let new: Side

    func live(_ id: ResourceID) throws -> Resource? { try old.resource(id) }
    func wanted(_ id: ResourceID) throws -> Resource? { try new.resource(id) }
    func liveCount(_ kind: ResourceKind, enough: Int) throws -> Int { try old.count(kind, enough: enough) }
  }
}

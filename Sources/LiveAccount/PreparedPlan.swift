package import Git
import MediaResources
package import Planning
package import RegionRepository

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

  package init(region: RegionRepository, capabilities: AccountCapabilities) {
    self.region = region
    self.capabilities = capabilities
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
    return try plan(from: live, to: head, forced: forced)
  }

  /// Plans from one commit to another.
  package func plan(from live: ObjectID, to planned: ObjectID, forced: Set<GuardRefusal.Guard>) throws
    -> PreparedPlan
  {
    let bindings = try region.document(at: planned).bindings
    let oldTree = try region.mirrored(of: live)
    let newTree = try region.mirrored(of: planned)
    var changes: [ResourceChange] = []
    try TreeWalk.changes(from: oldTree, to: newTree, in: region.git) { change in
      guard let kind = ResourcePath.kind(ofPath: change.path), capabilities.kinds.contains(kind) else {
        return
      }
      let old = try change.old.map { try resource($0, at: change.path, bindings: bindings) }
      let new = try change.new.map { try resource($0, at: change.path, bindings: bindings) }
      guard let id = (new ?? old)?.id else { return }
      changes.append(ResourceChange(id: id, live: old, wanted: new))
    }
    let plan = try Planner.plan(changes, forced: forced) { kind, enough in
      try count(kind, in: oldTree, upTo: enough)
    }
    return PreparedPlan(live: live, planned: planned, plan: plan)
  }

  private func resource(_ entry: TreeEntry, at path: String, bindings: Bindings) throws -> Resource {
    try bindings.bind(MirroredDocument.resource(bytes: region.git.read(entry.id).bytes, path: path))
  }

  /// Counts a kind, but no further than matters.
  private func count(_ kind: ResourceKind, in tree: ObjectID?, upTo enough: Int) throws -> Int {
    struct Enough: Error {}
    guard let folder = try region.git.entry(kind.rawValue, in: tree), folder.isTree else { return 0 }
    var count = 0
    do {
      try TreeWalk.changes(from: nil, to: folder.id, in: region.git) { _ in
        count += 1
        if count >= enough { throw Enough() }
      }
    } catch is Enough {}
    return count
  }
}

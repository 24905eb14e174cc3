package import MediaResources

/// What a plan must know of the two resource sets that it leads between, beyond what differs.
package protocol PlanContext {
  /// A resource as it is live, or nil.
  func live(_ id: ResourceID) throws -> Resource?
  /// A resource as it is wanted, or nil.
  func wanted(_ id: ResourceID) throws -> Resource?
  /// How many resources of a kind are live; above `enough` the exact count does not matter.
  func liveCount(_ kind: ResourceKind, enough: Int) throws -> Int
  /// Whether the account deletes an asset's files with it.
  func losesContainer(_ asset: Resource) -> Bool
  /// Whether an asset can be given another container, into which its files come anew.
  var movesAssets: Bool { get }
  /// How many of a kind the account holds at once (of filters and locators, of one asset), or nil for any number.
  func limit(of kind: ResourceKind) -> Int?
  /// How many locators or filters of one asset are live; of locators, costs all of the kind.
  func liveCount(_ kind: ResourceKind, ofAsset asset: String) throws -> Int
  /// The live locators that keep the account from replacing a streaming policy; none where it replaces any.
  func locators(keeping policy: ResourceID) throws -> [ResourceID]
}

extension PlanContext {
  package func losesContainer(_ asset: Resource) -> Bool { false }
  package var movesAssets: Bool { false }
  package func limit(of kind: ResourceKind) -> Int? { nil }
  package func liveCount(_ kind: ResourceKind, ofAsset asset: String) throws -> Int { 0 }
  package func locators(keeping policy: ResourceID) throws -> [ResourceID] { [] }
}

/// Turns the difference between what is live and what is wanted into ordered, guarded steps.
///
/// Pure: it sees no account and no repository. Costs what differs.
package enum Planner {
  /// Makes a plan.
  ///
  /// Order: first the locators whose ids other locators take over, or whose files or streaming policy change, are deleted, and what stands
  /// where an account has no room for what is new; then everything is created or replaced
  /// in dependency order (content key policies → streaming policies → account filters → assets and content → asset
  /// filters → tracks → locators → streaming endpoints); then the rest is deleted in reverse order.
  /// - Parameters:
  ///   - changes: the resources that differ, in any order.
  ///   - held: what is not among them, since no account takes it.
  ///   - forced: guards that a person overrode by name.
  package static func plan(
    _ changes: [ResourceChange], besides held: [HeldBack] = [], in context: some PlanContext,
    forced: Set<GuardRefusal.Guard> = []
  ) throws -> Plan {
    let different = try (changes + contents(ofMoved: changes, in: context)).filter { !isSame($0) }
      .sorted { $0.id < $1.id }
    let crowded = try CrowdedScopes(different, in: context)
    let steps = ordered(different, crowded: crowded)
    let found = try Guards.refusals(steps, in: context) + crowded.excesses.map { GuardRefusal(.limits, $0) }
    let refusals = found.filter { !forced.contains($0.kind) || !$0.isForceable }
    return Plan(steps: steps, refusals: refusals, held: held)
  }

  /// The files of assets that get another container, where they are the same: the new one has none yet.
  private static func contents(
    ofMoved changes: [ResourceChange], in context: some PlanContext
  ) throws -> [ResourceChange] {
    let known = Set(changes.map(\.id))
    return try changes.compactMap { change in
      guard context.movesAssets, Guards.movedMember(of: change) != nil else { return nil }
      let content = ResourceID(kind: .content, assetName: nil, name: change.id.name)
      guard !known.contains(content), let files = try context.wanted(content) else { return nil }
      return ResourceChange(id: content, live: nil, wanted: files)
    }
  }

  static func isSame(_ change: ResourceChange) -> Bool {
    switch (change.live, change.wanted) {
    case (nil, nil): true
    case (let live?, let wanted?): Equivalence.equal(live, wanted)
    default: false
    }
  }

  private static func ordered(_ changes: [ResourceChange], crowded: CrowdedScopes) -> [PlanStep] {
    let claimed = Set(changes.lazy.compactMap(\.wanted).flatMap { Identity.claims(of: $0) })
    let refilled = Set(changes.lazy.filter { $0.id.kind == .content }.map(\.id.name).map { Array($0.utf8) })
    let reformed = Set(
      changes.lazy.filter { $0.id.kind == .streamingPolicy && $0.live != nil && $0.wanted != nil }
        .map { Array($0.id.name.utf8) })
    let kinds = ResourceKind.allCases.sorted()
    let last = kinds.count
    return changes.map { change in
      let rank = kinds.firstIndex(of: change.id.kind) ?? 0
      switch (change.live, change.wanted) {
      case (nil, _): return PlanStep(action: .create, change: change, phase: 1 + rank)
      case (_, .some): return PlanStep(action: .replace, change: change, phase: 1 + rank)
      case (let live?, nil):
        let isInTheWay =
          crowded.contains(live)
          || Identity.claims(of: live).contains { claimed.contains($0) }
          || change.id.kind == .streamingLocator
            && (StreamingLocatorView(live).assetName.map { refilled.contains(Array($0.utf8)) } == true
              || StreamingLocatorView(live).streamingPolicyName.map { reformed.contains(Array($0.utf8)) }
                == true)
        return PlanStep(action: .delete, change: change, phase: isInTheWay ? 0 : 1 + last + (last - rank))
      }
    }.sorted { ($0.phase, $0.id) < ($1.phase, $1.id) }
  }
}

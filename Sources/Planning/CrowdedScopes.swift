import MediaResources

/// Where an account holds so many of a kind already that something must go before something new comes.
struct CrowdedScopes {
  /// Filters of the account, filters of one asset, or locators of one asset.
  private struct Scope: Hashable {
    let kind: ResourceKind
    /// The asset's name in UTF-8; empty for filters of the account.
    let asset: [UInt8]

    init?(_ resource: Resource) {
      kind = resource.id.kind
      switch kind {
      case .accountFilter: asset = []
      case .assetFilter: asset = Array((resource.id.assetName ?? "").utf8)
      case .streamingLocator: asset = Array((StreamingLocatorView(resource).assetName ?? "").utf8)
      default: return nil
      }
    }
  }

  private let scopes: Set<Scope>

  /// Counts what is live only where a plan both makes and takes away.
  init(_ changes: [ResourceChange], in context: some PlanContext) throws {
    var made: [Scope: Int] = [:]
    var removed: Set<Scope> = []
    for change in changes where context.limit(of: change.id.kind) != nil {
      if change.live == nil, let scope = change.wanted.flatMap(Scope.init) { made[scope, default: 0] += 1 }
      if change.wanted == nil, let scope = change.live.flatMap(Scope.init) { removed.insert(scope) }
    }
    scopes = Set(
      try made.filter { removed.contains($0.key) }.filter { scope, count in
        guard let limit = context.limit(of: scope.kind) else { return false }
        let live =
          scope.kind == .accountFilter
          ? try context.liveCount(scope.kind, enough: limit + 1)
          : try context.liveCount(scope.kind, ofAsset: String(decoding: scope.asset, as: UTF8.self))
        return live + count > limit
      }.keys)
  }

  /// Whether a resource stands where there is no room.
  func contains(_ resource: Resource) -> Bool { Scope(resource).map(scopes.contains) ?? false }
}

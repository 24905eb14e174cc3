import MediaResources

/// Where an account holds so many of a kind already that something must go before something new comes.
struct CrowdedScopes {
  /// Filters or streaming policies of the account, filters of one asset, or locators of one asset.
  private struct Scope: Hashable {
    let kind: ResourceKind
    /// The asset's name in UTF-8; empty for what is the account's own.
    let asset: [UInt8]

    init?(_ resource: Resource) {
      kind = resource.id.kind
      switch kind {
      case .accountFilter, .streamingPolicy: asset = []
      case .assetFilter: asset = Array((resource.id.assetName ?? "").utf8)
      case .streamingLocator: asset = Array((StreamingLocatorView(resource).assetName ?? "").utf8)
      default: return nil
      }
    }

    /// Of which asset, for the beginning of a sentence.
    var place: String { asset.isEmpty ? "" : "of asset/\(String(decoding: asset, as: UTF8.self)), " }
  }

  private let scopes: Set<Scope>
  /// Streaming policies that go, and that locators keep until they are gone themselves.
  private let kept: Set<ResourceID>
  /// What the plan makes more of than there is room for, in words.
  let excesses: [String]

  /// So many locators may be looked at to tell whose they are; where there are more, the account itself must say it.
  private static let searchedLocators = 1_000

  /// Counts what is live only where a plan makes something of a kind that is limited.
  init(_ changes: [ResourceChange], in context: some PlanContext) throws {
    var made: [Scope: Int] = [:]
    var removed: [Scope: Int] = [:]
    for change in changes where context.limit(of: change.id.kind) != nil {
      if change.live == nil, let scope = change.wanted.flatMap(Scope.init) { made[scope, default: 0] += 1 }
      if change.wanted == nil, let scope = change.live.flatMap(Scope.init) { removed[scope, default: 0] += 1 }
    }
    var crowded: Set<Scope> = []
    var excesses: [String] = []
    for (scope, count) in made {
      guard let limit = context.limit(of: scope.kind) else { continue }
      let gone = removed[scope] ?? 0
      let live = try Self.live(scope, in: context, limit: limit, mustKnow: gone > 0)
      if gone > 0, live + count > limit { crowded.insert(scope) }
      if live + count - gone > limit {
        excesses.append(
          "\(scope.place)\(live + count - gone) \(scope.kind.rawValue) would be there, and the account holds"
            + " \(limit) at once")
      }
    }
    scopes = crowded
    let going = changes.filter { $0.wanted == nil && $0.id.kind == .streamingPolicy }.map(\.id)
    kept =
      crowded.contains { $0.kind == .streamingPolicy }
      ? Set(try going.filter { try !context.locators(keeping: $0).isEmpty }) : []
    self.excesses = excesses.sorted()
  }

  /// How many there are, counted no further than matters.
  private static func live(
    _ scope: Scope, in context: some PlanContext, limit: Int, mustKnow: Bool
  ) throws -> Int {
    guard !scope.asset.isEmpty else {
      return try context.liveCount(scope.kind, enough: limit * 2 + 1)
    }
    if scope.kind == .streamingLocator, !mustKnow,
      try context.liveCount(scope.kind, enough: searchedLocators + 1) > searchedLocators
    {
      return 0
    }
    return try context.liveCount(scope.kind, ofAsset: String(decoding: scope.asset, as: UTF8.self))
  }

  /// Whether a resource stands where there is no room.
  func contains(_ resource: Resource) -> Bool {
    !kept.contains(resource.id) && Scope(resource).map(scopes.contains) ?? false
  }
}

import CanonicalJSON
import MediaResources

/// The refusals that stand between a mistake and a live account.
enum Guards {
  /// Deletions and replacements of a kind may be this share of what is live, in percent.
  static let sharePercent = 30
  /// Kinds with fewer resources than this are not judged by share.
  static let smallestJudgedCount = 10

  static func refusals(_ steps: [PlanStep], in context: some PlanContext) throws -> [GuardRefusal] {
    try share(of: steps, in: context) + content(steps, in: context) + identity(steps)
      + assetReplacements(steps, in: context) + policiesInUse(steps, in: context)
  }

  /// Streaming policies that change while locators use them that stay.
  private static func policiesInUse(
    _ steps: [PlanStep], in context: some PlanContext
  ) throws -> [GuardRefusal] {
    let removed = Set(steps.filter { $0.action == .delete }.map(\.id))
    return try steps.filter { $0.id.kind == .streamingPolicy && $0.action == .replace }.compactMap { step in
      let users = try context.locators(keeping: step.id).filter { !removed.contains($0) }.sorted()
      guard !users.isEmpty else { return nil }
      return GuardRefusal(
        .policyInUse,
        "\(step.id.summary) would be replaced while \(listed(users.map(\.summary))) use\(users.count == 1 ? "s" : "")"
          + " it, which the service refuses: give the new form a name of its own, and move the locators to it"
      )
    }
  }

  /// More than 30 % of a kind with at least ten resources.
  private static func share(of steps: [PlanStep], in context: some PlanContext) throws -> [GuardRefusal] {
    var touched: [ResourceKind: Int] = [:]
    for step in steps where step.action != .create { touched[step.id.kind, default: 0] += 1 }
    var refusals: [GuardRefusal] = []
    for kind in touched.keys.sorted() {
      guard let count = touched[kind], count * 100 > sharePercent * smallestJudgedCount else { continue }
      let total = try context.liveCount(kind, enough: count * 100 / sharePercent + 1)
      guard total >= smallestJudgedCount, count * 100 > sharePercent * total else { continue }
      refusals.append(
        GuardRefusal(
          .deletions,
          "\(count) of \(total) \(kind.rawValue) would be deleted or replaced, more than \(sharePercent) %"))
    }
    return refusals
  }

  /// Assets that have content and go, whether their inventory goes with them or not, or lose all of it.
  private static func content(_ steps: [PlanStep], in context: some PlanContext) throws -> [GuardRefusal] {
    var filled: Set<ResourceID> = []
    var unknown: Set<ResourceID> = []
    for step in steps where step.id.kind == .asset || step.id.kind == .content {
      guard step.action == .delete else { continue }
      let asset = ResourceID(kind: .asset, assetName: nil, name: step.id.name)
      if let inventory = try context.live(ResourceID(kind: .content, assetName: nil, name: step.id.name)) {
        if !ContentView(inventory).files.isEmpty { filled.insert(asset) }
      } else if step.id.kind == .asset, step.change.live.map(context.losesContainer) == true {
        // What its container may hold by now would go with it.
        unknown.insert(asset)
      }
    }
    var refusals: [GuardRefusal] = []
    if !unknown.isEmpty {
      let names = unknown.sorted().map(\.name)
      refusals.append(
        GuardRefusal(
          .content,
          "\(Count.text(names.count, "asset")) of which no files are known would be deleted: \(listed(names));"
            + " the service deletes the container of an asset with it"))
    }
    let names = filled.sorted().map(\.name)
    guard !names.isEmpty else { return refusals }
    let isLost = steps.contains {
      $0.id.kind == .asset && $0.action == .delete && $0.change.live.map(context.losesContainer) == true
    }
    return refusals + [
      GuardRefusal(
        .content,
        "\(Count.text(names.count, "asset")) with content would be deleted or emptied:"
          + " \(listed(names))" + (isLost ? "; the service deletes the container of an asset with it" : ""))
    ]
  }

  /// Changes of locator ids, key ids, key values and secrets; a key id that moves to another locator with another value
  /// included.
  private static func identity(_ steps: [PlanStep]) -> [GuardRefusal] {
    let changed = steps.flatMap { step -> [GuardRefusal] in
      guard let live = step.change.live, let wanted = step.change.wanted else { return [] }
      return Identity.changes(from: live, to: wanted).map { GuardRefusal(.identity, "\($0)") }
    }
    let gone = steps.filter { $0.change.wanted == nil }.compactMap(\.change.live)
    var holders: [IdentityClaim: Resource] = [:]
    for locator in gone { for claim in Identity.claims(of: locator) { holders[claim] = locator } }
    let moved = steps.flatMap { step -> [GuardRefusal] in
      guard step.change.live == nil, let wanted = step.change.wanted else { return [] }
      let others = Set(
        Identity.claims(of: wanted).filter { $0.kind == .contentKeyID }.compactMap { holders[$0] })
      return others.compactMap { Identity.clash($0, wanted) }.sorted().map { GuardRefusal(.identity, $0) }
    }
    return changed + moved
  }

  /// An asset that changes its container or its storage account is another asset: only a person's word lets that through, and
  /// only where the account can do it; nor does it take over another one's.
  private static func assetReplacements(
    _ steps: [PlanStep], in context: some PlanContext
  ) -> [GuardRefusal] {
    let assets = steps.filter { $0.id.kind == .asset }
    var owners: [String: ResourceID] = [:]
    for step in assets where step.action == .delete {
      if let container = step.change.live.flatMap(container) { owners[container] = step.id }
    }
    return assets.compactMap { step in
      guard let wanted = step.change.wanted else { return nil }
      if let container = container(of: wanted), let owner = owners[container] {
        return GuardRefusal(
          .assetReplacement,
          "\(step.id) would take over the container of \(owner); give it a container of its own, and its files",
          isForceable: false)
      }
      guard let member = movedMember(of: step.change) else { return nil }
      return GuardRefusal(
        .assetReplacement,
        "\(step.id) would move to another \(member == "container" ? "container" : "storage account"); that is another"
          + " asset" + (context.movesAssets ? ", whose files come anew" : ", and is never done by itself"),
        isForceable: context.movesAssets)
    }
  }

  /// What an asset changes of where its files are; nil where it stays.
  static func movedMember(of change: ResourceChange) -> String? {
    guard change.id.kind == .asset, let live = change.live, let wanted = change.wanted else { return nil }
    return ["container", "storageAccountName"].first { member in
      let new = wanted.properties[member]
      return new != nil && live.properties[member] != new
    }
  }

  private static func container(of asset: Resource) -> String? {
    let view = AssetView(asset)
    guard let account = view.storageAccountName, let container = view.container else { return nil }
    return "\(account)/\(container)"
  }

  private static func listed(_ names: [String]) -> String {
    names.prefix(5).joined(separator: ", ") + (names.count > 5 ? " and \(names.count - 5) more" : "")
  }
}

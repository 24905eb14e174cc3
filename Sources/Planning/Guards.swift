import CanonicalJSON
import MediaResources

/// The refusals that stand between a mistake and a live account.
enum Guards {
  /// Deletions and replacements of a kind may be this share of what is live, in percent.
  static let sharePercent = 30
  /// Kinds with fewer resources than this are not judged by share.
  static let smallestJudgedCount = 10

  static func refusals(_ steps: [PlanStep], counts: (ResourceKind, Int) throws -> Int) rethrows
    -> [GuardRefusal]
  {
    try share(of: steps, counts: counts) + content(steps) + identity(steps) + assetReplacements(steps)
  }

  /// More than 30 % of a kind with at least ten resources.
  private static func share(
    of steps: [PlanStep], counts: (ResourceKind, Int) throws -> Int
  ) rethrows -> [GuardRefusal] {
    var touched: [ResourceKind: Int] = [:]
    for step in steps where step.action != .create { touched[step.id.kind, default: 0] += 1 }
    var refusals: [GuardRefusal] = []
    for kind in touched.keys.sorted() {
      guard let count = touched[kind], count * 100 > sharePercent * smallestJudgedCount else { continue }
      let enough = count * 100 / sharePercent + 1
      let total = try counts(kind, enough)
      guard total >= smallestJudgedCount, count * 100 > sharePercent * total else { continue }
      refusals.append(
        GuardRefusal(
          .deletions,
          "\(count) of \(total) \(kind.rawValue) would be deleted or replaced, more than \(sharePercent) %"))
    }
    return refusals
  }

  /// Assets that have content.
  private static func content(_ steps: [PlanStep]) -> [GuardRefusal] {
    let withContent = Set(
      steps.lazy.compactMap { step -> String? in
        guard step.id.kind == .content, step.action == .delete, let live = step.change.live else {
          return nil
        }
        return ContentView(live).files.isEmpty ? nil : live.id.name
      }.map { Array($0.utf8) })
    let names = steps.filter {
      $0.id.kind == .asset && $0.action == .delete && withContent.contains(Array($0.id.name.utf8))
    }.map(\.id.name)
    guard !names.isEmpty else { return [] }
    return [
      GuardRefusal(
        .content,
        "\(names.count) asset\(names.count == 1 ? "" : "s") with content would be deleted: \(listed(names))")
    ]
  }

  /// Changes of locator ids, key ids, key values and secrets, a resource deleted and made anew under one id included.
  private static func identity(_ steps: [PlanStep]) -> [GuardRefusal] {
    steps.flatMap { step -> [GuardRefusal] in
      guard let live = step.change.live, let wanted = step.change.wanted else { return [] }
      return Identity.changes(from: live, to: wanted).map { GuardRefusal(.identity, "\($0)") }
    }
  }

  /// An asset cannot change its container or its storage account: it would be another asset.
  private static func assetReplacements(_ steps: [PlanStep]) -> [GuardRefusal] {
    steps.compactMap { step in
      guard step.id.kind == .asset, step.action == .replace, let live = step.change.live,
        let wanted = step.change.wanted
      else { return nil }
      for member in ["container", "storageAccountName"] {
        let old = live.properties[member]
        let new = wanted.properties[member]
        guard old != new, new != nil else { continue }
        return GuardRefusal(
          .assetReplacement,
          "\(step.id) would move to another \(member == "container" ? "container" : "storage account");"
            + " that is another asset, and is never done by itself")
      }
      return nil
    }
  }

  private static func listed(_ names: [String]) -> String {
    names.prefix(5).joined(separator: ", ") + (names.count > 5 ? " and \(names.count - 5) more" : "")
  }
}

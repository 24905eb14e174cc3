import MediaResources
import Planning

/// Makes one step of a plan in a live account; several at once.
struct StepRunner: Sendable {
  private let account: any LiveAccount
  private let contents: ContentSources
  private let cancellation: Cancellation
  let report: @Sendable (ApplyEvent) -> Void
  /// The locators that the plan makes or changes, by the asset that they publish.
  private let locators: [ResourceID: [ResourceChange]]
  /// The assets that the plan takes away.
  private let removedAssets: Set<ResourceID>

  init(
    account: any LiveAccount, contents: ContentSources, cancellation: Cancellation, plan steps: [PlanStep],
    report: @escaping @Sendable (ApplyEvent) -> Void
  ) {
    self.account = account
    self.contents = contents
    self.cancellation = cancellation
    self.report = report
    var locators: [ResourceID: [ResourceChange]] = [:]
    for change in steps.map(\.change) where change.id.kind == .streamingLocator {
      guard let asset = change.wanted.flatMap({ StreamingLocatorView($0).assetName }) else { continue }
      locators[ResourceID(kind: .asset, assetName: nil, name: asset), default: []].append(change)
    }
    self.locators = locators
    removedAssets = Set(steps.filter { $0.id.kind == .asset && $0.action == .delete }.map(\.id))
  }

  /// Makes a step; making it again changes nothing.
  /// - Returns: what has to be held back: locators of files that are not encrypted for them, or the step itself where locators
  ///   that are live keep such files out.
  func make(_ step: PlanStep) async throws -> [HeldBack] {
    do {
      if step.id.kind == .content { return try await makeContent(step) }
      switch (step.action, step.change.wanted) {
      case (.create, let wanted?): try await account.create(wanted)
      case (.replace, let wanted?): try await account.replace(wanted)
      default: try await account.delete(step.id)
      }
      return []
    } catch let error as AccountError where error.code == .notEncrypted {
      return [HeldBack(step.change, cause: error.causes[step.id] ?? error.message, advice: error.hint)]
    }
  }

  private func makeContent(_ step: PlanStep) async throws -> [HeldBack] {
    let id = ResourceID(kind: .asset, assetName: nil, name: step.id.name)
    // Files whose asset goes stay in their container.
    if step.change.wanted == nil, removedAssets.contains(id) { return [] }
    guard let document = try await account.read(id) else {
      if step.change.wanted == nil { return [] }
      throw AccountError(.missing, "\(id) is not in \(account.place)")
    }
    let inventory = ContentInventory(step.change.wanted.map { ContentView($0) })
    let asset = try NormalForm.normalise(document, kind: .asset)
    var coming = locators[id] ?? []
    var held: [HeldBack] = []
    while true {
      do {
        let bySize = try await contents.bring(
          inventory, to: asset, in: account, for: coming.compactMap(\.wanted), cancellation: cancellation
        ) { [report] done, total in report(.content(asset: id.name, bytesDone: done, bytesTotal: total)) }
        if bySize > 0 { report(.comparedBySize(asset: id.name, files: bySize)) }
        return held
      } catch let error as AccountError where error.code == .notEncrypted {
        // Files go without the locators that may not publish them; those that are live stay as they are, with what they play.
        let refused = coming.filter { error.causes[$0.id] != nil }
        guard !refused.isEmpty else { throw error }
        held += refused.map { HeldBack($0, cause: error.causes[$0.id] ?? error.message, advice: error.hint) }
        coming.removeAll { error.causes[$0.id] != nil }
      }
    }
  }
}

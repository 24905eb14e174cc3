import MediaResources
import Planning

/// Makes one step of a plan in a live account; several at once.
struct StepRunner: Sendable {
  private let account: any LiveAccount
  private let contents: ContentSources
  private let cancellation: Cancellation
  let report: @Sendable (ApplyEvent) -> Void
  /// The locators that the plan makes or changes, by the asset that they publish, in the form that they will have.
  private let locators: [ResourceID: [Resource]]
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
    var locators: [ResourceID: [Resource]] = [:]
    for locator in steps.compactMap(\.change.wanted) where locator.id.kind == .streamingLocator {
      guard let asset = StreamingLocatorView(locator).assetName else { continue }
      locators[ResourceID(kind: .asset, assetName: nil, name: asset), default: []].append(locator)
    }
    self.locators = locators
    removedAssets = Set(steps.filter { $0.id.kind == .asset && $0.action == .delete }.map(\.id))
  }

  /// Makes a step; making it again changes nothing.
  func make(_ step: PlanStep) async throws {
    if step.id.kind == .content { return try await makeContent(step) }
    switch (step.action, step.change.wanted) {
    case (.create, let wanted?): try await account.create(wanted)
    case (.replace, let wanted?): try await account.replace(wanted)
    default: try await account.delete(step.id)
    }
  }

  private func makeContent(_ step: PlanStep) async throws {
    let id = ResourceID(kind: .asset, assetName: nil, name: step.id.name)
    // Files whose asset goes stay in their container.
    if step.change.wanted == nil, removedAssets.contains(id) { return }
    guard let document = try await account.read(id) else {
      if step.change.wanted == nil { return }
      throw AccountError(.missing, "\(id) is not in \(account.place)")
    }
    let inventory = ContentInventory(step.change.wanted.map { ContentView($0) })
    let bySize = try await contents.bring(
      inventory, to: NormalForm.normalise(document, kind: .asset), in: account, for: locators[id] ?? [],
      cancellation: cancellation
    ) { [report] done, total in report(.content(asset: id.name, bytesDone: done, bytesTotal: total)) }
    if bySize > 0 { report(.comparedBySize(asset: id.name, files: bySize)) }
  }
}

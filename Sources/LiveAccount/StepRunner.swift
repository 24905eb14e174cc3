import MediaResources
import Planning

/// Makes one step of a plan in a live account; several at once.
struct StepRunner: Sendable {
  let account: any LiveAccount
  let contents: ContentSources
  let cancellation: Cancellation
  let report: @Sendable (ApplyEvent) -> Void

  /// Makes a step; making it again changes nothing.
  func make(_ step: PlanStep) async throws {
    if step.id.kind == .content {
      // Files whose asset goes stay in their container; while it stays, so does its inventory (Soundness).
      if let wanted = step.change.wanted { try await copy(wanted) }
      return
    }
    switch (step.action, step.change.wanted) {
    case (.create, let wanted?): try await account.create(wanted)
    case (.replace, let wanted?): try await account.replace(wanted)
    default: try await account.delete(step.id)
    }
  }

  private func copy(_ content: Resource) async throws {
    let name = content.id.name
    let id = ResourceID(kind: .asset, assetName: nil, name: name)
    guard let document = try await account.read(id) else {
      throw AccountError(.missing, "\(id) is not in \(account.place)")
    }
    let asset = try NormalForm.normalise(document, kind: .asset)
    try await contents.bring(
      ContentInventory(ContentView(content)), to: asset, in: account, cancellation: cancellation
    ) { [report] done, total in report(.content(asset: name, bytesDone: done, bytesTotal: total)) }
  }
}

package import LiveAccount
import MediaResources
package import Planning

extension Billing {
  /// What making a resource counts as (source: tally of recorded headers).
  static func put(_ kind: ResourceKind) -> Billing {
    kind == .asset || kind == .streamingLocator ? .resource : .write
  }

  /// What deleting a resource counts as.
  static func delete(_ kind: ResourceKind) -> Billing {
    kind == .asset || kind == .streamingLocator ? .resource : .delete
  }
}

extension MediaServicesAccount {
  /// The requests of one step of an apply, its look for drift included; what has to be tried again comes on top.
  package func cost(of step: PlanStep) -> [Billing: Int] {
    if step.id.kind == .content { return costOfContent(step) }
    var cost: [Billing: Int] = [.read: 1]
    func add(_ billing: Billing, _ count: Int = 1) { cost[billing, default: 0] += count }
    let secretReads = step.change.live.map(holdsSecrets) == true ? 1 : 0
    add(.write, secretReads)
    switch step.action {
    case .create:
      if !Self.isImmutable(step.id.kind) { add(.read) }
      add(.put(step.id.kind))
    case .replace where Self.isImmutable(step.id.kind):
      add(.read)
      add(.write, secretReads)
      add(.delete(step.id.kind))
      add(.put(step.id.kind))
    case .replace:
      add(.read)
      add(.write, secretReads)
      add(.put(step.id.kind))
    case .delete:
      add(.delete(step.id.kind))
      if step.id.kind == .asset { add(.write) }
    }
    return cost
  }

  /// Files are no requests of this API, but the ways to them are: a signed URL for looking, and one for changing.
  private func costOfContent(_ step: PlanStep) -> [Billing: Int] {
    let storage = marks.asset(step.id.name)?.storageAccount
    return [.read: 1, .write: containers.isSigned(storageAccount: storage) ? 2 : 0]
  }

  private func holdsSecrets(_ resource: Resource) -> Bool {
    switch resource.id.kind {
    case .contentKeyPolicy: Self.mayHoldSecrets(resource.document)
    case .streamingLocator: !StreamingLocatorView(resource).contentKeys.isEmpty
    default: false
    }
  }

  package func forecast(of steps: [PlanStep]) async throws -> RequestForecast? {
    guard !steps.isEmpty else { return nil }
    var total: [Billing: Int] = [:]
    for step in steps { total.merge(cost(of: step)) { $0 + $1 } }
    var asked = total.filter { $0.value > 0 }
    for billing in [Billing.resource, .delete] where settings.allowances[billing] == nil {
      asked[.write, default: 0] += asked.removeValue(forKey: billing) ?? 0
    }
    var forecast = RequestForecast()
    forecast.reads = asked[.read] ?? 0
    forecast.writes = (asked[.write] ?? 0) + (asked[.resource] ?? 0)
    forecast.deletes = asked[.delete] ?? 0
    var slowest: (billing: Billing, allowance: ServiceProfile.Allowance)?
    for billing in Billing.allCases {
      guard let count = asked[billing],
        let time = try client.budget.seconds(for: count, billing)
      else { continue }
      if slowest == nil || time.seconds > forecast.seconds { slowest = (billing, time.allowance) }
      forecast.seconds = max(forecast.seconds, time.seconds)
    }
    forecast.sentence = sentence(asked, slowest, forecast.seconds)
    return forecast
  }

  /// Such as `this apply needs 412 writes; 1 200 writes an hour are allowed: about 8 minutes`.
  private func sentence(
    _ asked: [Billing: Int], _ slowest: (billing: Billing, allowance: ServiceProfile.Allowance)?,
    _ seconds: Double
  ) -> String {
    let parts = [Billing.write, .resource, .delete, .read].compactMap { billing in
      asked[billing].flatMap { $0 == 0 ? nil : "\(ServiceProfile.Allowance.grouped($0)) \(billing.noun)" }
    }
    var sentence = "this apply needs \(parts.joined(separator: ", "))"
    if let slowest {
      sentence += "; \(slowest.allowance.text(slowest.billing)) are allowed: "
      sentence += seconds < 1 ? "no wait" : "about \(Notices.duration(seconds))"
    }
    return sentence
  }
}

import CanonicalJSON
package import LiveAccount
package import MediaResources
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

  package var billsReading: Bool { true }

  package func id(of listed: ListedResource) -> ResourceID? { ListingKey.id(listed.key) }

  package func countsAsWrite(readingOf listed: ListedResource) -> Bool {
    guard let id = ListingKey.id(listed.key) else { return false }
    switch id.kind {
    case .content: return containers.isSigned(storageAccount: marks.asset(id.name)?.storageAccount)
    case .contentKeyPolicy: return noted.look(listed.key).map(Self.mayHoldSecrets) ?? true
    case .streamingLocator:
      guard let document = noted.look(listed.key),
        let name = document["properties"]?["streamingPolicyName"]?.stringValue
      else { return true }
      let policy = StreamingPolicyView.isPredefined(name) ? .predefined(name) : policies[name]
      return policy?.isEncrypting ?? true
    default: return false
    }
  }

  package func announce(readingOf listed: [ListedResource]) {
    guard let time = try? client.budget.seconds(for: listed.count, .write), time.seconds >= 2 else { return }
    let files = listed.count { $0.kind == .content }
    let parts = [
      (listed.count - files, "the secrets of ", "resource"), (files, "the files of ", "asset"),
    ].compactMap { count, what, noun in
      count == 0
        ? nil : "\(what)\(ServiceProfile.Allowance.grouped(count)) \(noun)\(count == 1 ? "" : "s")"
    }
    notices.once(
      "reading \(parts.joined(separator: " and ")): \(time.allowance.text(.write)) are allowed, about"
        + " \(Notices.duration(time.seconds)); what was read is kept where it is cut off")
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
    // Where none has to wait, the one that comes nearest to it is named.
    var share = 0.0
    for billing in Billing.allCases {
      guard let count = asked[billing],
        let time = try client.budget.seconds(for: count, billing)
      else { continue }
      let part = Double(count) * time.allowance.periodSeconds / Double(time.allowance.count)
      if slowest == nil || time.seconds > forecast.seconds || time.seconds == forecast.seconds && part > share
      {
        slowest = (billing, time.allowance)
        share = part
      }
      forecast.seconds = max(forecast.seconds, time.seconds)
    }
    forecast.sentence = sentence(asked, slowest, forecast.seconds)
    if let slowest, forecast.seconds >= 1,
      try client.budget.held(slowest.billing).seconds >= forecast.seconds - 1
    {
      forecast.sentence =
        sentence(asked, nil, 0)
        + "; the service asked for patience: about \(Notices.duration(forecast.seconds))"
    }
    return forecast
  }

  /// Such as `this apply needs 412 writes; 1 200 writes an hour are allowed: about 8 minutes`.
  private func sentence(
    _ asked: [Billing: Int], _ slowest: (billing: Billing, allowance: ServiceProfile.Allowance)?,
    _ seconds: Double
  ) -> String {
    let parts = [Billing.write, .resource, .delete, .read].compactMap { billing in
      asked[billing].flatMap { count -> String? in
        count == 0 ? nil : "\(ServiceProfile.Allowance.grouped(count)) \(billing.noun(count))"
      }
    }
    var sentence = "this apply needs \(parts.joined(separator: ", "))"
    if let slowest {
      sentence += "; \(slowest.allowance.text(slowest.billing)) are allowed: "
      sentence += seconds < 1 ? "no wait" : "about \(Notices.duration(seconds))"
    }
    return sentence
  }
}

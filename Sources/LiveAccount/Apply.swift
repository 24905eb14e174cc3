package import Git
package import MediaResources
package import Planning
package import RegionRepository

/// What an apply tells while it works.
package enum ApplyEvent: Sendable {
  /// A step is complete; `number` of `count`.
  case step(PlanStep, number: Int, count: Int)
  /// Bytes of an asset's content arrived.
  case content(asset: String, bytesDone: Int64, bytesTotal: Int64)
}

/// What an apply did.
package struct ApplyReport: Sendable {
  /// The commit that the account matches now.
  package let applied: ObjectID
  /// How many steps were made, those of an earlier run that was cut off left out.
  package let stepsMade: Int
  /// Locators that went up or down because their time had come.
  package let settled: [ResourceID]
}

/// Makes a live account match a commit.
///
/// First every resource that a step will touch is read and compared with what live says; drift stops the apply before
/// anything changes. Then the phases run in order, the steps of a phase several at once, each journalled before and
/// after. At the end `refs/lockstep/live` moves to the commit that was planned. A crash anywhere is finished by the
/// next apply.
package struct Apply {
  private let region: RegionRepository
  private let account: any LiveAccount
  private let runner: StepRunner
  private let cancellation: Cancellation

  /// How many steps of a phase run at once, and share one flush of the journal.
  static let concurrency = 8

  package init(
    region: RegionRepository, account: any LiveAccount, contents: ContentSources, cancellation: Cancellation,
    report: @escaping @Sendable (ApplyEvent) -> Void
  ) {
    self.region = region
    self.account = account
    self.cancellation = cancellation
    runner = StepRunner(account: account, contents: contents, cancellation: cancellation, report: report)
  }

  /// Finishes an apply that was cut off; nil where there is none.
  ///
  /// The caller holds the region's lock.
  package func finishInterrupted() async throws -> ApplyReport? {
    guard let journal = try ApplyJournal.resume(for: region) else { return nil }
    if try region.live() == journal.planned {
      try journal.remove()
      return nil
    }
    guard try region.live() == journal.live else {
      throw AccountError(
        .drifted,
        "an unfinished apply began at commit \(journal.live), but live has become another one since",
        hint: "compare the account with the repository: lockstep drift -C \(region.place)")
    }
    let forced = Set(journal.forced.compactMap(GuardRefusal.Guard.init(rawValue:)))
    let prepared = try PlanBuilder(region: region, capabilities: account.capabilities)
      .plan(from: journal.live, to: journal.planned, forced: forced)
    return try await run(prepared, journal: journal)
  }

  /// Applies a plan.
  ///
  /// The caller holds the region's lock, and `finishInterrupted` has run.
  /// - Throws: `AccountError` (`.refused`, `.drifted`, `.interrupted`, `.incomplete`), or the account's error.
  package func run(_ prepared: PreparedPlan, forced: Set<GuardRefusal.Guard> = []) async throws -> ApplyReport
  {
    guard prepared.plan.refusals.isEmpty else { throw Self.refused(prepared.plan.refusals) }
    guard !prepared.plan.isEmpty else {
      try moveLive(prepared)
      return ApplyReport(applied: prepared.planned, stepsMade: 0, settled: try await account.settle())
    }
    try await check(prepared.plan, journal: nil)
    let journal = try ApplyJournal.begin(
      for: region, live: prepared.live, planned: prepared.planned, forced: forced.map(\.rawValue).sorted())
    return try await run(prepared, journal: journal, isChecked: true)
  }

  private func run(
    _ prepared: PreparedPlan, journal: ApplyJournal, isChecked: Bool = false
  ) async throws -> ApplyReport {
    if !isChecked { try await check(prepared.plan, journal: journal) }
    let steps = prepared.plan.steps
    let already = journal.done.count
    var start = 0
    while start < steps.count {
      let phase = steps[start].phase
      let end = steps[start...].firstIndex { $0.phase != phase } ?? steps.count
      let open = (start..<end).filter { !journal.done.contains($0) }
      for batch in stride(from: 0, to: open.count, by: Self.concurrency) {
        try cancellation.check()
        try await make(
          Array(open[batch..<min(batch + Self.concurrency, open.count)]), of: steps, journal: journal)
      }
      start = end
    }
    let settled = try await account.settle()
    try moveLive(prepared)
    try journal.remove()
    return ApplyReport(applied: prepared.planned, stepsMade: steps.count - already, settled: settled)
  }

  private func moveLive(_ prepared: PreparedPlan) throws {
    guard prepared.live != prepared.planned else { return }
    try region.git.setReference(
      RegionRepository.liveReference, to: prepared.planned, expecting: prepared.live,
      log: "lockstep apply: \(prepared.plan.summary)")
  }

  private static func refused(_ refusals: [GuardRefusal]) -> AccountError {
    let flags = Set(refusals.filter(\.isForceable).map { "--force-\($0.kind.rawValue)" }).sorted()
    return AccountError(
      .refused, refusals.map(\.message).joined(separator: "; "),
      hint: flags.isEmpty ? nil : "if that is meant: lockstep apply \(flags.joined(separator: " "))")
  }

  // MARK: Steps

  /// How a step ended.
  private struct Outcome: Sendable {
    let number: Int
    let failure: AccountError?
  }

  /// Makes some steps of one phase at once, and notes those that were completed even where another one failed.
  private func make(_ numbers: [Int], of steps: [PlanStep], journal: ApplyJournal) async throws {
    try journal.begin(numbers)
    let outcomes = await withTaskGroup(of: Outcome.self) { group in
      for number in numbers {
        group.addTask { [runner, step = steps[number]] in
          do {
            try await runner.make(step)
            return Outcome(number: number, failure: nil)
          } catch {
            return Outcome(number: number, failure: .explaining(error))
          }
        }
      }
      var outcomes: [Outcome] = []
      for await outcome in group {
        outcomes.append(outcome)
        guard outcome.failure == nil else { continue }
        runner.report(.step(steps[outcome.number], number: outcome.number + 1, count: steps.count))
      }
      return outcomes.sorted { $0.number < $1.number }
    }
    try journal.finish(outcomes.filter { $0.failure == nil }.map(\.number))
    for outcome in outcomes {
      guard let failure = outcome.failure else { continue }
      if failure.code == .interrupted { throw failure }
      let step = steps[outcome.number]
      throw AccountError(
        .incomplete, "\(step.action.rawValue) \(step.id.summary): \(failure.message)",
        hint: failure.hint ?? "mend that, then go on with: lockstep apply -C \(region.place)")
    }
  }

  // MARK: Drift

  /// Reads what every open step will touch, and stops where it is neither what live says nor what is wanted.
  private func check(_ plan: Plan, journal: ApplyJournal?) async throws {
    var drifted: [String] = []
    for (number, step) in plan.steps.enumerated() {
      try cancellation.check()
      if let journal, journal.begun.contains(number) || journal.done.contains(number) { continue }
      let observed = try await observe(step.id)
      if Self.same(observed, step.change.live) || Self.same(observed, step.change.wanted) { continue }
      drifted.append(step.id.summary)
    }
    guard drifted.isEmpty else {
      throw AccountError(
        .drifted,
        "\(account.place) is not what it was last known to be: \(drifted.prefix(10).joined(separator: ", "))"
          + (drifted.count > 10 ? " and \(drifted.count - 10) more" : ""),
        hint: "take the account's state into the repository first: lockstep capture -C \(region.place)")
    }
  }

  private func observe(_ id: ResourceID) async throws -> Resource? {
    guard let document = try await account.read(id) else { return nil }
    return try NormalForm.normalise(document, kind: id.kind, assetName: id.assetName)
  }

  private static func same(_ a: Resource?, _ b: Resource?) -> Bool {
    switch (a, b) {
    case (nil, nil): true
    case (let a?, let b?): Equivalence.equal(a, b)
    default: false
    }
  }
}

package import Git
import MediaResources
package import Planning
package import RegionRepository
package import Sealing

/// What an apply tells while it works.
package enum ApplyEvent: Sendable {
  /// A step is complete; `number` of `count`.
  case step(PlanStep, number: Int, count: Int)
  /// Bytes of an asset's content arrived.
  case content(asset: String, bytesDone: Int64, bytesTotal: Int64)
  /// Copied files of an asset were compared by their size only: the storage knows no digest of them.
  case comparedBySize(asset: String, files: Int)
}

/// What an apply did.
package struct ApplyReport: Sendable {
  /// The commit that the account matches now.
  package let applied: ObjectID
  /// How many steps were made, those of an earlier run that was cut off left out.
  package var stepsMade: Int { done.steps.count }
  /// The steps that were made, and what was held back.
  package let done: Plan
  /// Locators that went up or down because their time had come, and those that could not.
  package let settlement: Settlement
}

/// Makes a live account match a commit, but for what no account takes: that is held back by name.
///
/// First every resource that a step will touch is read and compared with what live says; drift stops the apply before
/// anything changes. Then the phases run in order, the steps of a phase several at once, each journalled before and
/// after. At the end `refs/lockstep/live` moves to the commit that was planned. What a crash or a failure left half done
/// is where the next plan starts from.
package struct Apply {
  private let region: RegionRepository
  private let account: any LiveAccount
  private let contents: ContentSources
  private let identities: Identities
  private let report: @Sendable (ApplyEvent) -> Void
  private let cancellation: Cancellation

  /// How many steps of a phase run at once, and share one flush of account and journal.
  static let concurrency = 8

  package init(
    region: RegionRepository, account: any LiveAccount, contents: ContentSources, identities: Identities,
    cancellation: Cancellation,
    report: @escaping @Sendable (ApplyEvent) -> Void
  ) {
    self.region = region
    self.account = account
    self.cancellation = cancellation
    self.contents = contents
    self.identities = identities
    self.report = report
  }

  // MARK: Beginning

  /// Plans what leads to the head: from live, or from where a run that was cut off left the account.
  ///
  /// The caller holds the region's lock.
  package func prepare(forced: Set<GuardRefusal.Guard> = []) async throws -> PreparedPlan {
    try await account.checkPresence()
    try await account.recover()
    _ = try openJournal()
    return try await builder.rest(observing: account, forced: forced, cancellation: cancellation)
  }

  /// Ends an apply that was cut off, at the commit that it was to lead to; nil where there is none.
  ///
  /// The caller holds the region's lock.
  package func finishInterrupted() async throws -> ApplyReport? {
    try await account.checkPresence()
    try await account.recover()
    guard let journal = try openJournal() else { return nil }
    let forced = Set(journal.forced.compactMap(GuardRefusal.Guard.init(rawValue:)))
    do {
      let prepared = try await builder.plan(
        from: journal, to: journal.planned, observing: account, forced: forced, cancellation: cancellation)
      return try await run(prepared, forced: forced)
    } catch let error as AccountError where error.code != .interrupted {
      let goOn = "lockstep apply -C \(region.shellPlace)"
      // What keeps the account from it may be mended; a branch that wants the impossible needs another commit.
      let mend = error.hint.map { ($0.contains(goOn) ? $0 : "\($0), and go on: \(goOn)") + "; or " } ?? ""
      throw AccountError(
        error.code, "an apply that was cut off cannot be completed: \(error.message)",
        hint: mend
          + "bring the branch to what is wanted, by git revert say, and go on from where the account is:"
          + " \(goOn)")
    }
  }

  private var builder: PlanBuilder {
    PlanBuilder(
      region: region, capabilities: account.capabilities, identities: identities, purpose: .applying)
  }

  /// The journal of an apply that was cut off before it was complete; one that only left its journal behind is ended.
  private func openJournal() throws -> ApplyJournal? {
    if let journal = try ApplyJournal.resume(for: region), try journal.isOver(region.live()) {
      try record(journal.planned, from: journal.live, steps: nil, resumed: journal.done.count)
      try ApplyJournal.remove(for: region)
    }
    return try builder.openJournal()
  }

  // MARK: Running

  /// Applies a plan that `prepare` made.
  ///
  /// The caller holds the region's lock.
  /// - Throws: `AccountError` (`.refused`, `.drifted`, `.interrupted`, `.incomplete`), or the account's error.
  package func run(_ prepared: PreparedPlan, forced: Set<GuardRefusal.Guard> = []) async throws -> ApplyReport
  {
    guard prepared.plan.refusals.isEmpty else { throw refused(prepared.plan.refusals) }
    let steps = prepared.plan.steps
    let obstacles = steps.flatMap { account.obstacles(to: $0) }
    guard obstacles.isEmpty else { throw impossible(obstacles) }
    let earlier = try openJournal()
    let begun = earlier?.begun ?? []
    try await check(steps.filter { !begun.contains($0.id) })
    // Without steps, too: what a crash right after the move left out of the audit log is found by the journal.
    let isOpen = !steps.isEmpty || prepared.live != prepared.planned || earlier != nil
    var (made, held) = (steps, prepared.plan.held)
    if isOpen {
      try AuditLog(region).checkRoom()
      let journal = try ApplyJournal.begin(
        for: region, live: prepared.live, planned: prepared.planned, forced: forced.map(\.rawValue).sorted(),
        begun: begun)
      let outcome = try await make(steps, journal: journal)
      made = outcome.made
      held = (held + outcome.held).sorted { $0.id < $1.id }
    }
    let done = Plan(steps: made, refusals: [], held: held)
    try HeldResources.note(
      held, for: region, live: prepared.live,
      made: earlier.flatMap { $0.planned == prepared.planned ? nil : ($0.planned, $0.done) })
    try moveLive(prepared)
    if isOpen {
      try record(
        prepared.planned, from: prepared.live, steps: done.done,
        resumed: earlier.map { $0.planned == prepared.planned ? $0.done.count : 0 } ?? 0)
    }
    try ObservedIndex.note(prepared.resealed, for: region)
    if account.billsReading {
      try WrittenResources.note(made, at: prepared.planned, of: account, for: region)
    }
    try ApplyJournal.remove(for: region)
    return ApplyReport(
      applied: prepared.planned, done: done, settlement: try await account.settle())
  }

  private func moveLive(_ prepared: PreparedPlan) throws {
    try region.setLive(
      from: prepared.live, to: prepared.planned, log: "lockstep apply: \(prepared.plan.summary)")
  }

  /// Puts an apply that is complete into the region's audit log.
  ///
  /// The journal is open still: a run that was cut off in between finds the record, and writes no second one.
  private func record(_ planned: ObjectID, from live: ObjectID, steps: String?, resumed: Int) throws {
    let log = AuditLog(region)
    if case .applied(planned, from: live, _, _) = try log.newestOfAccount()?.event, live != planned { return }
    try log.record(
      AuditRecord(region: region.name, .applied(planned, from: live, steps: steps, resumed: resumed)))
  }

  private func refused(_ refusals: [GuardRefusal]) -> AccountError {
    let flags = Set(refusals.filter(\.isForceable).map { "--force-\($0.kind.rawValue)" }).sorted()
    return AccountError(
      .refused, refusals.map(\.message).joined(separator: "; "),
      hint: flags.count == Set(refusals.map(\.kind)).count
        ? "if that is meant: lockstep apply -C \(region.shellPlace) \(flags.joined(separator: " "))"
        : "take the change back: git revert COMMIT")
  }

  private func impossible(_ obstacles: [String]) -> AccountError {
    AccountError(
      .refused,
      "\(account.place) cannot hold what is wanted: \(obstacles.prefix(10).joined(separator: "; "))"
        + (obstacles.count > 10 ? "; and \(obstacles.count - 10) more" : "") + "; nothing was changed",
      hint:
        "change the documents in the region where they were made, or take the change back: git revert COMMIT")
  }

  // MARK: Steps

  /// Makes the steps, but for those that turn out to be for files that no locator may publish, and what needs them.
  private func make(
    _ steps: [PlanStep], journal: ApplyJournal
  ) async throws -> (made: [PlanStep], held: [HeldBack]) {
    let runner = StepRunner(
      account: account, contents: contents, cancellation: cancellation, plan: steps, report: report)
    var (made, held): ([PlanStep], [HeldBack]) = ([], [])
    var left = steps[...]
    while let first = left.first {
      try cancellation.check()
      let batch = Array(left.prefix(Self.concurrency).prefix { $0.phase == first.phase })
      left = left.dropFirst(batch.count)
      let outcome = try await make(
        batch, from: made.count + held.count, of: steps.count, by: runner, journal: journal)
      made += outcome.made
      guard !outcome.held.isEmpty else { continue }
      held = Holding.closure(of: held + outcome.held, among: left.map(\.change))
      let ids = Set(held.map(\.id))
      left = left.filter { !ids.contains($0.id) }[...]
    }
    return (made, held)
  }

  /// How a step ended.
  private struct Outcome: Sendable {
    let number: Int
    var held: [HeldBack] = []
    var failure: AccountError?
  }

  /// Makes some steps of one phase at once, and notes those that were completed even where another one failed.
  private func make(
    _ steps: [PlanStep], from start: Int, of count: Int, by runner: StepRunner, journal: ApplyJournal
  ) async throws -> (made: [PlanStep], held: [HeldBack]) {
    try journal.begin(steps.map(\.id))
    let outcomes = await withTaskGroup(of: Outcome.self) { group in
      for (number, step) in steps.enumerated() {
        group.addTask {
          do {
            return Outcome(number: number, held: try await runner.make(step))
          } catch {
            return Outcome(number: number, failure: .explaining(error))
          }
        }
      }
      var outcomes: [Outcome] = []
      for await outcome in group {
        outcomes.append(outcome)
        guard outcome.failure == nil else { continue }
        runner.report(.step(steps[outcome.number], number: start + outcome.number + 1, count: count))
      }
      return outcomes.sorted { $0.number < $1.number }
    }
    let held = outcomes.flatMap(\.held)
    let undone = Set(held.map(\.id))
    let made = outcomes.filter { $0.failure == nil }.map { steps[$0.number] }.filter {
      !undone.contains($0.id)
    }
    try await account.flush()
    try journal.finish(made.map(\.id))
    for outcome in outcomes {
      guard let failure = outcome.failure else { continue }
      if failure.code == .interrupted { throw failure }
      let step = steps[outcome.number]
      throw AccountError(
        .incomplete, "\(step.action.rawValue) \(step.id.summary): \(failure.message)",
        hint: failure.hint ?? "mend that, then go on with: lockstep apply -C \(region.shellPlace)")
    }
    return (made, held)
  }

  // MARK: Drift

  /// Reads what every step will touch, and stops where it is neither what live says nor what is wanted.
  private func check(_ steps: [PlanStep]) async throws {
    var drifted: [ResourceID] = []
    for step in steps {
      try cancellation.check()
      let observed = try await account.observe(step.id)
      if Self.same(observed, step.change.live) || Self.same(observed, step.change.wanted) { continue }
      drifted.append(step.id)
    }
    guard drifted.isEmpty else {
      throw AccountError(
        .drifted,
        "\(account.place) is not what it was last known to be: \(drifted.prefix(10).map(\.summary).joined(separator: ", "))"
          + (drifted.count > 10 ? " and \(drifted.count - 10) more" : ""),
        hint: (drifted.contains { $0.kind == .content }
          ? "of files that it lost: \(ContentMend.command(for: region)); else " : "")
          + "take the account's state into the repository first: lockstep capture -C \(region.shellPlace)")
    }
  }

  private static func same(_ a: Resource?, _ b: Resource?) -> Bool {
    switch (a, b) {
    case (nil, nil): true
    case (let a?, let b?): Equivalence.agree(a, b)
    default: false
    }
  }
}

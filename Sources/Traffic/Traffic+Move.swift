import RegionRepository

extension Traffic {
  /// Carries a plan out: every switch, or none.
  ///
  /// Nothing happens where a switch is no longer as the plan found it. Where one fails, those before it are set back, and
  /// where that fails, too, the error says which region each one lets players come to. A region that was on stays on until
  /// another is.
  /// - Parameter byHand: called once before anything counts, with the records that a person has to change, where the
  ///   provider is one that only tells; it throws where that was not done.
  /// - Throws: `TrafficError` (`.refused`: nothing was changed, `.undone`, `.incomplete`), or what `byHand` throws.
  @discardableResult
  package func move(
    _ plan: TrafficPlan, byHand: (_ records: [RecordChange]) async throws -> Void
  ) async throws -> TrafficMove {
    for step in plan.steps {
      guard step.roles.values.contains(.active) else {
        throw TrafficError(.refused, "\(step.place): no region would stay on; nothing was changed")
      }
      do { try switches[step.index].checkKeeping() } catch {
        throw TrafficError(.refused, "\(error.message); nothing was changed", hint: error.hint)
      }
      guard try await switches[step.index].read().mapValues(\.role) == step.before else {
        throw TrafficError(
          .refused, "\(step.place) is no longer as it was when the move was planned; nothing was changed",
          hint:
            "run the same again: lockstep traffic plan \(plan.wish.active) \(provider.option) shows what would change"
            + " now")
      }
    }
    let records = records(of: plan)
    if !records.isEmpty { try await byHand(records) }
    var move = TrafficMove(plan: plan)
    let clock = ContinuousClock()
    for (number, step) in plan.steps.enumerated() {
      let begun = clock.now
      do {
        try await carryOut(step)
      } catch {
        throw await undoing(plan.steps[...number], because: error, wish: plan.wish)
      }
      move.durations.append(clock.now - begun)
    }
    return move
  }

  /// Sets one switch, and asks it whether it did.
  private func carryOut(_ step: TrafficPlan.Step) async throws(TrafficError) {
    let item = switches[step.index]
    try await item.set(step.roles)
    let now = try await item.read().mapValues(\.role)
    for (region, role) in step.roles.sorted(by: { $0.key < $1.key }) where now[region] != role {
      throw TrafficError(
        .unusable,
        "\(item.place) took the change and has region \(region) \(now[region]?.rawValue ?? "gone") all the same"
      )
    }
  }

  /// Sets switches back, the last one first, and says how that went.
  private func undoing(
    _ steps: ArraySlice<TrafficPlan.Step>, because cause: TrafficError, wish: TrafficWish
  ) async -> TrafficError {
    var stuck: [String] = []
    var unsure = ""
    let before = steps.count - 1
    for (number, step) in steps.enumerated().reversed() {
      do {
        try await undo(step)
      } catch {
        // The one that failed most likely has not changed; the others have.
        if number == before {
          unsure = "; \(step.place) may or may not have changed: \(error.message)"
        } else {
          stuck.append("\(step.place) stays changed: \(error.message)")
        }
      }
    }
    guard stuck.isEmpty else {
      return TrafficError(
        .incomplete,
        "\(cause.message); not all could be set back: \(stuck.joined(separator: "; "))\(unsure)",
        hint:
          "see where traffic goes: lockstep traffic show \(provider.option); then again: lockstep traffic move"
          + " \(wish.active) \(provider.option)")
    }
    let outcome = before == 0 ? "nothing else was changed" : "all that had moved was moved back"
    return TrafficError(
      .undone, "\(cause.message); \(outcome)\(unsure)",
      hint: cause.hint ?? "mend that, then again: lockstep traffic move \(wish.active) \(provider.option)")
  }

  private func undo(_ step: TrafficPlan.Step) async throws(TrafficError) {
    let item = switches[step.index]
    if try await item.read().mapValues(\.role) == step.before { return }
    guard step.before.values.contains(where: \.isOn) else {
      throw TrafficError(.refused, "no region was on before, and one has to stay on")
    }
    try await item.set(step.before)
  }
}

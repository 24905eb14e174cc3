import ArgumentParser
import CanonicalJSON
import CommitGuard
import Failover
import Git
import LiveAccount
import RegionRepository
import Traffic

extension Mover {
  /// Commits that a region is primary; one that is already, with the same epoch, stays as it is.
  static func promote(
    _ name: RegionName, _ epoch: Fleet.Epoch, by cause: RoleChange.Cause, reason: String?,
    in region: RegionRepository
  ) throws {
    guard var fleet = try region.fleet(), fleet.epoch != epoch else { return }
    try fleet.promote(name, number: epoch.number, id: epoch.id)
    let change = RoleChange(promoting: name, by: cause, reason: reason)
    try AdministratorCommit.make(
      fleet, message: "Fleet: \(name) is primary with epoch \(epoch.number)", trailers: change.trailers,
      in: region)
  }

  /// An epoch above all that a region knows of.
  static func nextEpoch(after fleet: Fleet, in region: RegionRepository) throws -> Fleet.Epoch {
    let heard = try region.heardFleet()?.epoch.number ?? 0
    return Fleet.Epoch(number: max(heard, fleet.epoch.number) + 1, id: Random.guid())
  }

  /// Makes what is left of a run, and records it.
  func perform(_ planned: MoveRun) async throws {
    var run = planned
    var isInStep = true
    do {
      try await run.perform(in: target) {
        try Interruption.cancellation.check()
      } _: { step in
        if step == .follow { isInStep = try await follow() } else { try await make(step, of: planned) }
      } ended: { entry in
        guard !isJSON else { return }
        Terminal.print(MoveReport.line(entry.step.rawValue, milliseconds: entry.milliseconds ?? 0))
      }
    } catch {
      tellStop(of: run)
      // What was interrupted goes on as it was just said, and not by the same command.
      guard Failure(error).status == ExitStatus.interrupted else { throw error }
      throw StepFailure(message: "interrupted", hint: nil, status: ExitStatus.interrupted)
    }
    try record(run)
    try MoveRun.remove(of: target)
    let report = MoveReport(run, isInStep: isInStep)
    if isJSON { Terminal.print(report.json) } else { Terminal.say(report.sentence) }
    if !isInStep { throw ExitCode(ExitStatus.partlyDone) }
  }

  /// Says how far a run came that has stopped, and what can be done about it.
  private func tellStop(of run: MoveRun) {
    let command = "lockstep \(run.cause.rawValue)"
    let kept: MoveRun?
    do { kept = try MoveRun.read(of: target) } catch { return }
    guard let kept else {
      // Without its journal it has not begun, or has no say any more.
      let isBegun = run.entries.contains { $0.milliseconds != nil }
      return Terminal.say(
        "the \(run.cause.rawValue) has stopped"
          + (isBegun
            ? ", overtaken by another one: lockstep fleet -C \(target.shellPlace)"
            : " before its first step; nothing was changed"))
    }
    Terminal.say(
      "the \(run.cause.rawValue) has stopped; go on: \(command) --resume -C \(target.shellPlace)"
        + ((try? kept.canBeUndone(in: target)) == true
          ? "; or undo it: \(command) --undo -C \(target.shellPlace)" : ""))
  }

  /// Writes into the audit log of each region that was in it what a run did.
  private func record(_ run: MoveRun) throws {
    let record = Seat.Record(
      cause: run.cause, from: run.from, to: run.to, lost: run.lost, steps: run.times,
      milliseconds: run.milliseconds)
    try Seat.here(target).record(record)
    do { try old?.record(record) } catch {
      try Interruption.cancellation.check()
      Terminal.say("warning: \(run.from) keeps no record of it: \(Failure(error).message)")
    }
  }

  /// Takes back what a run has done, where another one is not needed for that.
  func undo(_ run: MoveRun) async throws {
    guard try run.canBeUndone(in: target) else {
      throw FailoverError(
        .notReady, "the \(run.cause.rawValue) has begun to make \(run.to) primary, and cannot be undone",
        hint: "go on: lockstep \(run.cause.rawValue) --resume -C \(target.shellPlace); then take it home:"
          + " lockstep switchover \(run.from) -C \(target.shellPlace)")
    }
    if run.hasBegun(.traffic) { try await moveTrafficBack(run) }
    try old?.release()
    try MoveRun.remove(of: target)
    Terminal.say("undone: region \(run.from) is primary as before; what was captured and mirrored stays")
    if isJSON {
      Terminal.print([
        "from": .string(run.from.text), "to": .string(run.to.text), "undone": true, "version": 1,
      ])
    }
  }

  /// Says what each step would do, and how much.
  func tell(_ run: MoveRun, _ rehearsal: Rehearsal) async throws {
    var steps: [JSONValue] = []
    for entry in run.entries {
      var text = words(for: entry.step, of: run)
      var step = rehearsal.members(for: entry.step)
      if entry.step == .traffic {
        (text, step) = try await tellTraffic(of: run, rehearsal.fleet)
      } else if let counted = rehearsal.words(for: entry.step) {
        text += ": \(counted)"
      }
      if !isJSON { Terminal.print("\(entry.step.rawValue)\t\(text)") }
      step["does"] = .string(text)
      step["name"] = .string(entry.step.rawValue)
      steps.append(.object(step))
    }
    guard isJSON else { return }
    Terminal.print([
      "dryRun": true, "from": .string(run.from.text), "lost": .number(.int64(Int64(run.lost))),
      "steps": .array(steps), "to": .string(run.to.text), "version": 1,
    ])
  }

  /// What would become of the traffic, in words and as members of the step's object.
  private func tellTraffic(of run: MoveRun, _ fleet: Fleet?) async throws -> (String, JSONObject) {
    guard let fleet = try fleet ?? target.fleet(), let traffic = try Self.traffic(of: fleet, for: target)
    else {
      return (words(for: .traffic, of: run), [:])
    }
    let plan = try await trafficPlan(traffic, run)
    let records = traffic.records(of: plan)
    let parts = TrafficReport.words(of: plan) + records.map { "record \($0.line)" }
    return (
      ([plan.summary] + (parts.isEmpty ? [] : [parts.joined(separator: "; ")])).joined(separator: " "),
      TrafficReport.members(of: plan, records: records)
    )
  }

  private func words(for step: MoveRun.Step, of run: MoveRun) -> String {
    switch step {
    case .drain: return "region \(run.from) takes no more pushes, captures and applies"
    case .capture: return "what the account of \(run.from) has become is committed"
    case .mirror: return "every commit of \(run.from) goes to \(run.to)"
    case .apply: return "what is committed goes to the account of \(run.to)"
    case .verify: return "\(run.to) must be ready"
    case .traffic: return "the fleet describes no traffic, so none is moved"
    case .epoch: return "\(run.to) becomes primary with epoch \(run.epoch.number)"
    case .reverse: return "\(run.from) becomes a standby of \(run.to)"
    case .follow: return "what is committed goes to the account of \(run.from)"
    }
  }
}

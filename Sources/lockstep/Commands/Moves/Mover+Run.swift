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
    do {
      try await run.perform(in: target) { step in
        try await make(step, of: planned)
      } ended: { entry in
        if !isJSON { Terminal.print("done\t\(entry.step.rawValue)\t\(entry.milliseconds ?? 0) ms") }
      }
    } catch {
      let command = "lockstep \(run.cause.rawValue)"
      let kept = try MoveRun.read(of: target) ?? run
      Terminal.say(
        "the \(run.cause.rawValue) has stopped; go on: \(command) --resume -C \(target.shellPlace)"
          + (kept.canBeUndone ? "; or undo it: \(command) --undo -C \(target.shellPlace)" : ""))
      throw error
    }
    let lock = try target.lock(for: "lockstep \(run.cause.rawValue)")
    defer { withExtendedLifetime(lock) {} }
    if let head = try target.head() {
      try AuditLog(target).record(
        AuditRecord(
          region: target.name,
          .moved(
            head, cause: run.cause, from: run.from, to: run.to, lost: run.lost, steps: run.times,
            milliseconds: run.milliseconds)))
    }
    try MoveRun.remove(of: target)
    if isJSON {
      Terminal.print(json(run))
    } else {
      Terminal.say(
        "region \(run.to) is primary with epoch \(run.epoch.number); the \(run.cause.rawValue) took \(run.milliseconds) ms"
      )
    }
  }

  private func json(_ run: MoveRun) -> JSONValue {
    [
      "cause": .string(run.cause.rawValue), "epoch": .number(.int64(run.epoch.number)),
      "from": .string(run.from.text), "lost": .number(.int64(Int64(run.lost))),
      "milliseconds": .number(.int64(run.milliseconds)),
      "steps": .array(
        run.entries.map {
          ["milliseconds": .number(.int64($0.milliseconds ?? 0)), "name": .string($0.step.rawValue)]
        }), "to": .string(run.to.text), "version": 1,
    ]
  }

  /// Takes back what a run has done, where another one is not needed for that.
  func undo(_ run: MoveRun) async throws {
    guard run.canBeUndone else {
      throw FailoverError(
        .notReady, "the \(run.cause.rawValue) has begun to make \(run.to) primary, and cannot be undone",
        hint: "go on: lockstep \(run.cause.rawValue) --resume -C \(target.shellPlace); then take it home:"
          + " lockstep switchover \(run.from) -C \(target.shellPlace)")
    }
    if run.hasBegun(.traffic) { try await moveTrafficBack(run) }
    if let old { try Drain.end(in: old) }
    try MoveRun.remove(of: target)
    Terminal.say("undone: region \(run.from) is primary as before; what was captured and mirrored stays")
  }

  /// What each step does, a line each.
  func lines(_ run: MoveRun) async throws -> [String] {
    var lines: [String] = []
    for entry in run.entries {
      let words =
        switch entry.step {
        case .drain: "region \(run.from) takes no more pushes, captures and applies"
        case .capture: "what the account of \(run.from) has become is committed"
        case .mirror: "every commit of \(run.from) goes to \(run.to)"
        case .apply: "what is committed goes to the account of \(run.to)"
        case .verify: "\(run.to) must be ready"
        case .traffic:
          if let traffic = try traffic() {
            try await trafficPlan(traffic, run).summary
          } else {
            "the fleet describes no traffic, so none is moved"
          }
        case .epoch: "\(run.to) becomes primary with epoch \(run.epoch.number)"
        case .reverse: "\(run.from) becomes a standby of \(run.to)"
        }
      lines.append("\(entry.step.rawValue)\t\(words)")
    }
    return lines
  }
}

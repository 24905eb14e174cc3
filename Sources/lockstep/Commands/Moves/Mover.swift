import CanonicalJSON
import Failover
import Git
import HTTP
import LiveAccount
import Planning
import RegionRepository
import Replay
import Traffic

/// Makes the steps of a move, each as the command of its name does.
struct Mover {
  /// The region that takes over.
  let target: RegionRepository
  /// The old primary; nil where it is gone.
  let old: Seat?
  let yes: Bool
  let isJSON: Bool

  func make(_ step: MoveRun.Step, of run: MoveRun) async throws {
    switch step {
    case .drain: try source().drain(to: .here(target))
    case .capture: _ = try await source().capture(isHandover: true)
    case .mirror:
      // What the standby has of its own is joined in the primary first.
      try Self.mirror(.here(target), to: source(), isJSON: isJSON)
      try Self.mirror(source(), to: .here(target), isJSON: isJSON)
    case .apply: try await Self.apply(target)
    case .verify: try await verify()
    case .traffic: try await moveTraffic(run)
    case .epoch: try promote(run)
    case .reverse:
      try Self.mirror(.here(target), to: source(), isJSON: isJSON)
      try source().release()
    case .follow: break
    }
  }

  private func source() throws -> Seat {
    guard let old else {
      throw RegionError(.notARegion, "the old primary cannot be reached from this machine")
    }
    return old
  }

  /// Brings the old primary's account into step; the roles have moved by then, whatever becomes of that.
  /// - Returns: whether that is done; where it is not, why was said.
  func follow() async throws -> Bool {
    let source = try source()
    do {
      try await source.apply()
      return true
    } catch {
      try Interruption.cancellation.check()
      let failure = Failure(error)
      Terminal.say("warning: the account of \(source.name) does not follow yet: \(failure.message)")
      Terminal.say("hint: \(failure.hint.map { "\($0); then: " } ?? "")lockstep apply \(source.option)")
      return false
    }
  }

  /// Replays all of a region into another one, which must not wait for anybody; shows what is in conflict.
  @discardableResult
  static func mirror(
    _ from: Seat, to: Seat, _ wish: Seat.MirrorWish = Seat.MirrorWish(), isJSON: Bool
  ) throws -> Seat.Mirrored {
    do { return try to.mirror(from: from, wish) } catch let error as JoinConflicts {
      guard case .here(let region) = to else { throw error }
      show(try ConflictReport.document(of: error, in: region), isJSON)
      MirrorCommand.tellUnknown([error])
      throw wish.failure(error, in: region)
    } catch let error as StepFailure {
      if let document = error.document?.objectValue, document["conflicts"] != nil { show(document, isJSON) }
      throw error
    }
  }

  private static func show(_ conflicts: JSONObject, _ isJSON: Bool) {
    if isJSON { return Terminal.print(.object(conflicts)) }
    Terminal.print(lines: (conflicts["lines"]?.arrayValue ?? []).compactMap(\.stringValue))
  }

  /// Makes a region's account what is committed.
  static func apply(_ region: RegionRepository) async throws {
    let lock = try region.lock(for: "lockstep apply")
    defer { withExtendedLifetime(lock) {} }
    let progress = ProgressLine()
    defer { progress.end() }
    let apply = try ApplyCommand.engine(region, Accounts.open(for: region), progress)
    let report = try await apply.run(apply.prepare())
    // Whether that is enough is for the check of readiness to say, or for who makes a failover.
    try Reports.tell(report.done.held, of: region)
    try Reports.tell(report.settlement)
  }

  // MARK: Readiness

  /// How long a server may say nothing, in seconds.
  private static let patienceSeconds = 5.0
  static let web = Fetcher(transport: HTTPProgram(connections: 4, stallSeconds: patienceSeconds))

  /// Asks a region's servers what a load balancer asks them.
  /// - Returns: each one's address, and why it cannot serve; nil where it can.
  static func servers(of name: RegionName, in fleet: Fleet) async -> [(address: String, problem: String?)] {
    var servers: [(address: String, problem: String?)] = []
    for service in Fleet.Service.allCases {
      guard let target = fleet.target(of: service, in: name),
        let probe = fleet.traffic(of: service)?.probe.path,
        let address = WebAddress.resolve(probe, against: "\(target)")
      else { continue }
      do throws(Fetcher.Problem) {
        let status = try await web.get(address).status
        servers.append((address, status == 200 ? nil : "answers \(status)"))
      } catch { servers.append((address, "does not answer: \(error.reason)")) }
    }
    return servers
  }

  /// Whether the region that takes over can do that, as it is now.
  private func readiness(isNoted: Bool) async throws -> ReadinessReport {
    try await Readiness(
      region: target, account: Accounts.open(for: target), primaryAccount: nil,
      identities: IdentityPlace.identities, web: Self.web, options: Readiness.Options(isNoted: isNoted),
      now: Accounts.now(), cancellation: Interruption.cancellation
    ).report()
  }

  /// The same before the first step, with what the move itself needs.
  /// - Parameter fleet: as the region will have it by then; nil for the one that it has.
  func readiness(isNoted: Bool, before fleet: Fleet?) async throws -> ReadinessReport {
    let report = try await readiness(isNoted: isNoted)
    guard let fleet = try fleet ?? target.fleet() else { return report }
    return report.adding(await MoveChecks(target: target, fleet: fleet).all())
  }

  private func verify() async throws {
    let report = try await readiness(isNoted: true)
    guard let problem = report.checks.first(where: { $0.outcome == .notReady }) else { return }
    throw FailoverError(
      .notReady, "region \(target.name) is not ready: \(problem.name): \(problem.statement)",
      hint: problem.hint)
  }

  // MARK: Traffic and role

  /// What carries the fleet's traffic; nil where the fleet describes none.
  func traffic() throws -> Traffic? { try target.fleet().flatMap { try Self.traffic(of: $0, for: target) } }

  /// What carries a fleet's traffic, as a region's configuration says; nil where the fleet describes none.
  static func traffic(of fleet: Fleet, for region: RegionRepository) throws -> Traffic? {
    guard Fleet.Service.allCases.contains(where: { fleet.traffic(of: $0) != nil }) else { return nil }
    let provider = try TrafficSettings(of: region).provider(
      transport: HTTPProgram(connections: 2, stallSeconds: patienceSeconds),
      environment: { Environment.value($0) }, notices: { Terminal.say($0) })
    return try Traffic(of: fleet, by: provider)
  }

  /// What becomes of the traffic; a primary that was lost gets none.
  func trafficPlan(_ traffic: Traffic, _ run: MoveRun) async throws -> TrafficPlan {
    guard run.cause == .failover else { return try await traffic.plan(TrafficWish(active: run.to)) }
    return try await traffic.plan(
      TrafficWish(active: run.to, exceptions: [run.from: .off]), leavingOutUnreachable: true)
  }

  private func moveTraffic(_ run: MoveRun) async throws {
    guard let traffic = try traffic() else { return }
    let plan = try await trafficPlan(traffic, run)
    let isPrimary = try !run.canBeUndone(in: target)
    try await move(
      traffic, plan,
      unconfirmed: "no traffic was moved, and "
        + (isPrimary ? "\(run.to) is primary all the same" : "\(run.from) takes no changes until then"))
    // A record points to one region in any case.
    guard run.cause == .failover, !traffic.provider.isByHand else { return }
    Terminal.say(
      "note: no players come to \(run.from), not even where \(run.to) fails; once it is back: lockstep rejoin"
        + " \(run.from) -C \(target.shellPlace), then lockstep traffic move \(run.to) -C \(target.shellPlace)"
    )
  }

  /// Lets players come to the old primary again.
  func moveTrafficBack(_ run: MoveRun) async throws {
    guard let traffic = try traffic() else { return }
    try await move(
      traffic, traffic.plan(TrafficWish(active: run.from)),
      unconfirmed: "no traffic was moved back, and \(run.from) takes no changes until then")
  }

  private func move(_ traffic: Traffic, _ plan: TrafficPlan, unconfirmed: String) async throws {
    for problem in plan.unreachable { Terminal.say("warning: left out: \(problem)") }
    try await traffic.move(plan) { records in
      for record in records { Terminal.say("record \(record.line)") }
      try Confirmation.ask("Were these records changed?", given: yes, otherwise: unconfirmed)
    }
    for note in plan.notes { Terminal.say("note: \(note)") }
  }

  private func promote(_ run: MoveRun) throws {
    try Seat.here(target).promote(run.to, run.epoch, by: run.cause, reason: run.reason)
  }
}

import ArgumentParser
import CanonicalJSON
import Failover
import Git
import LiveAccount
import RegionRepository
import Replay
import Traffic

/// What all moves of a role take.
struct MoveOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Why, for the history of roles.", valueName: "text"))
  var reason: String?
  @Flag(help: "Go on with a move that was cut off.")
  var resume = false
  @Flag(help: "Undo a move that was cut off, as long as no other region was made primary.")
  var undo = false
  @Flag(help: "Say what would be done, step by step, and do nothing.")
  var dryRun = false
  @Flag(help: "Answer every question with yes.")
  var yes = false

  func validate(_ name: String?) throws {
    let isBegun = resume || undo
    guard !(resume && undo), isBegun || name != nil else {
      throw ValidationError("Name the region, or give one of --resume and --undo.")
    }
    if isBegun, dryRun {
      throw ValidationError("--dry-run says what a new move would do; it goes with none that was begun.")
    }
  }

  /// Refuses to go on with another move than the one that a person names.
  static func check(_ run: MoveRun, isTo name: String?) throws {
    guard let name, name != run.to.text else { return }
    throw ValidationError(
      "The \(run.cause.rawValue) that was begun is to \(run.to), not to \(name): leave the name out, or name \(run.to)."
    )
  }
}

/// `lockstep switchover REGION`: the primary hands over.
struct SwitchoverCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "switchover",
    abstract: "Make another region primary while the present one answers; nothing is lost.",
    discussion: """
      Stops before the first step where anything speaks against it. Then: the primary takes no more changes, its last ones \
      are captured, mirrored and applied, the region must be ready, traffic moves, the epoch rises, and the old primary \
      becomes a standby. Each step is timed; a run that was cut off goes on with --resume or is taken back with --undo.

      A region on another machine is worked on through ssh, where lockstep.peer-NAME.repository says ssh://HOST/PATH.
      """)

  @Argument(help: "The region that takes over.")
  var name: String?
  @OptionGroup var move: MoveOptions
  @OptionGroup var caller: CallerOptions
  @OptionGroup var region: RegionOptions
  @OptionGroup var output: OutputOptions

  func validate() throws { try move.validate(name) }

  func run() async throws {
    caller.follow()
    let own = try region.open()
    if move.resume || move.undo { return try await goOn(own) }
    let to = try RegionName(checking: name ?? "")
    let peers = try FleetPeers(of: own)
    let from = peers.fleet.primary
    guard to != from else {
      // One that was cut off after the epoch rose has steps left.
      if case .here(let region)? = try seatOfRun(own) { try Self.checkNone(region) }
      throw FailoverError(
        .notReady, "region \(to) is primary already", hint: "see: lockstep fleet -C \(own.shellPlace)")
    }
    // A run is made where its journal is: in the region that takes over.
    let target: RegionRepository
    switch try Seat(to, from: own, peers) {
    case .here(let region): target = region
    case .there(let remote): return try runThere(remote, [to.text], own)
    }
    let old: Seat
    do { old = try Seat(from, from: target, FleetPeers(of: target)) } catch let error as FailoverError
      where error.code == .unreachable
    {
      throw FailoverError(
        .unreachable, error.message,
        hint:
          "\(error.hint.map { "\($0); or, " } ?? "")if it is gone: lockstep failover \(to) -C \(target.shellPlace)"
      )
    }
    let lock = move.dryRun ? nil : try MoveRun.lock(target, purpose: "lockstep switchover")
    defer { withExtendedLifetime(lock) {} }
    try Self.checkNone(target)
    let run = MoveRun(
      .switchover, from: from, to: to, reason: move.reason,
      epoch: try nextEpoch(old, target, peers.fleet),
      steps: [.drain, .capture, .mirror, .apply, .verify, .traffic, .epoch, .reverse, .follow])
    let mover = Mover(target: target, old: old, yes: move.yes, isJSON: output.json)
    let rehearsal = try await preflight(mover, old, run)
    if move.dryRun { return try await mover.tell(run, rehearsal) }
    try rehearsal.checkGuards(of: target, mirroring: old)
    try await mover.perform(run)
  }

  /// Runs the same on the machine of the region that takes over, and shows what it did.
  private func runThere(_ remote: RemoteRegion, _ arguments: [String], _ own: RegionRepository) throws {
    let words =
      ["switchover"] + arguments + ["--json"] + (move.yes ? ["--yes"] : [])
      + (move.dryRun ? ["--dry-run"] : []) + (move.reason.map { ["--reason", $0] } ?? [])
    do { show(try remote.run(words)) } catch let failure as StepFailure {
      guard let document = failure.document, document["cause"] != nil else { throw failure }
      show(document)
      throw ExitCode(failure.status)
    } catch {
      guard Failure(error).status == ExitStatus.interrupted else { throw error }
      // The journal is there; the way to it, here, is what the handover has left.
      let command = "lockstep switchover"
      var hint: String?
      if try Drain.read(of: own) != nil {
        hint =
          "go on: \(command) --resume -C \(own.shellPlace); or undo it: \(command) --undo -C \(own.shellPlace)"
      } else if try own.fleet()?.primary == remote.name {
        hint = "go on: \(command) --resume -C \(own.shellPlace)"
      }
      throw StepFailure(message: "interrupted", hint: hint, status: ExitStatus.interrupted)
    }
  }

  private func show(_ document: JSONValue) {
    if output.json { return Terminal.print(document) }
    if document["dryRun"] == true {
      let steps = document["steps"]?.arrayValue ?? []
      return Terminal.print(
        lines: steps.map { "\($0["name"]?.stringValue ?? "")\t\($0["does"]?.stringValue ?? "")" })
    }
    guard document["cause"] != nil else { return }
    let report = MoveReport(document)
    Terminal.print(lines: report.lines)
    Terminal.say(report.sentence)
  }

  /// The epoch after all that both regions know of; the old primary must know itself as that.
  private func nextEpoch(_ old: Seat, _ target: RegionRepository, _ fleet: Fleet) throws -> Fleet.Epoch {
    guard let known = try old.view().fleet, known.primary == old.name else {
      throw FailoverError(
        .notReady, "region \(old.name) is not primary, as it knows itself, and has nothing to hand over",
        hint: "bring the fleet into step: lockstep mirror -C \(target.shellPlace)")
    }
    let newest = known.epoch.number > fleet.epoch.number ? known : fleet
    return try Mover.nextEpoch(after: newest, in: target)
  }

  /// What the steps themselves bring about, and the last of them checks.
  private static let mended: Set<String> = [
    "lag", "captured", "identity", "applied", "locators", "content", "origin", "key-delivery",
  ]

  /// Finds whatever can be found before anything has happened, and what the steps would do.
  private func preflight(_ mover: Mover, _ old: Seat, _ run: MoveRun) async throws -> Rehearsal {
    try old.checkHandover(to: run.to)
    if try ApplyJournal.isOpen(for: mover.target) { throw Seat.cutOffApply(in: mover.target) }
    let rehearsal = try await Rehearsal.switchover(from: old, to: mover.target, isJSON: output.json)
    let problem = try await mover.readiness(isNoted: !move.dryRun, before: rehearsal.fleet).checks.first {
      $0.outcome == .notReady && !Self.mended.contains($0.name)
    }
    if let problem {
      throw FailoverError(
        .notReady, "region \(run.to) is not ready: \(problem.name): \(problem.statement)", hint: problem.hint)
    }
    let fleet = try rehearsal.fleet ?? mover.target.fleet()
    if let fleet {
      for server in await Mover.servers(of: run.to, in: fleet) {
        guard let problem = server.problem else { continue }
        throw FailoverError(
          .notReady, "region \(run.to) is not ready: \(server.address) \(problem)",
          hint: "see to the server; then look: lockstep ready -C \(mover.target.shellPlace)")
      }
    }
    guard let traffic = try fleet.flatMap({ try Mover.traffic(of: $0, for: mover.target) }) else {
      return rehearsal
    }
    let plan = try await mover.trafficPlan(traffic, run)
    // Whoever changes the records is asked in the middle of the run, and must be there.
    if !traffic.records(of: plan).isEmpty, !move.yes, !move.dryRun, !Terminal.isWatched {
      throw FailoverError(
        .notReady, "a person has to say that records were changed, and nobody can be asked here",
        hint: "run it at a terminal, or with --yes")
    }
    return rehearsal
  }

  private func goOn(_ own: RegionRepository) async throws {
    let target: RegionRepository
    switch try seatOfRun(own) {
    case .here(let region)?: target = region
    case .there(let remote)?:
      return try runThere(remote, [move.resume ? "--resume" : "--undo"] + [name].compactMap(\.self), own)
    case nil: throw Self.nothingBegun(own)
    }
    let lock = try MoveRun.lock(target, purpose: "lockstep switchover")
    defer { withExtendedLifetime(lock) {} }
    guard let run = try MoveRun.read(of: target), run.cause == .switchover else {
      throw Self.nothingBegun(own)
    }
    try MoveOptions.check(run, isTo: name)
    let old = try Seat(run.from, from: target, FleetPeers(of: target))
    let mover = Mover(target: target, old: old, yes: move.yes, isJSON: output.json)
    if move.undo { try await mover.undo(run) } else { try await mover.perform(run) }
  }

  /// The region whose journal a run is in that this region takes part in; nil where it knows of none.
  private func seatOfRun(_ own: RegionRepository) throws -> Seat? {
    if try MoveRun.read(of: own) != nil { return .here(own) }
    if let drain = try Drain.read(of: own) {
      guard !FleetPeers.isRemote(drain.place) else {
        return .there(try RemoteRegion(drain.target, at: drain.place, for: own))
      }
      return .here(try RegionRepository.open(at: drain.place))
    }
    // The last step of a switchover is made after the old primary was let go: it knows the new one by then.
    guard let fleet = try own.fleet(), fleet.primary != own.name else { return nil }
    let seat = try Seat(fleet.primary, from: own, FleetPeers(of: own))
    if case .here(let region) = seat, try MoveRun.read(of: region)?.from != own.name { return nil }
    return seat
  }

  static func nothingBegun(_ own: RegionRepository) -> FailoverError {
    FailoverError(
      .unknownRegion,
      "no move of the kind was begun in region \(own.name), or it has ended, or was cut off before its first step",
      hint: "see who is primary: lockstep fleet -C \(own.shellPlace); if nothing has changed, begin it anew")
  }

  /// Refuses a second run beside one that was cut off.
  static func checkNone(_ target: RegionRepository) throws {
    guard let run = try MoveRun.read(of: target) else { return }
    let command = "lockstep \(run.cause.rawValue)"
    throw FailoverError(
      .draining, "a \(run.cause.rawValue) to \(run.to) was cut off",
      hint: "go on: \(command) --resume -C \(target.shellPlace); or undo it: \(command) --undo -C"
        + " \(target.shellPlace)")
  }
}

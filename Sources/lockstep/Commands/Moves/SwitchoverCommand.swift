import ArgumentParser
import Failover
import Git
import LiveAccount
import RegionRepository
import Replay

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
    guard !(resume && undo), isBegun == (name == nil) else {
      throw ValidationError("Name the region, or give one of --resume and --undo.")
    }
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
      """)

  @Argument(help: "The region that takes over.")
  var name: String?
  @OptionGroup var move: MoveOptions
  @OptionGroup var region: RegionOptions
  @OptionGroup var output: OutputOptions

  func validate() throws { try move.validate(name) }

  func run() async throws {
    let own = try region.open()
    if move.resume || move.undo { return try await goOn(own) }
    let to = try RegionName(checking: name ?? "")
    let peers = try FleetPeers(of: own)
    let from = peers.fleet.primary
    guard to != from else {
      throw FailoverError(
        .notReady, "region \(to) is primary already", hint: "see: lockstep fleet -C \(own.shellPlace)")
    }
    let target = try Self.here(to, peers)
    let old = try Self.here(from, peers)
    let lock = try MoveRun.lock(target, purpose: "lockstep switchover")
    defer { withExtendedLifetime(lock) {} }
    try Self.checkNone(target)
    let run = MoveRun(
      .switchover, from: from, to: to, reason: move.reason,
      epoch: try Mover.nextEpoch(after: peers.fleet, in: target),
      steps: [.drain, .capture, .mirror, .apply, .verify, .traffic, .epoch, .reverse])
    let mover = Mover(target: target, old: old, yes: move.yes, isJSON: output.json)
    try await preflight(mover, old, run)
    if move.dryRun { return Terminal.print(lines: try await mover.lines(run)) }
    try await mover.perform(run)
  }

  /// What the steps themselves bring about, and the last of them checks.
  private static let mended: Set<String> = [
    "lag", "captured", "identity", "applied", "locators", "content", "origin", "keyDelivery", "serving",
  ]

  /// Finds whatever can be found before anything has happened.
  private func preflight(_ mover: Mover, _ old: RegionRepository, _ run: MoveRun) async throws {
    let fence = try Fence(of: old)
    if let refusal = try fence.refusal(of: "the switchover", fence.standing()) { throw refusal }
    if let drain = try Drain.read(of: old), drain.place != mover.target.place {
      throw FailoverError(
        .draining, "region \(old.name) is being handed over to \(drain.target) already",
        hint: "undo that: lockstep switchover --undo -C \(ShellWord.quoted(drain.place))")
    }
    _ = try Accounts.open(for: old)
    let isDry = Mirror.Options(isDryRun: true)
    try Mover.mirror(mover.target.place, to: old.place, options: isDry)
    let problem = try await mover.readiness().checks.first {
      $0.outcome == .notReady && !Self.mended.contains($0.name)
    }
    if let problem {
      throw FailoverError(
        .notReady, "region \(run.to) is not ready: \(problem.name): \(problem.statement)", hint: problem.hint)
    }
    if let traffic = try mover.traffic() { _ = try await mover.trafficPlan(traffic, run) }
  }

  private func goOn(_ own: RegionRepository) async throws {
    let place = try MoveRun.read(of: own) == nil ? Drain.read(of: own)?.place : own.place
    guard let place else { throw Self.nothingBegun(own) }
    let target = try RegionRepository.open(at: place)
    let lock = try MoveRun.lock(target, purpose: "lockstep switchover")
    defer { withExtendedLifetime(lock) {} }
    guard let run = try MoveRun.read(of: target), run.cause == .switchover else {
      throw Self.nothingBegun(own)
    }
    let old = try Self.here(run.from, FleetPeers(of: target))
    let mover = Mover(target: target, old: old, yes: move.yes, isJSON: output.json)
    if move.undo { try await mover.undo(run) } else { try await mover.perform(run) }
  }

  static func nothingBegun(_ own: RegionRepository) -> FailoverError {
    FailoverError(
      .unknownRegion, "no move of the kind was begun in region \(own.name), or it has ended",
      hint: "see who is primary: lockstep fleet -C \(own.shellPlace)")
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

  /// A region of the fleet on this machine.
  static func here(_ name: RegionName, _ peers: FleetPeers) throws -> RegionRepository {
    guard peers.fleet.regions.contains(where: { $0.name == name }) else {
      throw FailoverError(
        .unknownRegion, "region \(name) is not in the fleet",
        hint: "see who is: lockstep fleet -C \(peers.shellPlace)")
    }
    let place = try peers.place(of: name)
    guard !FleetPeers.isRemote(place) else {
      throw FailoverError(
        .unknownRegion, "region \(name) is on another machine, and this command works on regions of this one",
        hint: "if its primary is gone for good, run in the region that takes over: lockstep failover REGION")
    }
    let found = try RegionRepository.open(at: place)
    guard found.name == name else {
      throw FailoverError(.unreachable, "\(place) is region \(found.name), not \(name)", hint: nil)
    }
    return found
  }
}

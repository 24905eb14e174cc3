import ArgumentParser
import CanonicalJSON
import Failover
import RegionRepository
import Replay

/// Whether a program on another machine runs this one.
struct CallerOptions: ParsableArguments {
  @Flag(help: ArgumentHelp("Stop once standard input ends.", visibility: .private))
  var stopsWithInput = false

  /// What it says, in a command for another machine.
  static let word = "--stops-with-input"

  /// Stops at the next safe place once the caller has gone.
  func follow() {
    if stopsWithInput { Interruption.followInput() }
  }
}

/// `lockstep move-step STEP`: what a switchover or rejoin that runs on another machine does in this region.
///
/// Prints one JSON document; a failure is told on standard error as every command does.
struct MoveStepCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "move-step", abstract: "Make one step of a move that runs on another machine.",
    shouldDisplay: false)

  /// What can be done.
  enum Step: String, ExpressibleByArgument {
    case look, check, drain, release, capture, mirror, apply, promote, record
  }

  @Argument var step: Step
  @Option(help: ArgumentHelp("The other region.", visibility: .private))
  var with: String?
  @Flag(
    help: ArgumentHelp("Capture for the last time before the region is handed over.", visibility: .private))
  var handover = false
  @Flag(help: ArgumentHelp("Take over what was committed beside the primary.", visibility: .private))
  var rejoin = false
  @Flag(help: ArgumentHelp("Change nothing.", visibility: .private))
  var dryRun = false
  @Option(help: ArgumentHelp("Which side of a conflict counts.", visibility: .private))
  var prefer: [String] = []
  @Option(help: ArgumentHelp("Unsigned commits that may change the fleet.", visibility: .private))
  var allowUnsigned: [String] = []
  @Option(help: ArgumentHelp("The epoch's number.", visibility: .private))
  var epochNumber: Int64?
  @Option(help: ArgumentHelp("The epoch's id.", visibility: .private))
  var epochID: String?
  @Option(help: ArgumentHelp("What kind of move it is.", visibility: .private))
  var cause: String?
  @Option(help: ArgumentHelp("Why.", visibility: .private))
  var reason: String?
  @Option(help: ArgumentHelp("The old primary.", visibility: .private))
  var from: String?
  @Option(help: ArgumentHelp("How many commits are lost.", visibility: .private))
  var lost = 0
  @Option(help: ArgumentHelp("The time of each step.", visibility: .private))
  var times = ""
  @Option(help: ArgumentHelp("How long all took.", visibility: .private))
  var milliseconds: Int64 = 0
  @OptionGroup var caller: CallerOptions
  @OptionGroup var region: RegionOptions

  func run() async throws {
    caller.follow()
    let own = try region.open()
    let seat = Seat.here(own)
    var document: JSONObject = ["region": .string(own.name.text), "version": 1]
    switch step {
    case .look:
      let view = try seat.view()
      document["fleet"] = try json(view.fleet)
      document["heard"] = try json(view.heard)
      document["mirrored"] = view.mirrored.map { .string($0) } ?? .null
    case .check: try seat.checkHandover(to: other())
    case .drain: try seat.drain(to: Seat(other(), from: own, FleetPeers(of: own)))
    case .release: try seat.release()
    case .capture:
      document["changes"] = .number(
        .int64(Int64(try await seat.capture(isHandover: handover, isDryRun: dryRun))))
    case .mirror:
      let wish = Seat.MirrorWish(
        prefer: prefer, allowUnsigned: allowUnsigned, isRejoin: rejoin, isDryRun: dryRun)
      do {
        let mirrored = try seat.mirror(from: Seat(other(), from: own, FleetPeers(of: own)), wish)
        document["choicesUsed"] = .array(mirrored.choicesUsed.sorted().map { .string($0) })
        document["commits"] = .number(.int64(Int64(mirrored.commits)))
      } catch let error as JoinConflicts {
        Terminal.print(.object(try ConflictReport.document(of: error, in: own)))
        MirrorCommand.tellUnknown([error])
        throw wish.failure(error, in: own)
      }
    case .apply: try await seat.apply()
    case .promote:
      guard let epochNumber, let epochID else { throw ValidationError("An epoch is missing.") }
      try seat.promote(
        other(), Fleet.Epoch(number: epochNumber, id: epochID), by: kind(), reason: reason)
    case .record:
      try seat.record(
        Seat.Record(
          cause: kind(), from: try RegionName(checking: from ?? ""), to: other(), lost: lost, steps: times,
          milliseconds: milliseconds))
    }
    Terminal.print(.object(document))
  }

  private func json(_ fleet: Fleet?) throws -> JSONValue {
    try fleet.map { try JSONValue.parse($0.canonicalBytes()) } ?? .null
  }

  private func other() throws -> RegionName { try RegionName(checking: with ?? "") }

  private func kind() throws -> RoleChange.Cause {
    guard let kind = cause.flatMap({ RoleChange.Cause(rawValue: $0) }) else {
      throw ValidationError("A kind of move is missing.")
    }
    return kind
  }
}

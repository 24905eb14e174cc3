import CanonicalJSON
import Failover
import Git
import LiveAccount
import MediaResources
import Planning
import RegionRepository

/// What the steps of a move would do, found out by making them in copies of the repositories that nobody keeps.
///
/// The accounts are read and never written. Of an old primary on another machine, what is captured there is counted, and is
/// in no plan.
struct Rehearsal {
  /// How many resources of the old primary's account would be captured.
  private(set) var captured: Int?
  /// Whether what would be captured is in no other count: the old primary is on another machine.
  private(set) var isCaptureApart = false
  /// How many commits would go to the old primary, and how many from it.
  private(set) var commits: (toPrimary: Int, toStandby: Int)?
  /// The fleet as the region that takes over would have it; nil where that could not be found out.
  private(set) var fleet: Fleet?
  /// What would be done in the account of the region that takes over.
  private(set) var apply: Plan?
  /// What would be done in the old primary's account after that.
  private(set) var follow: Plan?

  /// Rehearses a failover.
  /// - Parameter target: the region that takes over.
  static func failover(to target: RegionRepository) async throws -> Rehearsal {
    var rehearsal = Rehearsal()
    rehearsal.apply = try await plan(of: target, for: target)
    return rehearsal
  }

  /// Rehearses a switchover.
  static func switchover(
    from old: Seat, to target: RegionRepository, isJSON: Bool
  ) async throws -> Rehearsal {
    try await ScratchFolder.with { try await switchover(from: old, to: target, in: $0, isJSON: isJSON) }
  }

  /// - Parameter folder: an empty one, for the copies.
  private static func switchover(
    from old: Seat, to target: RegionRepository, in folder: String, isJSON: Bool
  ) async throws -> Rehearsal {
    var places = [("\(folder)/\(target.name).git", target.place)]
    if case .here(let region) = old { places.append(("\(folder)/\(region.name).git", region.place)) }
    do {
      let standby = try target.rehearsal(at: places[0].0)
      switch old {
      case .here(let region):
        return try await rehearse(
          region, try region.rehearsal(at: places[1].0), target, standby, isJSON: isJSON)
      case .there(let remote): return try await rehearse(remote, target, standby, isJSON: isJSON)
      }
    } catch {
      try Interruption.cancellation.check()
      throw StepFailure(Failure(error), replacing: places)
    }
  }

  /// - Parameters:
  ///   - primary: a copy of the old primary.
  ///   - standby: a copy of the region that takes over.
  private static func rehearse(
    _ old: RegionRepository, _ primary: RegionRepository, _ target: RegionRepository,
    _ standby: RegionRepository, isJSON: Bool
  ) async throws -> Rehearsal {
    var rehearsal = Rehearsal()
    try ObservedIndex.copy(from: old, to: primary)
    try HeldResources.copy(from: old, to: primary)
    try HeldResources.copy(from: target, to: standby)
    let capture = Capture(
      region: primary, account: try Accounts.open(for: old), identities: IdentityPlace.identities,
      cancellation: Interruption.cancellation)
    rehearsal.captured = try await capture.run().changes.count
    rehearsal.commits = (
      try Mover.mirror(.here(standby), to: .here(primary), isJSON: isJSON).commits,
      try Mover.mirror(.here(primary), to: .here(standby), isJSON: isJSON).commits
    )
    rehearsal.fleet = try standby.fleet()
    rehearsal.apply = try await plan(of: standby, for: target)
    rehearsal.follow = try await plan(of: primary, for: old)
    return rehearsal
  }

  private static func rehearse(
    _ old: RemoteRegion, _ target: RegionRepository, _ standby: RegionRepository, isJSON: Bool
  ) async throws -> Rehearsal {
    var rehearsal = Rehearsal()
    rehearsal.captured = try await Seat.there(old).capture(isDryRun: true)
    rehearsal.isCaptureApart = rehearsal.captured != 0
    let toPrimary = try Mover.mirror(
      .here(target), to: .there(old), Seat.MirrorWish(isDryRun: true), isJSON: isJSON
    ).commits
    // What the old primary would have to join first cannot be joined here.
    guard toPrimary == 0 else { return rehearsal }
    rehearsal.commits = (
      toPrimary, try Mover.mirror(.there(old), to: .here(standby), isJSON: isJSON).commits
    )
    rehearsal.fleet = try standby.fleet()
    rehearsal.apply = try await plan(of: standby, for: target)
    return rehearsal
  }

  /// What an apply would do.
  /// - Parameters:
  ///   - copy: whose branch is applied.
  ///   - region: whose account it goes to.
  private static func plan(of copy: RegionRepository, for region: RegionRepository) async throws -> Plan {
    try await PlanBuilder(
      region: copy, capabilities: Accounts.open(for: region).capabilities,
      identities: IdentityPlace.identities, purpose: .reading
    ).plan().plan
  }

  /// Refuses a move whose apply a guard would stop half way, or would leave the account short of something.
  func checkGuards(of target: RegionRepository, mirroring old: Seat) throws {
    if let held = apply?.held.first(where: { $0.root == nil }) {
      throw FailoverError(
        .notReady, "the account of \(target.name) would not take all: \(held.sentence)",
        hint: try held.mend(in: target))
    }
    guard let refusals = apply?.refusals, !refusals.isEmpty else { return }
    let flags = Set(refusals.filter(\.isForceable).map { " --force-\($0.kind.rawValue)" }).sorted().joined()
    throw FailoverError(
      .notReady,
      "the apply in \(target.name) would be refused: \(refusals.map(\.message).joined(separator: "; "))",
      hint: "if that is meant, do it first: lockstep mirror \(old.option); lockstep apply\(flags) -C"
        + " \(target.shellPlace)")
  }

  // MARK: In words

  /// What a step would do; nil for one of which there is nothing to count.
  func words(for step: MoveRun.Step) -> String? {
    switch step {
    case .capture:
      captured.map { Count.text($0, "resource") }
    case .mirror:
      commits.map { to in
        Count.text(to.toStandby, "commit")
          + (to.toPrimary == 0 ? "" : ", after \(Count.text(to.toPrimary, "commit")) the other way") + besides
      }
    case .apply: apply.map { Self.words($0) + besides }
    case .follow: follow.map(Self.words)
    case .drain, .verify, .traffic, .epoch, .reverse: nil
    }
  }

  private var besides: String { isCaptureApart ? ", besides what is captured" : "" }

  private static func words(_ plan: Plan) -> String {
    "\(plan.count(.create)) to create, \(plan.count(.replace)) to replace, \(plan.count(.delete)) to delete"
      + plan.refusals.map { "; refused: \($0.message)" }.joined()
      + plan.held.map { "; \($0.sentence)" }.joined()
  }

  /// The same for programs, as members of the step's object.
  func members(for step: MoveRun.Step) -> JSONObject {
    func number(_ value: Int) -> JSONValue { .number(.int64(Int64(value))) }
    switch step {
    case .capture: return captured.map { ["resources": number($0)] } ?? [:]
    case .mirror:
      return commits.map {
        [
          "besidesCapture": .bool(isCaptureApart), "commits": number($0.toStandby),
          "commitsToPrimary": number($0.toPrimary),
        ]
      } ?? [:]
    case .apply, .follow:
      guard let plan = step == .apply ? apply : follow else { return [:] }
      return [
        "besidesCapture": .bool(step == .apply && isCaptureApart), "create": number(plan.count(.create)),
        "delete": number(plan.count(.delete)),
        "heldBack": .array(plan.held.map { .string($0.sentence) }),
        "refusals": .array(plan.refusals.map { .string($0.message) }),
        "replace": number(plan.count(.replace)),
      ]
    case .drain, .verify, .traffic, .epoch, .reverse: return [:]
    }
  }
}

import CanonicalJSON
import Failover
import Git
import LiveAccount
import MediaResources
import RegionRepository
import Replay

/// A region in which a move does something: on this machine, or on another one, where `lockstep move-step` does it.
enum Seat {
  case here(RegionRepository)
  case there(RemoteRegion)

  /// What a region knows of its fleet.
  struct View {
    let fleet: Fleet?
    /// The fleet of a later promotion that it has heard of.
    let heard: Fleet?
    /// The id of its `mirrored/` tree.
    let mirrored: String?
  }

  /// How a mirror between regions is made.
  struct MirrorWish {
    /// The values of --prefer.
    var prefer: [String] = []
    /// The values of --allow-unsigned.
    var allowUnsigned: [String] = []
    var isRejoin = false
    var isDryRun = false

    /// What stops a mirror, with the command that settles it.
    func failure(_ conflicts: JoinConflicts, in target: RegionRepository) -> any Error {
      guard isRejoin else { return conflicts }
      let command = "lockstep rejoin \(conflicts.source) -C \(target.shellPlace)"
      return StepFailure(
        message: conflicts.message, hint: conflicts.hint(by: command), status: ExitStatus.refused)
    }

    /// A mirror's refusal, with the command of the rejoin in place of the mirror's.
    func failure(
      _ refusal: ReplayError, from source: RegionName, at place: String, in target: RegionRepository
    )
      -> any Error
    {
      guard isRejoin, refusal.code == .unsignedFleet, let hint = refusal.hint else { return refusal }
      let mirror = "lockstep mirror \(ShellWord.quoted(place)) \(target.shellPlace)"
      let rejoin = "lockstep rejoin \(source) -C \(target.shellPlace)"
      return StepFailure(
        message: refusal.message, hint: hint.replacing(mirror, with: rejoin),
        status: ExitStatus.refused)
    }

    func options() throws -> Mirror.Options {
      Mirror.Options(
        preference: try MirrorCommand.preference(of: prefer),
        allowances: Allowances(unsigned: try MirrorCommand.commits(allowUnsigned)), isDryRun: isDryRun,
        isRejoin: isRejoin)
    }
  }

  /// What a run leaves in the audit log of each region that it was made in.
  struct Record {
    let cause: RoleChange.Cause
    /// The old primary, or the region that has come back.
    let from: RegionName
    /// The primary since.
    let to: RegionName
    var lost = 0
    let steps: String
    let milliseconds: Int64
  }

  /// The region of a fleet, as another one reaches it.
  /// - Throws: `FailoverError` (`.unknownRegion`, `.unreachable`), `RegionError`.
  init(_ name: RegionName, from own: RegionRepository, _ peers: FleetPeers) throws {
    guard peers.fleet.regions.contains(where: { $0.name == name }) else {
      throw FailoverError(
        .unknownRegion, peers.unknown(name), hint: "lockstep fleet -C \(own.shellPlace)")
    }
    let place = try peers.place(of: name)
    if FleetPeers.isRemote(place) {
      self = .there(try RemoteRegion(name, at: place, for: own))
      return
    }
    let moved =
      "if it has moved: git -C \(own.shellPlace) config \(RegionConfiguration.peerRepository(name)) PLACE"
    let found: RegionRepository
    do { found = try RegionRepository.open(at: place) } catch {
      let failure = Failure(error)
      // What may not be read has not moved.
      throw FailoverError(
        .unreachable, "region \(name) cannot be opened: \(failure.message)",
        hint: (error as? RegionError)?.code == .fileSystem ? failure.hint : moved)
    }
    guard found.name == name else {
      throw FailoverError(.unreachable, "\(place) is region \(found.name), not \(name)", hint: moved)
    }
    self = .here(found)
  }

  var name: RegionName {
    switch self {
    case .here(let region): region.name
    case .there(let region): region.name
    }
  }

  /// The region as `-C` takes it, on its own machine.
  var option: String {
    switch self {
    case .here(let region): "-C \(region.shellPlace)"
    case .there(let region): "-C \(SSHAddress(region.url)?.shellPath ?? region.url)"
    }
  }

  // MARK: Steps

  /// Looks at the fleet as the region knows it.
  func view() throws -> View {
    switch self {
    case .here(let region):
      return View(
        fleet: try region.fleet(), heard: try region.heardFleet(),
        mirrored: try region.mirrored(of: region.head())?.hex)
    case .there(let region):
      let document = try region.run(["move-step", "look"])
      guard document["region"]?.stringValue == region.name.text else {
        throw FailoverError(
          .unreachable,
          "\(region.url) is \(document["region"]?.stringValue ?? "no region"), not \(region.name)")
      }
      func fleet(_ key: String) throws -> Fleet? {
        guard let value = document[key], value != .null else { return nil }
        return try Fleet(bytes: value.canonicalBytes())
      }
      return View(
        fleet: try fleet("fleet"), heard: try fleet("heard"), mirrored: document["mirrored"]?.stringValue)
    }
  }

  /// Finds what speaks against it that the region hands over.
  func checkHandover(to target: RegionName) throws {
    guard case .here(let region) = self else { return try run("check", ["--with", target.text]) }
    let fence = try Fence(of: region)
    if let refusal = try fence.refusal(of: "the switchover", fence.standing()) { throw refusal }
    if let drain = try Drain.read(of: region), drain.target != target {
      throw FailoverError(
        .draining, "region \(region.name) is being handed over to \(drain.target) already",
        hint: "undo that: lockstep switchover --undo -C \(region.shellPlace)")
    }
    // Its end may fail, and then the region would be drained already.
    if try ApplyJournal.isOpen(for: region) { throw Self.cutOffApply(in: region) }
    _ = try Accounts.open(for: region)
  }

  /// Why a switchover does not begin beside an apply that has not ended.
  static func cutOffApply(in region: RegionRepository) -> FailoverError {
    FailoverError(
      .notReady, "an apply was cut off in region \(region.name)",
      hint: "end it first: lockstep apply -C \(region.shellPlace)")
  }

  /// Lets the region take no more changes.
  func drain(to target: Seat) throws {
    guard case .here(let region) = self else { return try run("drain", ["--with", target.name.text]) }
    let lock = try region.lock(for: "lockstep switchover")
    defer { withExtendedLifetime(lock) {} }
    let place = try Self.place(of: target, from: region)
    // Whoever undid the run meanwhile would find a region drained that nobody hands over.
    try Interruption.cancellation.check()
    try Drain(to: target.name, by: place).begin(in: region)
  }

  /// Lets the region take changes again.
  func release() throws {
    guard case .here(let region) = self else { return try run("release") }
    try Drain.end(in: region)
  }

  /// Captures what the region's account has become.
  /// - Parameters:
  ///   - isHandover: whether it is the last one of a primary that is handed over.
  ///   - isDryRun: whether nothing is captured.
  /// - Returns: how many resources had changed.
  func capture(isHandover: Bool = false, isDryRun: Bool = false) async throws -> Int {
    switch self {
    case .here(let region) where isDryRun:
      return try await Capture(
        region: region, account: Accounts.open(for: region), identities: IdentityPlace.identities,
        cancellation: Interruption.cancellation
      ).drift(isNoted: false).count
    case .here(let region):
      let lock = try region.lock(for: isHandover ? "lockstep switchover" : "lockstep rejoin")
      defer { withExtendedLifetime(lock) {} }
      return try await CaptureCommand.capture(region, isHandover: isHandover).changes.count
    case .there(let region):
      let document = try region.run(
        ["move-step", "capture"] + (isHandover ? ["--handover"] : [])
          + (isDryRun ? ["--dry-run"] : []))
      return document["changes"]?.int64Value.map { Int($0) } ?? 0
    }
  }

  /// What a mirror between regions did.
  struct Mirrored {
    /// How many commits came.
    let commits: Int
    /// What --prefer named and something came of.
    let choicesUsed: Set<String>
  }

  /// Replays all of another region into this one, which must not wait for anybody.
  /// - Throws: `JoinConflicts`, or a `StepFailure` with them.
  @discardableResult
  func mirror(from source: Seat, _ wish: MirrorWish = MirrorWish()) throws -> Mirrored {
    switch self {
    case .here(let region):
      let place = try Self.place(of: source, from: region)
      let report: MirrorReport
      do {
        report = try MirrorCommand.mirror(place, to: region.place, options: wish.options()) {
          try Interruption.cancellation.check()
        }
      } catch let error as ReplayError {
        throw wish.failure(error, from: source.name, at: place, in: region)
      }
      guard report.isWaiting else {
        return Mirrored(commits: report.images.count, choicesUsed: report.choicesUsed)
      }
      throw ReplayError(
        .edited, "region \(report.target) has changes of its own that are not in \(report.source) yet",
        hint: "lockstep mirror -C \(region.shellPlace)")
    case .there(let region):
      let document = try region.run(
        ["move-step", "mirror", "--with", source.name.text] + wish.prefer.flatMap { ["--prefer", $0] }
          + wish.allowUnsigned.flatMap { ["--allow-unsigned", $0] }
          + (wish.isRejoin ? ["--rejoin"] : []) + (wish.isDryRun ? ["--dry-run"] : []))
      return Mirrored(
        commits: document["commits"]?.int64Value.map { Int($0) } ?? 0,
        choicesUsed: Set((document["choicesUsed"]?.arrayValue ?? []).compactMap(\.stringValue)))
    }
  }

  /// Makes the region's account what is committed.
  func apply() async throws {
    guard case .here(let region) = self else { return try run("apply") }
    try await Mover.apply(region)
  }

  /// Commits that a region is primary.
  func promote(
    _ name: RegionName, _ epoch: Fleet.Epoch, by cause: RoleChange.Cause, reason: String?
  ) throws {
    guard case .here(let region) = self else {
      return try run(
        "promote",
        [
          "--with", name.text, "--epoch-number", "\(epoch.number)", "--epoch-id", epoch.id, "--cause",
          cause.rawValue,
        ] + (reason.map { ["--reason", $0] } ?? []))
    }
    let lock = try region.lock(for: "lockstep \(cause.rawValue)")
    defer { withExtendedLifetime(lock) {} }
    try Mover.promote(name, epoch, by: cause, reason: reason, in: region)
  }

  /// Writes into the region's audit log what was done.
  func record(_ record: Record) throws {
    guard case .here(let region) = self else {
      return try run(
        "record",
        [
          "--cause", record.cause.rawValue, "--from", record.from.text, "--with", record.to.text, "--lost",
          "\(record.lost)", "--times", record.steps, "--milliseconds", "\(record.milliseconds)",
        ])
    }
    let lock = try region.lock(for: "lockstep \(record.cause.rawValue)")
    defer { withExtendedLifetime(lock) {} }
    guard let head = try region.head() else { return }
    let event: AuditRecord.Event =
      record.cause == .rejoin
      ? .rejoined(
        head, region: record.from, primary: record.to, steps: record.steps, milliseconds: record.milliseconds)
      : .moved(
        head, cause: record.cause, from: record.from, to: record.to, lost: record.lost, steps: record.steps,
        milliseconds: record.milliseconds)
    try AuditLog(region).record(AuditRecord(region: region.name, event))
  }

  private func run(_ step: String, _ arguments: [String] = []) throws {
    guard case .there(let region) = self else { return }
    _ = try region.run(["move-step", step] + arguments)
  }

  /// Where a region finds another one: by its own configuration, where that is not on its machine.
  private static func place(of seat: Seat, from region: RegionRepository) throws -> String {
    guard case .here(let found) = seat else { return try FleetPeers(of: region).place(of: seat.name) }
    return found.place
  }
}

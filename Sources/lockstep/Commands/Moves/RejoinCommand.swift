import ArgumentParser
import CanonicalJSON
import Failover
import Git
import LiveAccount
import MediaResources
import RegionRepository
import Replay

/// `lockstep rejoin REGION`: a region that was primary is back.
struct RejoinCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rejoin",
    abstract: "Bring a region that is primary no more back into step, with all that it has of its own.",
    discussion: """
      What it committed is joined in the primary, and so is what was captured and kept aside; then it takes over what the \
      primary has, and both accounts follow. Conflicts are shown by resource (exit 4; nothing is lost), and settled by \
      --prefer, where source is the region that comes back; what it edited of the fleet is one of them, by the name fleet. \
      May be run again at any time.
      """)

  @Argument(help: "The region that comes back.")
  var name: String
  @Option(help: "Where two were made primary at once: the one that stays it.")
  var primary: String?
  @Option(
    help: ArgumentHelp(
      "Where both changed a resource, which one counts: source or target, for all or for one resource.",
      valueName: "source|target|RESOURCE=source|RESOURCE=target|fleet=source|fleet=target"))
  var prefer: [String] = []
  @Option(
    help: ArgumentHelp(
      "Let a commit of the region change the fleet that no administrator has signed.", valueName: "COMMIT"))
  var allowUnsigned: [String] = []
  @Option(help: ArgumentHelp("Why, for the history of roles.", valueName: "text"))
  var reason: String?
  @OptionGroup var region: RegionOptions
  @OptionGroup var output: OutputOptions

  func validate() throws {
    _ = try MirrorCommand.preference(of: prefer)
    _ = try MirrorCommand.commits(allowUnsigned)
  }

  func run() async throws {
    let own = try region.open()
    let peers = try FleetPeers(of: own)
    let back = try returning(own, peers)
    let stays = try primaryThatStays(own, back, peers)
    guard stays.name != back.name else {
      throw FailoverError(
        .notReady, "region \(back.name) is primary, and has nothing to come back to",
        hint: "lockstep fleet -C \(own.shellPlace)")
    }
    var steps = Steps(isJSON: output.json)
    let joins = Seat.MirrorWish(prefer: prefer, allowUnsigned: allowUnsigned, isRejoin: true)
    var choicesUsed: Set<String> = []
    var changes = 0
    func mirror(_ from: Seat, to: Seat, _ wish: Seat.MirrorWish = Seat.MirrorWish()) throws -> String {
      let mirrored = try Mover.mirror(from, to: to, wish, isJSON: output.json)
      choicesUsed.formUnion(mirrored.choicesUsed)
      changes += mirrored.commits
      return Count.text(mirrored.commits, "commit")
    }
    try await steps.make("join") {
      "\(try mirror(back, to: stays, joins)) of \(back.name) joined in \(stays.name)"
    }
    try await steps.make("mirror") {
      "\(try mirror(stays, to: back)) of \(stays.name) brought to \(back.name)"
    }
    // It knows the later promotion now: a handover that it was cut off in is over.
    try back.release()
    try await steps.make("capture") {
      let captured = try await back.capture()
      changes += captured
      return "captured \(Count.text(captured, "change")) of the account of \(back.name)"
    }
    try await steps.make("join-captured") {
      "\(try mirror(back, to: stays, joins)) of \(back.name) joined in \(stays.name)"
    }
    try await steps.make("mirror-back") {
      "\(try mirror(stays, to: back)) of \(stays.name) brought to \(back.name)"
    }
    for seat in [back, stays] {
      try await steps.make("apply-\(seat.name)") {
        try await seat.apply()
        return "the account of \(seat.name) is what is committed"
      }
    }
    MirrorCommand.tellUnused(try MirrorCommand.preference(of: prefer), of: choicesUsed)
    // Who is back already does not come back once more.
    if try changes > 0 || !isBack(back.name, in: own) {
      let record = Seat.Record(
        cause: .rejoin, from: back.name, to: stays.name, steps: steps.times, milliseconds: steps.milliseconds)
      for seat in [back, stays] { try seat.record(record) }
    }
    if output.json {
      Terminal.print([
        "inStep": .bool(try back.view().mirrored == stays.view().mirrored),
        "milliseconds": .number(.int64(steps.milliseconds)), "primary": .string(stays.name.text),
        "region": .string(back.name.text),
        "steps": .array(
          steps.made.map { ["milliseconds": .number(.int64($0.milliseconds)), "name": .string($0.name)] }),
        "version": 1,
      ])
    } else {
      Terminal.say(
        "region \(back.name) is a standby of \(stays.name), after \(steps.milliseconds) ms; take it home:"
          + " lockstep switchover \(back.name) -C \(own.shellPlace)")
    }
  }

  /// The region that comes back; one that was taken out of the fleet meanwhile must be put in again first.
  private func returning(_ own: RegionRepository, _ peers: FleetPeers) throws -> Seat {
    let name = try RegionName(checking: name)
    guard peers.fleet.regions.contains(where: { $0.name == name }) else {
      let place = try RegionConfiguration.peers(of: own.git)[name].map { ShellWord.quoted($0) }
      throw FailoverError(
        .unknownRegion, peers.unknown(name),
        hint: "if it was taken out: lockstep fleet add \(name) \(place ?? "FOLDER-OF-\(name)")"
          + " \(try Seat(peers.fleet.primary, from: own, peers).option); then this again")
    }
    return try Seat(name, from: own, peers)
  }

  /// Whether the audit log of a region knows that another one is no lost primary: it has come back, or handed over.
  private func isBack(_ name: RegionName, in own: RegionRepository) throws -> Bool {
    var records = AuditReader(tip: try own.git.reference(AuditLog.reference), source: own.git)
    while let record = try records.next()?.record {
      switch record.event {
      case .rejoined(_, let region, _, _, _) where region == name: return true
      case .moved(_, let cause, let from, _, _, _, _) where from == name: return cause == .switchover
      default: continue
      }
    }
    return true
  }

  /// The steps that were made, with their times.
  private struct Steps {
    let isJSON: Bool
    private(set) var made: [(name: String, milliseconds: Int64)] = []

    init(isJSON: Bool) { self.isJSON = isJSON }

    var milliseconds: Int64 { made.reduce(0) { $0 + $1.milliseconds } }
    var times: String { made.map { "\($0.name) \($0.milliseconds) ms" }.joined(separator: ", ") }

    /// Makes one, which says what it did.
    mutating func make(_ name: String, _ body: () async throws -> String) async throws {
      let clock = ContinuousClock()
      let begun = clock.now
      let words = try await body()
      let (seconds, attoseconds) = (clock.now - begun).components
      made.append((name, seconds * 1000 + attoseconds / 1_000_000_000_000_000))
      if !isJSON { Terminal.print("done\t\(words)") }
    }
  }

  /// The region with the highest epoch; of two with one number the one that a person names, which is made primary anew.
  private func primaryThatStays(
    _ own: RegionRepository, _ back: Seat, _ peers: FleetPeers
  ) throws -> Seat {
    var views = [
      Seat.View(fleet: try own.fleet(), heard: try own.heardFleet(), mirrored: nil), try back.view(),
    ]
    // A region that is just back may have heard of nothing yet.
    for other in peers.others where other != back.name {
      do { views.append(try Seat(other, from: own, peers).view()) } catch {
        try Interruption.cancellation.check()
        Terminal.say("warning: \(other) cannot be asked who is primary: \(Failure(error).message)")
      }
    }
    let promotions = views.flatMap { [$0.fleet, $0.heard] }.compactMap(\.self)
    let highest = promotions.map(\.epoch.number).max() ?? 0
    let newest = promotions.filter { $0.epoch.number == highest }
    let names = Set(newest.map(\.primary)).sorted()
    guard Set(newest.map(\.epoch)).count > 1 else {
      return try Seat(names.first ?? own.name, from: own, peers)
    }
    guard let primary, let chosen = try names.first(where: { $0 == (try RegionName(checking: primary)) })
    else {
      let listed = names.map(\.text).joined(separator: " and ")
      throw FailoverError(
        .contested, "\(listed) were both made primary with epoch \(highest)",
        hint:
          "say which one stays primary: lockstep rejoin \(name) --primary"
          + " \(names.first { $0 != back.name }?.text ?? "NAME") -C \(own.shellPlace)")
    }
    guard chosen != back.name else {
      throw FailoverError(
        .notReady, "region \(back.name) cannot come back and stay primary",
        hint:
          "name the one that gives way: lockstep rejoin \(names.first { $0 != chosen }?.text ?? "NAME") --primary"
          + " \(chosen) -C \(own.shellPlace)")
    }
    let stays = try Seat(chosen, from: own, peers)
    try stays.promote(
      chosen, Fleet.Epoch(number: highest + 1, id: Random.guid()), by: .rejoin, reason: reason)
    return stays
  }
}

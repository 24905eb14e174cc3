import ArgumentParser
import CanonicalJSON
import Failover
import LiveAccount
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
      --prefer, where source is the region that comes back. May be run again at any time.
      """)

  @Argument(help: "The region that comes back.")
  var name: String
  @Option(help: "Where two were made primary at once: the one that stays it.")
  var primary: String?
  @Option(
    help: ArgumentHelp(
      "Where both changed a resource, which one counts: source or target, for all or for one resource.",
      valueName: "source|target|RESOURCE=source|RESOURCE=target"))
  var prefer: [String] = []
  @Option(help: ArgumentHelp("Why, for the history of roles.", valueName: "text"))
  var reason: String?
  @OptionGroup var region: RegionOptions
  @OptionGroup var output: OutputOptions

  func validate() throws { _ = try MirrorCommand.preference(of: prefer) }

  func run() async throws {
    let own = try region.open()
    let peers = try FleetPeers(of: own)
    let back = try SwitchoverCommand.here(RegionName(checking: name), peers)
    let stays = try await primaryThatStays(own, back, peers)
    guard stays.name != back.name else {
      throw FailoverError(
        .notReady, "region \(back.name) is primary, and has nothing to come back to",
        hint: "lockstep fleet -C \(own.shellPlace)")
    }
    let joins = Mirror.Options(preference: try MirrorCommand.preference(of: prefer), isRejoin: true)
    var times = StepTimes()
    try await times.take("join") {
      try Mover.mirror(back.place, to: stays.place, options: joins)
      tell("joined what \(back.name) committed in \(stays.name)")
      try Mover.mirror(stays.place, to: back.place)
      tell("\(back.name) has what \(stays.name) has")
    }
    try await times.take("capture") {
      let lock = try back.lock(for: "lockstep rejoin")
      defer { withExtendedLifetime(lock) {} }
      let report = try await CaptureCommand.capture(back)
      tell("captured \(report.changes.count) changes of the account of \(back.name)")
    }
    try await times.take("mirror") {
      try Mover.mirror(back.place, to: stays.place, options: joins)
      tell("joined what was captured")
      try Mover.mirror(stays.place, to: back.place)
      tell("\(back.name) is in step")
    }
    try await times.take("apply") {
      for region in [back, stays] {
        try await Mover.apply(region)
        tell("the account of \(region.name) is what is committed")
      }
    }
    try Drain.end(in: back)
    try record(times, back, stays)
    if output.json {
      Terminal.print([
        "primary": .string(stays.name.text), "region": .string(back.name.text),
        "inStep": .bool(try back.mirrored(of: back.head()) == stays.mirrored(of: stays.head())), "version": 1,
      ])
    } else {
      Terminal.say(
        "region \(back.name) is a standby of \(stays.name); take it home: lockstep switchover \(back.name) -C"
          + " \(stays.shellPlace)")
    }
  }

  /// How long each part of a rejoin took.
  private struct StepTimes {
    private(set) var milliseconds: Int64 = 0
    private(set) var words: [String] = []

    mutating func take(_ name: String, _ body: () async throws -> Void) async rethrows {
      let begun = ContinuousClock.now
      try await body()
      let taken = (ContinuousClock.now - begun).milliseconds
      milliseconds += taken
      words.append("\(name) \(taken) ms")
    }
  }

  private func record(_ times: StepTimes, _ back: RegionRepository, _ stays: RegionRepository) throws {
    guard let head = try stays.head() else { return }
    let lock = try stays.lock(for: "lockstep rejoin")
    defer { withExtendedLifetime(lock) {} }
    try AuditLog(stays).record(
      AuditRecord(
        region: stays.name,
        .moved(
          head, cause: .rejoin, from: back.name, to: stays.name, lost: 0,
          steps: times.words.joined(separator: ", "), milliseconds: times.milliseconds)))
  }

  private func tell(_ words: String) { if !output.json { Terminal.print("done\t\(words)") } }

  /// The region with the highest epoch; of two with one number the one that a person names, which is made primary anew.
  private func primaryThatStays(
    _ own: RegionRepository, _ back: RegionRepository, _ peers: FleetPeers
  ) async throws -> RegionRepository {
    var promotions: [Fleet] = []
    for fleet in [try own.fleet(), try own.heardFleet(), try back.fleet(), try back.heardFleet()] {
      if let fleet { promotions.append(fleet) }
    }
    let highest = promotions.map(\.epoch.number).max() ?? 0
    let newest = promotions.filter { $0.epoch.number == highest }
    let names = Set(newest.map(\.primary)).sorted()
    guard Set(newest.map(\.epoch)).count > 1 else {
      return try SwitchoverCommand.here(names.first ?? own.name, peers)
    }
    guard let primary, let chosen = try names.first(where: { $0 == (try RegionName(checking: primary)) })
    else {
      let listed = names.map(\.text).joined(separator: " and ")
      throw FailoverError(
        .contested, "\(listed) were both made primary with epoch \(highest)",
        hint:
          "say which one stays primary: lockstep rejoin \(name) --primary \(names.first?.text ?? "NAME") -C"
          + " \(own.shellPlace)")
    }
    let stays = try SwitchoverCommand.here(chosen, peers)
    let lock = try stays.lock(for: "lockstep rejoin")
    defer { withExtendedLifetime(lock) {} }
    try Mover.promote(
      chosen, Fleet.Epoch(number: highest + 1, id: Random.guid()), by: .rejoin, reason: reason, in: stays)
    return stays
  }
}

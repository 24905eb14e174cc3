import ArgumentParser
import Failover
import Git
import HTTP
import History
import LiveAccount
import MediaResources
import RegionRepository

/// `lockstep failover REGION`: a region takes over from a primary that is gone.
struct FailoverCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "failover",
    abstract: "Make a region primary because the present one is gone; says what is lost, and asks.",
    discussion: """
      Works with the primary's repository, account and servers gone. Run it in the region that takes over. Without a \
      terminal: --yes --accept-loss N, where N is the number of commits that are known to be lost.
      """)

  @Argument(help: "The region that takes over.")
  var name: String?
  @OptionGroup var move: MoveOptions
  @Option(help: ArgumentHelp("So many commits may be lost.", valueName: "count"))
  var acceptLoss: Int?
  @Flag(help: "Take over although the primary answers.")
  var forcePrimaryAnswers = false
  @Flag(help: "Take over although a failover was within the last hour.")
  var acknowledgeRecent = false
  @Flag(help: "Take over although what carries the traffic cannot let players come to the region.")
  var forceTraffic = false
  @OptionGroup var region: RegionOptions
  @OptionGroup var output: OutputOptions

  private static let flapSeconds: Int64 = 3600

  func validate() throws { try move.validate(name) }

  func run() async throws {
    let own = try region.open()
    let lock = move.dryRun ? nil : try MoveRun.lock(own, purpose: "lockstep failover")
    defer { withExtendedLifetime(lock) {} }
    let mover = Mover(target: own, old: nil, yes: move.yes, isJSON: output.json)
    if move.resume || move.undo {
      guard let run = try MoveRun.read(of: own), run.cause == .failover else {
        throw SwitchoverCommand.nothingBegun(own)
      }
      try MoveOptions.check(run, isTo: name)
      if move.undo { try await mover.undo(run) } else { try await mover.perform(run) }
      return
    }
    let to = try RegionName(checking: name ?? "")
    if let peers = try? FleetPeers(of: own), !peers.fleet.regions.contains(where: { $0.name == to }) {
      throw FailoverError(
        .unknownRegion, peers.unknown(to), hint: "see them: lockstep fleet -C \(own.shellPlace)")
    }
    guard to == own.name else {
      throw FailoverError(
        .unknownRegion, "a failover is made in the region that takes over, and this is \(own.name)",
        hint: "lockstep failover \(to) -C \(Self.place(of: to, own))")
    }
    let givenUp = try MoveRun.read(of: own)
    // A switchover that was cut off cannot go on without the primary that hands over.
    if givenUp?.cause != .switchover { try SwitchoverCommand.checkNone(own) }
    let report = try await mover.readiness(isNoted: !move.dryRun, before: nil)
    guard let fleet = try own.fleet(), let point = report.recoveryPoint else {
      try SwitchoverCommand.checkNone(own)
      let fence = try Fence(of: own)
      if let refusal = try fence.refusal(of: "the failover", fence.standing()) { throw refusal }
      throw FailoverError(
        .notReady, "region \(own.name) is primary already", hint: "see: lockstep fleet -C \(own.shellPlace)")
    }
    try await checkSilence(of: fleet, point, own)
    try checkRecent(own)
    try checkMeans(report)
    let run = MoveRun(
      .failover, from: fleet.primary, to: to, reason: move.reason,
      epoch: try Mover.nextEpoch(after: fleet, in: own), lost: point.commits.count,
      steps: [.apply, .epoch, .traffic])
    for line in point.lines { Terminal.say(line) }
    for check in report.checks where check.outcome == .notReady && check.name != "lag" {
      Terminal.say("warning: \(check.name): \(check.statement)")
    }
    if move.dryRun { return try await mover.tell(run, Rehearsal.failover(to: own)) }
    try confirm(run)
    if givenUp != nil { Terminal.say("the switchover to \(to) that was cut off is given up") }
    try await mover.perform(run)
  }

  /// A region's folder on its own machine, as far as this one's configuration says.
  private static func place(of name: RegionName, _ own: RegionRepository) -> String {
    guard let place = try? FleetPeers(of: own).place(of: name) else { return "FOLDER-OF-\(name)" }
    guard FleetPeers.isRemote(place) else { return ShellWord.quoted(place) }
    return SSHAddress(place).map { "\($0.shellPath), on \($0.destination)" } ?? "FOLDER-OF-\(name)"
  }

  /// A primary that answers hands over by a switchover.
  private func checkSilence(of fleet: Fleet, _ point: RecoveryPoint, _ own: RegionRepository) async throws {
    guard !forcePrimaryAnswers else { return }
    guard let silence = point.silence else {
      throw FailoverError(
        .notReady, "the primary, \(fleet.primary), answers (its repository), so nothing has to be lost",
        hint:
          "let it hand over: lockstep switchover \(own.name) -C \(own.shellPlace); or take over all the same:"
          + " --force-primary-answers")
    }
    // It cannot hand over without its repository; but whoever still comes to its servers is still served.
    let servers = await Mover.servers(of: fleet.primary, in: fleet)
    guard let answering = servers.first(where: { $0.problem == nil })?.address else { return }
    throw FailoverError(
      .notReady,
      "a server of the primary, \(fleet.primary), still answers (\(answering)), though its repository does not:"
        + " \(silence.inOneLine)",
      hint: "if \(fleet.primary) is lost, take over all the same: lockstep failover \(own.name)"
        + " --force-primary-answers -C \(own.shellPlace); if only its repository is out of reach, bring that back"
    )
  }

  /// What would stop the move half way is found before it begins.
  private func checkMeans(_ report: ReadinessReport) throws {
    func problem(_ name: String) -> ReadinessCheck? {
      report.checks.first { $0.name == name && $0.outcome == .notReady }
    }
    if let signing = problem("signing") {
      throw FailoverError(
        .notReady, "the failover cannot be committed: \(signing.statement)", hint: signing.hint)
    }
    if let traffic = problem("traffic"), !forceTraffic {
      throw FailoverError(
        .notReady, "the traffic cannot be moved: \(traffic.statement)",
        hint: (traffic.hint.map { "\($0); " } ?? "")
          + "or take over all the same, and move it afterwards: --force-traffic")
    }
  }

  /// Two failovers in a row are more often a network that comes and goes than two lost regions.
  private func checkRecent(_ own: RegionRepository) throws {
    guard !acknowledgeRecent, let head = try own.head() else { return }
    let last = try RoleHistory.read(of: own.git, from: head).first {
      $0.change?.cause == .failover && Accounts.now() - $0.person.seconds < Self.flapSeconds
    }
    guard let last else { return }
    throw FailoverError(
      .notReady,
      "\(last.primary) became primary by a failover \((Accounts.now() - last.person.seconds) / 60) minutes ago",
      hint: "make sure that it is gone and not only out of sight; then again with --acknowledge-recent")
  }

  private func confirm(_ run: MoveRun) throws {
    guard move.yes else { return try Confirmation.typed(run.to.text, because: "This makes it primary.") }
    guard acceptLoss == run.lost else {
      throw FailoverError(
        .notReady, "\(Count.text(run.lost, "commit")) of \(run.from) would be lost; nothing was changed",
        hint: "if that is meant: --yes --accept-loss \(run.lost)")
    }
  }
}

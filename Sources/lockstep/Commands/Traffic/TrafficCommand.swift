import ArgumentParser
import CanonicalJSON
import HTTP
import RegionRepository
import Traffic

/// `lockstep traffic`: where players go, and moving them.
struct TrafficCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "traffic", abstract: "Show and move the traffic in front of the fleet's regions.",
    discussion: """
      The fleet's document says by which host names players come, and where each region is reached directly. Who carries
      the traffic stands in this repository's git configuration: lockstep.traffic is haproxy, traffic-manager or print.
      """,
    subcommands: [Show.self, PlanMove.self, Render.self, Apply.self, Move.self], defaultSubcommand: Show.self)

  /// `lockstep traffic show`.
  struct Show: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Say where traffic goes now (exit 2: not to the fleet's primary, or not all of it).")
    @OptionGroup var options: TrafficOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
      let traffic = try options.traffic(of: options.region.open())
      let standings = try await traffic.standings()
      if output.json {
        Terminal.print([
          "primary": .string(traffic.fleet.primary.text),
          "provider": .string(traffic.provider.name), "switches": .array(standings.map(\.json)), "version": 1,
        ])
      } else {
        Terminal.print(lines: standings.flatMap(\.lines))
      }
      guard standings.allSatisfy({ $0.serving == traffic.fleet.primary }) else {
        if !output.json {
          Terminal.say("traffic does not all go to the fleet's primary, \(traffic.fleet.primary)")
        }
        throw ExitCode(ExitStatus.differences)
      }
    }
  }

  /// `lockstep traffic plan REGION`.
  struct PlanMove: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "plan", abstract: "Say what a move of traffic would change (exit 2: something).")
    @OptionGroup var wish: WishOptions
    @OptionGroup var options: TrafficOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
      let traffic = try options.traffic(of: options.region.open())
      let plan = try await traffic.plan(wish.wish(in: traffic.fleet, of: options.region.open()))
      TrafficReport.print(plan, records: traffic.records(of: plan), json: output.json)
      if !plan.isEmpty { throw ExitCode(ExitStatus.differences) }
    }
  }

  /// `lockstep traffic render`.
  struct Render: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Print the configuration that the fleet asks of what carries its traffic.",
      discussion: "For HAProxy a whole configuration, for Traffic Manager its profiles, else the records.")
    @OptionGroup var options: TrafficOptions

    func run() async throws {
      let own = try options.region.open()
      Terminal.print(bytes: try options.provider(of: own).rendered(TrafficOptions.fleet(of: own)))
    }
  }

  /// `lockstep traffic apply`.
  struct Apply: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract:
        "Create Traffic Manager's profiles, or bring their probes and targets to what the fleet says.",
      discussion: "Where traffic goes stays as it is; a new profile begins with the fleet's primary.")
    @OptionGroup var options: TrafficOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
      let own = try options.region.open()
      let fleet = try TrafficOptions.fleet(of: own)
      let provider = try options.provider(of: own)
      let lock = try own.lock(for: "lockstep traffic apply")
      defer { withExtendedLifetime(lock) {} }
      let done = try await provider.apply(fleet)
      if output.json {
        Terminal.print(["done": .array(done.map { .string($0) }), "version": 1])
      } else {
        Terminal.say(done.isEmpty ? "all is as the fleet says already" : done.joined(separator: "\n"))
      }
    }
  }

  /// `lockstep traffic move REGION`.
  struct Move: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Let players go to a region: origin and key delivery together, or none of them.",
      discussion: """
        The fleet's roles stay as they are: 'lockstep switchover' and 'lockstep failover' change both. One that cannot be
        moved completely is moved back.
        """)
    @OptionGroup var wish: WishOptions
    @OptionGroup var options: TrafficOptions
    @OptionGroup var output: OutputOptions
    @Flag(help: "Move to a region that is not the fleet's primary.")
    var forceStandby = false
    @Flag(help: "Move to a region whose probes fail.")
    var forceUnhealthy = false
    @Flag(
      help: "Move although one of several HAProxys does not answer; where it lets players go stays as it is.")
    var forceUnreachable = false
    @Flag(help: "With records that are changed by hand: they were changed.")
    var yes = false
    @Flag(help: "Only say what would change.")
    var dryRun = false

    func run() async throws {
      let own = try options.region.open()
      let traffic = try options.traffic(of: own)
      let wish = try wish.wish(in: traffic.fleet, of: options.region.open())
      let primary = traffic.fleet.primary
      if primary != wish.active, !forceStandby {
        throw TrafficError(
          .refused, "region \(wish.active) is a standby: the fleet's primary is \(primary)",
          hint:
            "make it the primary: lockstep switchover \(wish.active) -C \(own.shellPlace); or only send players there:"
            + " --force-standby")
      }
      let lock = try own.lock(for: "lockstep traffic move")
      defer { withExtendedLifetime(lock) {} }
      let plan = try await traffic.plan(wish, leavingOutUnreachable: forceUnreachable)
      if let problem = plan.unhealthy.first, !forceUnhealthy, !plan.isEmpty {
        throw TrafficError(
          .refused, "\(problem); nothing was changed",
          hint:
            "see what is wrong there: lockstep drill \(wish.active) -C \(own.shellPlace); or move all the same:"
            + " --force-unhealthy")
      }
      if dryRun || plan.isEmpty {
        return TrafficReport.print(plan, records: traffic.records(of: plan), json: output.json)
      }
      let move = try await traffic.move(plan) { records in
        TrafficReport.print(records)
        try Confirmation.ask("Were these records changed?", given: yes)
      }
      TrafficReport.print(move, json: output.json)
    }
  }
}

/// Which region shall have the traffic.
struct WishOptions: ParsableArguments {
  @Argument(help: "The region that players shall come to.")
  var to: String

  @Option(
    help: ArgumentHelp(
      "What the other regions shall be.",
      discussion: """
        backup: used while the active one's probes fail. draining: who is there may end what was begun. off: nobody comes.
        """, valueName: "backup|draining|off"))
  var others: OthersRole = .backup

  enum OthersRole: String, ExpressibleByArgument, CaseIterable { case backup, draining, off }

  /// - Parameter region: where the fleet was read.
  func wish(in fleet: Fleet, of region: RegionRepository) throws -> TrafficWish {
    let name = try RegionName(checking: to)
    guard fleet.regions.contains(where: { $0.name == name }) else {
      throw RegionError(
        .unknownResource, "region \(name) is not in the fleet",
        hint: "see who is: lockstep fleet -C \(region.shellPlace)")
    }
    let role: TrafficRole =
      switch others {
      case .backup: .backup
      case .draining: .draining
      case .off: .off
      }
    return TrafficWish(active: name, others: role)
  }
}

/// Whose traffic, and who carries it.
struct TrafficOptions: ParsableArguments {
  @OptionGroup var region: RegionOptions

  @Option(
    help: ArgumentHelp(
      "Who carries traffic, instead of lockstep.traffic.", valueName: "haproxy|traffic-manager|print"))
  var provider: String?

  /// How long what carries traffic may say nothing.
  private static let patienceSeconds = 30.0

  func provider(of own: RegionRepository) throws -> any TrafficProvider {
    try TrafficSettings(of: own).provider(
      named: provider, transport: HTTPProgram(connections: 2, stallSeconds: Self.patienceSeconds),
      environment: { Environment.value($0) }, notices: { Terminal.say($0) })
  }

  func traffic(of own: RegionRepository) throws -> Traffic {
    try Traffic(of: Self.fleet(of: own), by: provider(of: own))
  }

  static func fleet(of own: RegionRepository) throws -> Fleet {
    guard let fleet = try own.fleet() else { throw own.noFleet }
    return fleet
  }
}

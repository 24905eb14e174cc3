import ArgumentParser
import Failover
import Git
import HTTP
import LiveAccount
import RegionRepository

/// `lockstep ready`: whether a region can take over now.
struct ReadyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ready",
    abstract: "Say whether a region can take over now, and what would be lost (exit 2: it cannot).",
    discussion: """
      One line a check, then what is lost if the primary dies now. Where the primary does not answer, what the region \
      has heard of it counts. The region's servers are asked over HTTP where the fleet says at which URL they are \
      reached (lockstep fleet set REGION --origin URL --key-delivery URL). What carries the traffic is asked as well, and \
      where administrators are configured, git signs a commit that nobody keeps.
      """)

  @Argument(help: "The region (the one of -C, if not given).")
  var name: String?

  @Flag(help: "Read and hash every content file, and open every sealed value.")
  var deep = false

  @Flag(help: "Ask the servers for every locator and key, and not only for a sample.")
  var all = false

  @OptionGroup var region: RegionOptions
  @OptionGroup var output: OutputOptions

  func run() async throws {
    let own = try region.open()
    let peers = try FleetPeers(of: own)
    let standby = try Self.region(name, own: own, peers)
    var report = try await Self.readiness(
      of: standby, options: Readiness.Options(isDeep: deep, asksForAll: all, keepsCommits: true))
    let fleet = try FleetPeers(of: standby).fleet
    if fleet.primary != standby.name {
      report = report.adding(await MoveChecks(target: standby, fleet: fleet).all())
    }
    if output.json {
      Terminal.print(report.json)
    } else {
      Terminal.print(lines: report.checks.map(\.line) + (report.recoveryPoint?.lines ?? []))
    }
    if !report.isReady { throw ExitCode(ExitStatus.differences) }
  }

  /// A server that says nothing for so long cannot serve.
  private static let patienceSeconds = 10.0

  /// Looks at a region on this machine, its servers and the primary.
  static func readiness(
    of standby: RegionRepository, options: Readiness.Options
  ) async throws -> ReadinessReport {
    let web = Fetcher(transport: HTTPProgram(connections: 4, stallSeconds: patienceSeconds))
    return try await Readiness(
      region: standby, account: Accounts.open(for: standby), primaryAccount: primaryAccount(of: standby),
      identities: IdentityPlace.identities, web: web, options: options, now: Accounts.now(),
      cancellation: Interruption.cancellation
    ).report()
  }

  /// The region that a person named; it must be on this machine, where its account is.
  static func region(
    _ name: String?, own: RegionRepository, _ peers: FleetPeers
  ) throws -> RegionRepository {
    guard let name = try name.map({ try RegionName(checking: $0) }), name != own.name else { return own }
    guard peers.others.contains(name) else {
      throw FailoverError(
        .unknownRegion, peers.unknown(name),
        hint: "see who is: lockstep fleet -C \(peers.shellPlace)")
    }
    let place = try peers.place(of: name)
    guard !FleetPeers.isRemote(place) else {
      throw FailoverError(
        .unknownRegion, "region \(name) is on another machine, and so is its account",
        hint: SSHAddress(place).map { "there, on \($0.destination): lockstep ready -C \($0.shellPath)" }
          ?? "run the same there: lockstep ready")
    }
    return try RegionRepository.open(at: place)
  }

  /// The account of the primary, where that is on this machine and can be read.
  private static func primaryAccount(of standby: RegionRepository) throws -> (any LiveAccount)? {
    let peers = try FleetPeers(of: standby)
    guard peers.fleet.primary != standby.name, let place = try? peers.place(of: peers.fleet.primary),
      !FleetPeers.isRemote(place), let primary = try? RegionRepository.open(at: place)
    else { return nil }
    return try? Accounts.open(for: primary)
  }
}

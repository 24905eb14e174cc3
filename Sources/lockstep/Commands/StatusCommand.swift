import ArgumentParser
import CanonicalJSON
import Failover
import LiveAccount
import RegionRepository
import Upkeep

/// `lockstep status`: where every region stands, on one screen.
struct StatusCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status",
    abstract: "Say what is not mirrored, not applied, or drifted (exit 2: something is).",
    discussion: """
      Of this region and of its peers on this machine; one on another machine is asked for its newest commit, and its \
      account is looked at there. With this region comes what else keeps the fleet from being kept up \
      to date: what pushes left to be done, regions that are not in step, a watch that has ended or fails.
      """)

  @OptionGroup var region: RegionOptions
  @OptionGroup var output: OutputOptions

  @Flag(help: "Do not list the live accounts to look for drift.")
  var noDrift = false

  @Flag(
    help: ArgumentHelp(
      "For monitors: say in one line whether the fleet is kept up to date.",
      discussion: "Lists no account and asks no other machine. Exit 0: all is well; 2: something is not."))
  var check = false

  func run() async throws {
    let own = try region.open()
    _ = try own.head()
    if check { return try await tell(Health(of: own), unencrypted: Self.unencrypted(in: own)) }
    var mine = try await RegionStatus.read(own, lookingForDrift: !noDrift, asking: .everywhere)
    let health = try Health(of: own)
    mine.upkeep = health.moves + health.upkeep
    var reports = [mine]
    for (name, place) in try RegionConfiguration.peers(of: own.git).sorted(by: { $0.key < $1.key }) {
      if FleetPeers.isRemote(place) {
        reports.append(.remote(name, place, seenFrom: own))
      } else if FilePaths.exists(place), let peer = try? RegionRepository.open(at: place), peer.name == name {
        reports.append(try await RegionStatus.read(peer, lookingForDrift: !noDrift, asking: .thisMachine))
      } else {
        reports.append(.unreachable(name, place, from: own))
      }
    }
    if output.json {
      Terminal.print(["regions": .array(reports.map(\.json)), "version": 1])
    } else {
      for report in reports { for line in report.lines { Terminal.print(line) } }
    }
    if !reports.allSatisfy(\.isClean) { throw ExitCode(ExitStatus.differences) }
  }

  /// Why locators of the account are not published although their asset has files; an account that cannot be opened is told of
  /// by `status`.
  private static func unencrypted(in region: RegionRepository) async -> [String] {
    let refusals = try? await Accounts.open(for: region).unencrypted()
    return (refusals ?? []).map { Failure($0).line }
  }

  private func tell(_ health: Health, unencrypted: [String]) throws {
    let found = health.problems + unencrypted
    if output.json {
      Terminal.print([
        "healthy": .bool(found.isEmpty), "problems": .array(found.map { .string($0) }),
        "region": .string(health.region.text), "version": 1,
      ])
    } else {
      // Monitors show one line.
      let problems = found.map { $0.map { $0.isNewline ? " " : String($0) }.joined() }
      Terminal.print("\(health.region): \(problems.isEmpty ? "healthy" : problems.joined(separator: "; "))")
    }
    if !found.isEmpty { throw ExitCode(ExitStatus.differences) }
  }
}

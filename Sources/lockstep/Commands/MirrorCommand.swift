import ArgumentParser
import CanonicalJSON
import Failover
import Git
import LiveAccount
import RegionRepository
import Replay

/// `lockstep mirror`: replays one region's new commits onto another's repository.
struct MirrorCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "mirror", abstract: "Replay one region's new commits onto another.",
    discussion: "Without FROM and TO, mirrors the primary of the fleet to all other regions.")

  @Argument(help: "The source: a region repository's folder, or a URL that git can fetch.")
  var from: String?

  @Argument(help: "The target: a region repository's folder.")
  var to: String?

  @OptionGroup var region: RegionOptions
  @OptionGroup var output: OutputOptions

  @Flag(help: "Say what would be mirrored, and change nothing.")
  var dryRun = false

  @Flag(
    help: "Sign a tag of the target's new tip, as git's configuration says (gpg.format, user.signingKey).")
  var sign = false

  func validate() throws {
    if from != nil, to == nil {
      throw ValidationError("Give both FROM and TO, or neither to mirror the fleet.")
    }
  }

  func run() async throws {
    if let from, let to {
      let report = try mirror(from, to: to)
      show([report])
      return
    }
    var reports: [MirrorReport] = []
    var failures: [any Error] = []
    for pair in try FleetPeers(of: region.open()).mirrors() {
      do { reports.append(try mirror(pair.from, to: pair.to)) } catch {
        try Interruption.cancellation.check()
        failures.append(error)
      }
    }
    show(reports)
    // One region that cannot be reached keeps no other one back.
    if failures.count == 1, reports.isEmpty, let only = failures.first { throw only }
    for failure in failures { Failure(failure).tell() }
    if !failures.isEmpty { throw ExitCode(ExitStatus.partlyDone) }
  }

  private func show(_ reports: [MirrorReport]) {
    if output.json {
      Terminal.print(["mirrors": .array(reports.map(\.json)), "version": 1])
    } else {
      for report in reports { Reports.print(report, dryRun: dryRun) }
    }
  }

  private func mirror(_ source: String, to place: String) throws -> MirrorReport {
    guard FilePaths.exists(place) else {
      throw RegionError(
        .notARegion, "\(place) is no folder on this machine, and a mirror writes into one",
        hint: "mirror there, from this region: lockstep mirror \(source) FOLDER")
    }
    let target = try RegionRepository.open(at: place)
    let lock = try target.lock(for: "lockstep mirror")
    defer { withExtendedLifetime(lock) {} }
    let report = try Mirror(from: .named(source), to: target).run(dryRun: dryRun) {
      try Interruption.cancellation.check()
    }
    if sign, !dryRun, let tip = report.newHead { try SignedMirror.sign(tip, from: report.source, in: target) }
    let key = RegionConfiguration.peerRepository(report.source)
    if !dryRun, try target.git.configValue(key) == nil {
      try target.git.setConfigValue(key, MirrorSource.place(of: source))
    }
    return report
  }
}

/// The fleet as one region sees it, with the ways to its peers.
struct FleetPeers {
  private let region: RegionRepository
  private let fleet: Fleet
  private let peers: [RegionName: String]

  init(of region: RegionRepository) throws {
    guard let fleet = try region.fleet() else {
      throw RegionError(
        .badConfiguration, "region \(region.name) is in no fleet yet",
        hint:
          "name two regions: lockstep mirror FROM TO; or begin a fleet: lockstep fleet add NAME REPOSITORY")
    }
    self.region = region
    self.fleet = fleet
    peers = try RegionConfiguration.peers(of: region.git)
  }

  /// How this machine reaches a region.
  ///
  /// What the fleet's document says of it does not count: it came by a push.
  func place(of name: RegionName) throws -> String {
    if name == region.name { return region.place }
    guard let place = peers[name] else {
      let said = fleet.regions.first { $0.name == name }?.repository ?? "REPOSITORY"
      throw RegionError(
        .badConfiguration, "this repository's configuration does not say how to reach region \(name)",
        hint: "git -C \(region.place) config \(RegionConfiguration.peerRepository(name)) \(said)")
    }
    return place
  }

  /// The primary to each other region.
  func mirrors() throws -> [(from: String, to: String)] {
    guard let primary = fleet.primary else { return [] }
    let from = try place(of: primary)
    return try fleet.regions.filter { $0.name != primary }.map { (from, try place(of: $0.name)) }
  }
}

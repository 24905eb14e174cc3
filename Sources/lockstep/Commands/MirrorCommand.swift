import ArgumentParser
import CanonicalJSON
import Git
import LiveAccount
import RegionRepository
import Replay

/// `lockstep mirror`: replays one region's new commits onto another's repository.
struct MirrorCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "mirror", abstract: "Replay one region's new commits onto another.",
    discussion: """
      Both regions may have changes of their own: the primary joins them, the others take the join over. A resource that \
      both changed to different ends is a conflict (exit 4); say which side counts with --prefer.

      Without FROM and TO, the whole fleet: every other region to the primary, and the primary to every other region.
      """)

  @Argument(help: "The source: a region repository's folder, or a URL that git can fetch.")
  var from: String?

  @Argument(help: "The target: a region repository's folder.")
  var to: String?

  @OptionGroup var region: RegionOptions
  @OptionGroup var output: OutputOptions

  @Flag(help: "Say what would be mirrored, and change nothing.")
  var dryRun = false

  @Flag(help: "Refuse a target that has changes of its own, instead of joining them.")
  var oneWay = false

  @Option(
    help: ArgumentHelp(
      "Where both regions changed a resource, which one counts: source or target, for all or for one resource.",
      valueName: "source|target|RESOURCE=source|RESOURCE=target"))
  var prefer: [String] = []

  @Flag(
    help: "Sign a tag of the target's new tip, as git's configuration says (gpg.format, user.signingKey).")
  var sign = false

  func validate() throws {
    _ = try preference()
    if from != nil, to == nil {
      throw ValidationError("Give both FROM and TO, or neither to mirror the fleet.")
    }
  }

  func run() async throws {
    if let from, let to {
      let report = try mirror(from, to: to)
      try show([report])
      return
    }
    var reports: [MirrorReport] = []
    var failures: [any Error] = []
    for pair in try FleetPeers(of: region.open()).mirrors(isOneWay: oneWay) {
      do { reports.append(try mirror(pair.from, to: pair.to)) } catch {
        try Interruption.cancellation.check()
        failures.append(error)
      }
    }
    // One region that cannot be reached keeps no other one back.
    if failures.count == 1, reports.isEmpty, let only = failures.first { throw only }
    for failure in failures { Failure(failure).tell() }
    try show(reports)
    if !failures.isEmpty { throw ExitCode(ExitStatus.partlyDone) }
  }

  private func show(_ reports: [MirrorReport]) throws {
    if output.json {
      Terminal.print(["mirrors": .array(reports.map(\.json)), "version": 1])
    } else {
      for report in reports { Reports.print(report, dryRun: dryRun) }
    }
    if reports.contains(where: \.isWaiting) { throw ExitCode(ExitStatus.partlyDone) }
  }

  /// What a person chose, from the values of --prefer.
  private func preference() throws -> Preference {
    var preference = Preference()
    for text in prefer {
      guard let equals = text.lastIndex(of: "=") else {
        guard let side = Preference.Side(rawValue: text) else { throw Self.badPreference(text) }
        preference.all = side
        continue
      }
      guard let side = Preference.Side(rawValue: String(text[text.index(after: equals)...])) else {
        throw Self.badPreference(text)
      }
      preference.named[try ResourceArgument.parse(String(text[..<equals]))] = side
    }
    return preference
  }

  private static func badPreference(_ text: String) -> ValidationError {
    ValidationError("--prefer takes source, target, RESOURCE=source or RESOURCE=target, not '\(text)'.")
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
    let options = Mirror.Options(isOneWay: oneWay, preference: try preference(), isDryRun: dryRun)
    let mirror = try Mirror(
      from: .named(source), to: target, identities: IdentityPlace.identities, options: options)
    let report: MirrorReport
    do { report = try mirror.run { try Interruption.cancellation.check() } } catch let error as JoinConflicts
    {
      try ConflictReport(keyring: target.keyring(identities: IdentityPlace.identities)).print(
        error, json: output.json)
      throw error
    }
    if sign, !dryRun, !report.isWaiting {
      try SignedMirror.sign(report.newHead, from: report.source, in: target)
    }
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

  /// Each other region to the primary, which joins what they have, then the primary to each other region.
  /// - Parameter isOneWay: whether only the second half is wanted.
  func mirrors(isOneWay: Bool) throws -> [(from: String, to: String)] {
    guard let primary = fleet.primary else { return [] }
    let center = try place(of: primary)
    let others = try fleet.regions.filter { $0.name != primary }.map { try place(of: $0.name) }
    return (isOneWay ? [] : others.map { ($0, center) }) + others.map { (center, $0) }
  }
}

import Failover
import FolderAccount
import Git
import LiveAccount
import MediaResources
import Planning
import RegionRepository
import Report
import Upkeep

/// Finds out what a report says, in a region and in those that can be read from its machine.
///
/// What cannot be found out becomes a line of the report, and no error.
struct ReportGathering {
  let own: RegionRepository
  let since: Int64
  let limit: Int
  /// The regions on this machine that can be read, the one that was asked first.
  var readable: [RegionRepository] = []
  /// The fleet of the latest promotion that any of them knows of.
  var fleet: Fleet?
  var report: FleetReport

  init(own: RegionRepository, since: Int64, limit: Int) {
    self.own = own
    self.since = since
    self.limit = limit
    report = FleetReport(
      madeAt: Accounts.now(), askedRegion: own.name.text, changes: ChangeTally(since: since, limit: limit))
  }

  /// Looks at everything.
  /// - Throws: where the region that was asked cannot be read at all, or the person ends it.
  mutating func report() async throws -> FleetReport {
    readable = [own] + peersHere()
    report.hasHistory = try own.head() != nil
    try findFleet()
    for name in names {
      try Interruption.cancellation.check()
      report.regions.append(try await region(name))
    }
    report.problems = attention()
    findDrills()
    try findHistory()
    try findConflicts()
    return report
  }

  // MARK: The fleet

  private func peersHere() -> [RegionRepository] {
    let peers = (try? RegionConfiguration.peers(of: own.git)) ?? [:]
    return peers.sorted { $0.key < $1.key }.compactMap { name, place in
      guard !FleetPeers.isRemote(place), let peer = try? RegionRepository.open(at: place), peer.name == name
      else { return nil }
      return peer
    }
  }

  private mutating func findFleet() throws {
    var known: [Fleet] = []
    for region in readable {
      for read in [{ try region.fleet() }, { try region.heardFleet() }] {
        do { if let fleet = try read() { known.append(fleet) } } catch {
          report.unknown.append(
            "The fleet as \(region.name) has it cannot be read: \(Failure(error).message)")
        }
      }
    }
    guard let newest = known.max(by: { $0.epoch.number < $1.epoch.number }) else { return }
    fleet = newest
    report.primary = newest.primary.text
    report.epoch = newest.epoch.number
    let contesting = known.filter { $0.epoch.number == newest.epoch.number }
    if Set(contesting.map(\.epoch)).count > 1 {
      report.contestants = Set(contesting.map(\.primary)).sorted().map(\.text)
    }
  }

  /// Every region of the fleet, the primary first.
  private var names: [RegionName] {
    let peers = (try? RegionConfiguration.peers(of: own.git)).map { Array($0.keys) } ?? []
    let all = Set([own.name] + peers + (fleet?.regions.map(\.name) ?? [])).sorted()
    guard let primary = fleet?.primary, all.contains(primary) else { return all }
    return [primary] + all.filter { $0 != primary }
  }

  // MARK: Regions

  private mutating func region(_ name: RegionName) async throws -> FleetReport.Region {
    var region = FleetReport.Region(name.text)
    region.repository = fleet?.regions.first { $0.name == name }?.repository
    region.role = fleet.map { $0.primary == name ? "primary" : "standby" }
    guard let here = readable.first(where: { $0.name == name }) else {
      let status = stranger(name)
      region.head = status.head?.abbreviated
      region.behind = status.isInStep ? "in step" : nil
      let why =
        status.problem
        ?? "it is on another machine, and so are its account and the records of its drills and moves"
      region.readiness = .unknown("\(why). To find out, run there: lockstep report")
      report.unknown.append("Region \(name): \(why)")
      return region
    }
    let hasFleet = try fleet != nil && here.head() != nil
    let status = try await RegionStatus.read(
      here, lookingForDrift: !hasFleet, asking: name == own.name ? .everywhere : .thisMachine)
    describe(&region, status)
    guard hasFleet else {
      region.drift = status.drift.map(Self.drift)
      region.readiness = .unknown(
        report.hasHistory ? "It is in no fleet." : "It has no commit, so there is nothing to take over.")
      return region
    }
    do {
      let found = try await ReadyCommand.readiness(of: here, options: Readiness.Options())
      region.readiness = Self.readiness(found)
      region.drift = found.checks.first { $0.name == "drift" }.map {
        $0.outcome == .ready ? "none" : $0.statement
      }
      if let point = found.recoveryPoint {
        region.behind =
          point.primary != fleet?.primary
          ? "it takes \(point.primary) for the primary"
          : point.commits.isEmpty
            ? "everything" : "\(Count.text(point.commits.count, "commit")) of \(point.primary) missing"
      }
    } catch {
      let why = Failure(error).message
      region.readiness = .unknown(why)
      report.unknown.append("Whether \(name) is ready: \(why)")
    }
    return region
  }

  /// A region whose repository cannot be opened here.
  private func stranger(_ name: RegionName) -> RegionStatus {
    let peers = (try? RegionConfiguration.peers(of: own.git)) ?? [:]
    guard let place = peers[name] else {
      return RegionStatus(
        name: name, place: "", problem: "the configuration of \(own.name) does not say how to reach it")
    }
    return FleetPeers.isRemote(place)
      ? .remote(name, place, seenFrom: own) : .unreachable(name, place, from: own)
  }

  private mutating func describe(_ region: inout FleetReport.Region, _ status: RegionStatus) {
    if let standing = status.standing, standing.isFenced { region.role = standing.name }
    if case .unfenced(let peers)? = status.standing {
      report.unknown += peers.map {
        "Whether \(status.name) is still the only primary: \($0.region) cannot be asked: \($0.reason)"
      }
    }
    region.head = status.head?.abbreviated
    // A standby has to do with the primary alone.
    let isStandby = fleet.map { $0.primary != status.name } ?? false
    let missing = status.notMirrored.compactMap { source, commits -> String? in
      guard !isStandby || source == fleet?.primary else { return nil }
      switch commits {
      case .success(0): return nil
      case .success(let count): return "\(Count.text(count, "commit")) of \(source) missing"
      case .failure(let failure):
        report.problems.append("What \(source) has cannot be mirrored to \(status.name): \(failure.line)")
        return "not what \(source) has"
      }
    }
    region.behind = missing.isEmpty ? "everything" : missing.joined(separator: ", ")
    region.applied = status.plan.map {
      $0.isEmpty ? "everything" : "\(Count.text($0.steps.count, "change")) missing"
    }
    if let problem = status.problem { report.unknown.append("Region \(status.name): \(problem)") }
    if let aside = status.aside {
      report.problems.append(
        "What \(status.name) captured since it was fenced stands beside its branch, in \(aside.abbreviated):"
          + " lockstep rejoin \(status.name)")
    }
  }

  private static func drift(_ count: Int) -> String {
    count == 0 ? "none" : "\(Count.text(count, "resource")) not as captured or applied last"
  }

  private static func readiness(_ found: ReadinessReport) -> FleetReport.Readiness {
    let checks = found.checks.map { check in
      let outcome: FleetReport.Check.Outcome =
        switch check.outcome {
        case .ready: .ready
        case .notReady: .notReady
        case .skipped: .skipped
        }
      return FleetReport.Check(check.name, outcome, check.statement, hint: check.hint)
    }
    let loss = found.recoveryPoint.map { point in
      FleetReport.Loss(
        primary: point.primary.text, commits: point.commits.map(\.subject), uncaptured: point.uncaptured,
        silence: point.silence)
    }
    return .told(checks, loss)
  }

  // MARK: What wants attention

  private mutating func attention() -> [String] {
    var lines = report.problems
    for region in readable {
      do {
        let health = try Health(of: region)
        // Of two regions that are not in step one says it.
        let apart = region.name == own.name ? health.apart : []
        for problem in health.undone + apart + health.ofItself where !lines.contains(problem) {
          lines.append(problem)
        }
        if let run = try MoveRun.read(of: region) {
          lines.append(
            "A \(run.cause.rawValue) from \(run.from) to \(run.to) was begun and has not ended:"
              + " lockstep \(run.cause.rawValue) --resume -C \(region.shellPlace)")
        }
        if let drain = try Drain.read(of: region) {
          lines.append("Region \(region.name) takes no changes: it is being handed over to \(drain.target)")
        }
      } catch {
        report.unknown.append("Whether \(region.name) is kept up to date: \(Failure(error).message)")
      }
    }
    return lines
  }
}

import Failover
import Git
import History
import LiveAccount
import MediaResources
import RegionRepository
import Replay
import Report

/// What happened, out of histories and audit logs.
extension ReportGathering {
  /// So many drills and moves are shown.
  private static let shownRuns = 12
  /// So many resources of a change are named.
  private static let shownResources = 5
  /// So many records of an audit log are read; each costs one small object.
  private static let readRecords = 50_000

  // MARK: Drills

  /// The newest drills, out of the audit logs that can be read here.
  mutating func findDrills() {
    for region in readable {
      do { try findDrills(of: region) } catch {
        report.unknown.append("The audit log of \(region.name) cannot be read: \(Failure(error).message)")
      }
    }
    report.drills = Array(report.drills.sorted { $0.at > $1.at }.prefix(Self.shownRuns))
  }

  private mutating func findDrills(of region: RegionRepository) throws {
    var reader = AuditReader(tip: try region.git.reference(AuditLog.reference), source: region.git)
    var (records, drills) = (0, 0)
    while drills < Self.shownRuns, let entry = try reader.next() {
      records += 1
      guard records <= Self.readRecords else {
        report.unknown.append(
          "What the audit log of \(region.name) says of drills before its newest \(Self.readRecords) records")
        return
      }
      guard case .drilled(_, let against, let locators, let failed, let milliseconds) = entry.record.event
      else { continue }
      drills += 1
      report.drills.append(
        FleetReport.Drill(
          region: entry.record.region.text, at: entry.person.seconds, by: entry.person.name,
          against: against?.text, locators: locators, failed: failed, milliseconds: milliseconds))
    }
  }

  // MARK: Changes and roles

  mutating func findHistory() throws {
    guard let head = try own.head() else { return }
    try findRoles(head)
    var query = LogQuery()
    query.since = since
    var log = try HistoryLog(of: own.git, from: head, query: query)
    let names = LogReport(
      source: own.git,
      comparison: ResourceComparison(keyring: try own.git.keyring(identities: IdentityPlace.quiet)))
    while let entry = try log.next() {
      try Interruption.cancellation.check()
      try count(entry, names)
    }
  }

  /// Who was primary, and how long each move and rejoin took.
  private mutating func findRoles(_ head: ObjectID) throws {
    for event in try RoleHistory.timeline(of: own.git, from: head) {
      switch event {
      case .promotion(let role, let run):
        report.roles.append(
          FleetReport.Role(
            epoch: role.epoch.number, primary: role.primary.text, since: role.person.seconds,
            until: role.until?.seconds, by: role.person.name, cause: role.change?.cause?.rawValue,
            reason: role.change?.reason))
        if let run {
          add(run)
        } else if let cause = role.change?.cause, cause != .rejoin {
          report.unknown.append(
            "How long the \(cause.rawValue) to \(role.primary) took (epoch \(role.epoch.number)): no audit log that"
              + " can be read from here has a record of it")
        }
      case .rejoin(let run): add(run)
      }
    }
    report.moves = Array(report.moves.sorted { $0.at > $1.at }.prefix(Self.shownRuns))
  }

  private mutating func add(_ run: RoleRun) {
    var move = FleetReport.Move(
      cause: RoleChange.Cause.rejoin.rawValue, from: "", to: "", at: run.person.seconds, by: run.person.name,
      lost: 0, steps: run.time.steps, milliseconds: run.time.milliseconds)
    switch run.record.event {
    case .moved(_, let cause, let from, let to, let lost, _, _):
      (move.cause, move.from, move.to, move.lost) = (cause.rawValue, from.text, to.text, lost)
    case .rejoined(_, let region, let primary, _, _): (move.from, move.to) = (region.text, primary.text)
    case .applied, .captured, .mirrored, .drilled: return
    }
    report.moves.append(move)
  }

  private mutating func count(_ entry: LogEntry, _ names: LogReport) throws {
    let (author, committer) = (entry.commit.author, entry.commit.committer)
    let shown = report.changes.isShowingSettlement ? entry.choices.prefix(ChangeTally.shownSettlements) : []
    for choice in shown {
      report.changes.add(
        ChangeTally.Settlement(
          resource: try names.report(choice).what, commit: entry.id.abbreviated, at: committer.seconds,
          by: author.name,
          sides: "as in \(try side(choice.chosen.parent)), not as in \(try side(choice.other.parent))"))
    }
    report.changes.addSettled(entry.choices.count - shown.count)
    guard !entry.changes.isEmpty else { return }
    var change = ChangeTally.Change(
      commit: entry.id.abbreviated, at: committer.seconds, author: author.name, email: author.email,
      subject: entry.commit.subject, region: entry.origin?.region.text ?? own.name.text,
      count: entry.changes.count)
    if report.changes.isShowing {
      change.resources = try entry.changes.prefix(Self.shownResources).map { file in
        let found = try names.report(file)
        return "\(found.change.rawValue) \(found.what)"
      }
      change.places = Self.words(entry.places)
    }
    report.changes.add(change)
  }

  /// Where a change is live, those together where it came to be so in the same way.
  private static func words(_ places: [ChangePlace]) -> [String] {
    var regions: [(how: ChangePlace.Coming, names: [String])] = []
    for place in places {
      guard let how = place.coming else { continue }
      if let index = regions.firstIndex(where: { $0.how == how }) {
        regions[index].names.append(place.region.text)
      } else {
        regions.append((how, [place.region.text]))
      }
    }
    return regions.map { "\($0.how.rawValue) in \($0.names.joined(separator: ", "))" }
  }

  /// A commit that was merged, with the region where it was first made.
  private func side(_ parent: ObjectID) throws -> String {
    let commit = try RawCommit(bytes: own.git.read(parent).bytes)
    return "\(SourceTrailer(of: commit)?.region ?? own.name)’s \(parent.abbreviated)"
  }

  // MARK: Conflicts

  /// The command that settles conflicts: a region that thinks that it is primary comes back by a rejoin.
  private func settling(
    _ conflicts: JoinConflicts, of standby: RegionRepository, in primary: RegionRepository
  ) throws -> String {
    guard try standby.fleet()?.primary == standby.name else { return conflicts.hint }
    return conflicts.hint(by: "lockstep rejoin \(standby.name) -C \(primary.shellPlace)")
  }

  /// What a mirror, or a rejoin, would stop at: it is tried between the primary and each other region here, and changes
  /// nothing.
  mutating func findConflicts() throws {
    guard let name = fleet?.primary else { return }
    guard report.contestants.count < 2 else {
      return missConflicts(
        "Whether the regions have made anything differently: first one must be the primary")
    }
    guard let primary = readable.first(where: { $0.name == name }) else {
      return missConflicts(
        "Whether the regions have made anything differently: \(name) cannot be read from here")
    }
    for standby in readable where standby.name != name {
      do {
        guard try standby.head() != nil,
          try standby.mirrored(of: standby.head()) != primary.mirrored(of: primary.head())
        else { continue }
        let lock = try primary.lock(for: "lockstep report")
        defer { withExtendedLifetime(lock) {} }
        let options = Mirror.Options(isDryRun: true, isRejoin: true)
        _ = try Mirror(
          from: .local(standby), to: primary, identities: IdentityPlace.quiet, options: options
        ).run { try Interruption.cancellation.check() }
      } catch let conflicts as JoinConflicts {
        let words = ConflictReport(keyring: try primary.keyring(identities: IdentityPlace.quiet))
        for conflict in conflicts.conflicts {
          let sides = try words.sides(of: conflict)
          report.conflicts.append(
            FleetReport.Conflict(
              resource: conflict.name,
              reason: conflict.reason?.message,
              sides: [(standby.name.text, sides.source), (name.text, sides.target)],
              hint: try settling(conflicts, of: standby, in: primary)))
        }
      } catch {
        try Interruption.cancellation.check()
        missConflicts(
          "Whether \(standby.name) and \(name) have made anything differently: \(Failure(error).message)")
      }
    }
  }

  private mutating func missConflicts(_ line: String) {
    report.areConflictsKnown = false
    report.unknown.append(line)
  }
}

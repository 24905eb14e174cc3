package import Git
package import RegionRepository

/// A move of the primary's role or a rejoin, as the audit log of a region in it keeps it.
package struct RoleRun: Sendable {
  /// What was done, and how long each step took.
  package let record: AuditRecord
  /// Who did it, and when it ended.
  package let person: Signature
  /// The epoch in which it ended.
  package let epoch: Fleet.Epoch
}

/// What happened to the roles: a promotion, or the return of a region that was primary.
package enum RoleEvent: Sendable {
  /// A region became primary; the run is nil where no audit log that can be read here tells of it.
  case promotion(RoleEntry, run: RoleRun?)
  /// A region came back as a standby.
  case rejoin(RoleRun)
}

extension RoleHistory {
  /// The promotions and returns, the newest first.
  ///
  /// What a run took stands in the audit logs of the regions that were in it: those of this repository, of what it fetched,
  /// and of peers on this machine are read, to their beginning.
  package static func timeline(of repository: Repository, from head: ObjectID) throws -> [RoleEvent] {
    var runs: [RoleRun] = []
    for (tip, source) in try logs(of: repository) {
      for run in try Self.runs(from: tip, in: source) where !runs.contains(where: { $0.isSame(as: run) }) {
        runs.append(run)
      }
    }
    var events: [RoleEvent] = []
    for entry in try read(of: repository, from: head) {
      let own = runs.filter { $0.epoch == entry.epoch }
      // A return belongs to the epoch that it ended in, whatever clocks say.
      events += own.filter(\.isRejoin).sorted { $0.person.seconds > $1.person.seconds }.map { .rejoin($0) }
      events.append(.promotion(entry, run: own.first { !$0.isRejoin }))
    }
    return events
  }

  /// The audit logs that can be read, each with the repository that holds it.
  private static func logs(of repository: Repository) throws -> [(tip: ObjectID, source: Repository)] {
    let suffix = "/" + AuditLog.reference.dropFirst("refs/heads/".count)
    var logs = try repository.references(beneath: "refs/remotes/").filter { $0.name.hasSuffix(suffix) }
      .map { (tip: $0.id, source: repository) }
    if let own = try repository.reference(AuditLog.reference) { logs.insert((own, repository), at: 0) }
    for (name, place) in try RegionConfiguration.peers(of: repository).sorted(by: { $0.key < $1.key }) {
      guard FilePaths.exists(place), let peer = try? RegionRepository.open(at: place), peer.name == name,
        let tip = try? peer.git.reference(AuditLog.reference)
      else { continue }
      logs.append((tip, peer.git))
    }
    return logs
  }

  private static func runs(from tip: ObjectID, in source: Repository) throws -> [RoleRun] {
    var reader = AuditReader(tip: source.contains(tip) ? tip : nil, source: source)
    var runs: [RoleRun] = []
    while let entry = try reader.next() {
      switch entry.record.event {
      case .moved, .rejoined: break
      case .applied, .captured, .mirrored, .drilled: continue
      }
      let commit = entry.record.commit
      guard source.contains(commit),
        let fleet = try? source.fleet(in: source.regionTree(of: commit).mirrored)
      else { continue }
      runs.append(RoleRun(record: entry.record, person: entry.person, epoch: fleet.epoch))
    }
    return runs
  }
}

extension RoleRun {
  var isRejoin: Bool { if case .rejoined = record.event { true } else { false } }

  /// How long it took, and with which steps.
  package var time: (milliseconds: Int64, steps: String) {
    switch record.event {
    case .moved(_, _, _, _, _, let steps, let milliseconds), .rejoined(_, _, _, let steps, let milliseconds):
      (milliseconds, steps)
    case .applied, .captured, .mirrored, .drilled: (0, "")
    }
  }

  /// Whether two regions tell of one run.
  func isSame(as other: RoleRun) -> Bool {
    isRejoin == other.isRejoin && epoch == other.epoch && time == other.time
  }
}

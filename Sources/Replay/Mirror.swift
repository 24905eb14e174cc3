import Git
package import RegionRepository

/// Replays one region's new commits onto another's repository.
///
/// Work follows what is new: the source's commits since the last mirror are walked, copied and replayed; nothing
/// enumerates a region. The branch moves last, from the value that was read, after everything it reaches is durable.
package struct Mirror {
  private let target: RegionRepository
  private let source: MirrorSource

  package init(from source: MirrorSource, to target: RegionRepository) {
    self.source = source
    self.target = target
  }

  /// Mirrors, or with `dryRun` says what would be mirrored and changes nothing but what a URL must be fetched for.
  ///
  /// The caller holds the target's lock.
  /// - Parameter checkpoint: called now and then; what it throws ends the mirror, and the next one begins anew.
  /// - Throws: `ReplayError`, `RegionError`, `GitError`; nothing has changed then but objects that nothing names.
  package func run(dryRun: Bool = false, checkpoint: () throws -> Void = {}) throws -> MirrorReport {
    _ = try target.document()
    return try withoutActuallyEscaping(checkpoint) { checkpoint in
      let pack = try PackWriter(repository: target.git, reading: dryRun ? source.objects : nil)
      let transport = Transport(source: source, target: target, checkpoint: checkpoint)
      let brought = try transport.bring(into: pack, isCopying: !dryRun)
      let head = try target.head()
      let replay = Replay(
        tip: brought.tip, history: brought.history, head: head, target: target, pack: pack,
        checkpoint: checkpoint)
      let result = try replay.run()
      let report = MirrorReport(
        source: brought.tip.region, target: target.name, sourceCommit: brought.tip.commit, oldHead: head,
        newHead: result.head, images: result.images, objectsCopied: brought.objectsCopied,
        mirroredTree: try result.head.map { try pack.regionTree(of: $0).mirrored } ?? nil)
      guard !dryRun, let newHead = result.head else {
        pack.abandon()
        return report
      }
      let count = result.images.count
      let move = RegionRepository.HeadMove(
        old: head, new: newHead,
        log: "lockstep mirror: \(count) commit\(count == 1 ? "" : "s") from \(brought.tip.region)")
      let audit = AuditLog(target)
      let record = AuditRecord(
        region: target.name, .mirrored(from: brought.tip.region, commit: brought.tip.commit, head: newHead))
      let noted = head == newHead ? nil : try audit.prepare(record, into: pack)
      try target.finish(move, pack: pack) { try note(brought) }
      if let noted { try audit.make(noted) }
      return report
    }
  }

  /// Moves the refs that keep other regions' own commits.
  private func note(_ brought: Transport.Result) throws {
    if brought.known != brought.tip.commit {
      try target.git.setReference(
        RegionRepository.sourceReference(brought.tip.region), to: brought.tip.commit,
        expecting: brought.known,
        log: "lockstep mirror: \(brought.tip.region)")
    }
    for original in brought.originals {
      let name = RegionRepository.sourceReference(original.region)
      let known = try target.git.reference(name)
      // What this region has of that one by itself may be newer.
      guard try known.map({ try target.git.isAncestor($0, of: original.commit) }) ?? true else { continue }
      try target.git.setReference(
        name, to: original.commit, expecting: known,
        log: "lockstep mirror: \(original.region) through \(brought.tip.region)")
    }
  }
}

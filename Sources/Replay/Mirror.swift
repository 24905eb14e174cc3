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

  /// Mirrors, or with `dryRun` says what would be mirrored without moving a ref.
  ///
  /// The caller holds the target's lock.
  /// - Throws: `ReplayError`, `RegionError`, `GitError`; nothing has changed then but objects that nothing names.
  package func run(dryRun: Bool = false) throws -> MirrorReport {
    _ = try target.document()
    let pack = PackWriter(repository: target.git)
    let transport = Transport(source: source, target: target)
    let (tip, known, copied, history) = try transport.bring(into: pack)
    let head = try target.head()
    let replay = Replay(tip: tip, history: history, head: head, target: target, pack: pack)
    let result = try replay.run()
    let report = MirrorReport(
      source: tip.region, target: target.name, sourceCommit: tip.commit, oldHead: head, newHead: result.head,
      images: result.images, objectsCopied: copied,
      mirroredTree: try result.head.map { try pack.regionTree(of: $0).mirrored } ?? nil)
    guard !dryRun, let newHead = result.head else {
      pack.abandon()
      return report
    }
    let count = result.images.count
    let move = RegionRepository.HeadMove(
      old: head, new: newHead,
      log: "lockstep mirror: \(count) commit\(count == 1 ? "" : "s") from \(tip.region)")
    try target.finish(move, pack: pack) {
      guard known != tip.commit else { return }
      try target.git.setReference(
        RegionRepository.sourceReference(tip.region), to: tip.commit, expecting: known,
        log: "lockstep mirror: \(tip.region)")
    }
    return report
  }
}

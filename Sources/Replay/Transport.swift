import Git
import RegionRepository

/// Brings a source's commits, with everything that they reach, into the target's object store.
struct Transport {
  let source: MirrorSource
  let target: RegionRepository

  /// What was brought: the source's tip, the tip of last time, and how many objects came; and the repository in which
  /// the source's history can be walked (objects of an unfinished pack are invisible to a history walk).
  typealias Result = (tip: SourceTip, known: ObjectID?, objectsCopied: Int, history: Repository)

  /// Brings what is missing; objects that belong in the pack become durable with it.
  /// - Throws: `ReplayError` (`.rewritten`, `.sameRegion`), `RegionError`, `GitError`.
  func bring(into pack: PackWriter) throws -> Result {
    switch source {
    case .local(let region): try bring(from: region, into: pack)
    case .url(let url): try fetch(url)
    }
  }

  private func bring(from region: RegionRepository, into pack: PackWriter) throws -> Result {
    guard let commit = try region.head() else {
      throw ReplayError(
        .unusableSource, "region \(region.name) has no commit yet",
        hint: "lockstep capture -C \(region.place)")
    }
    _ = try region.document(at: commit)
    let tip = SourceTip(region: region.name, commit: commit)
    let known = try knownTip(of: tip)
    if known == commit { return (tip, known, 0, region.git) }
    if let known, try !region.git.isAncestor(known, of: commit) { throw rewritten(tip, known: known) }
    let report = try ObjectTransfer.copy(
      reachableFrom: [commit], have: known.map { [$0] } ?? [], from: region.git, to: target.git, into: pack)
    return (tip, known, report.objectsCopied, region.git)
  }

  private func fetch(_ url: String) throws -> Result {
    let incoming = "refs/lockstep/incoming"
    try GitProgram.fetch(into: target.git, url: url, refspec: "+HEAD:\(incoming)")
    guard let commit = try target.git.reference(incoming) else {
      throw ReplayError(.unusableSource, "\(url) has no commit yet")
    }
    defer {
      try? target.git.setReference(incoming, to: nil, expecting: commit, log: "lockstep mirror: fetched")
    }
    let region = try MirrorSource.region(of: commit, in: target.git, place: url)
    let tip = SourceTip(region: region, commit: commit)
    let known = try knownTip(of: tip)
    if let known, known != commit, try !target.git.isAncestor(known, of: commit) {
      throw rewritten(tip, known: known)
    }
    return (tip, known, 0, target.git)
  }

  private func knownTip(of tip: SourceTip) throws -> ObjectID? {
    guard tip.region != target.name else {
      throw ReplayError(
        .sameRegion, "source and target are both region \(tip.region)",
        hint: "name two different regions: lockstep mirror FROM TO")
    }
    return try target.git.reference(RegionRepository.sourceReference(tip.region))
  }

  private func rewritten(_ tip: SourceTip, known: ObjectID) -> ReplayError {
    ReplayError(
      .rewritten,
      "the history of region \(tip.region) was rewritten: its branch no longer holds \(known), which was mirrored"
        + " before",
      hint:
        "bring the branch of \(tip.region) back to a commit that holds \(known); to undo a change, revert it")
  }
}

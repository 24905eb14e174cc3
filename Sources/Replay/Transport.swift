import Git
import RegionRepository

/// Brings a source's commits, with everything that they reach, into the target's object store.
///
/// The originals of what the source itself replays come along: with them a third region can derive the replays again.
struct Transport {
  /// What was brought.
  struct Result {
    let tip: SourceTip
    /// The source's tip of last time, or nil.
    let known: ObjectID?
    /// The refs that keep other regions' own commits, with what they name and shall name.
    let references: [(name: String, old: ObjectID?, new: ObjectID)]
    let objectsCopied: Int
    /// Where the source's history can be walked: objects of an unfinished pack are invisible to a history walk.
    let history: Repository
  }

  let source: MirrorSource
  let target: RegionRepository
  /// Whether nothing is copied or noted: the pack reads the source's objects where they are.
  let isDryRun: Bool
  let checkpoint: () throws -> Void

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
        hint:
          "make the region anew: lockstep init \(region.place) --region \(region.name) --account folder:PATH")
    }
    _ = try region.document(at: commit)
    let tip = SourceTip(region: region.name, commit: commit)
    let known = try knownTip(of: tip)
    if let known, try !holds(known, in: tip, region.git) {
      let keeper = LostCommit.Keeper(git: target.git, place: target.place)
      throw try LostCommit(known, of: tip.region, after: commit, in: region.git, keeper: keeper)
        .refusal(at: region.place)
    }
    let originals = try originals(in: region.git, beneath: RegionRepository.sourceReferences, tip: tip)
    let references = try references(tip, originals, in: region.git)
    guard !isDryRun, !references.isEmpty else {
      return Result(tip: tip, known: known, references: references, objectsCopied: 0, history: region.git)
    }
    let had = try
      ([known] + originals.map { try target.git.reference(RegionRepository.sourceReference($0.region)) })
      .compactMap(\.self).filter { region.git.contains($0) }
    let report = try ObjectTransfer.copy(
      reachableFrom: [commit] + originals.map(\.commit), have: had, from: region.git, to: target.git,
      into: pack,
      checkpoint: checkpoint)
    return Result(
      tip: tip, known: known, references: references, objectsCopied: report.objectsCopied, history: region.git
    )
  }

  /// The refs that must move: the source's own, and those of other regions of which the source has more.
  private func references(
    _ tip: SourceTip, _ originals: [SourceTip], in history: Repository
  ) throws -> [(name: String, old: ObjectID?, new: ObjectID)] {
    try ([tip] + originals).compactMap { original in
      let name = RegionRepository.sourceReference(original.region)
      let known = try target.git.reference(name)
      guard known != original.commit else { return nil }
      // What this region has of that one by itself may be newer.
      if let known {
        guard try history.contains(known) && history.isAncestor(known, of: original.commit) else {
          return nil
        }
      } else if original.region != tip.region {
        let originals = ReplayedOriginals(of: original.region, in: target, isNoting: !isDryRun)
        guard try originals.areHeld(by: original.commit, in: history) else { return nil }
      }
      return (name, known, original.commit)
    }
  }

  private func fetch(_ url: String) throws -> Result {
    let incoming = "refs/lockstep/incoming/"
    do {
      try GitProgram.fetch(
        into: target.git, url: url,
        refspecs: ["+HEAD:\(incoming)head", "+\(RegionRepository.sourceReferences)*:\(incoming)sources/*"]
      ) { (try? checkpoint()) == nil }
    } catch {
      // The person's Ctrl-C ends git, too.
      try checkpoint()
      guard try GitProgram.hasHead(url, as: target.git) else {
        throw ReplayError(
          .unusableSource, "\(url) has no commit on the branch that its HEAD names",
          hint:
            "push the region there (git push '\(url)' HEAD), or, where it stands on another branch, name that one"
            + " there: git symbolic-ref HEAD refs/heads/BRANCH")
      }
      throw error
    }
    defer {
      for (name, id) in (try? target.git.references(beneath: incoming)) ?? [] {
        try? target.git.setReference(name, to: nil, expecting: id, log: "lockstep mirror: fetched")
      }
    }
    guard let commit = try target.git.reference(incoming + "head") else {
      throw ReplayError(
        .unusableSource, "\(url) has no commit yet", hint: "make the region there: lockstep init")
    }
    let region = try MirrorSource.region(of: commit, in: target.git, place: url)
    let tip = SourceTip(region: region, commit: commit)
    let known = try knownTip(of: tip)
    if let known, try !holds(known, in: tip, target.git) {
      throw try LostCommit(known, of: tip.region, after: commit, in: target.git, keeper: nil)
        .refusal(at: nil)
    }
    let originals = try originals(in: target.git, beneath: incoming + "sources/", tip: tip)
    return Result(
      tip: tip, known: known, references: try references(tip, originals, in: target.git), objectsCopied: 0,
      history: target.git)
  }

  /// Whether a source's branch still holds what was mirrored before.
  private func holds(_ known: ObjectID, in tip: SourceTip, _ history: Repository) throws -> Bool {
    guard known != tip.commit else { return true }
    return try history.contains(known) && history.isAncestor(known, of: tip.commit)
  }

  private func originals(in repository: Repository, beneath prefix: String, tip: SourceTip) throws
    -> [SourceTip]
  {
    try repository.references(beneath: prefix).compactMap { name, commit in
      guard let region = RegionName(String(name.dropFirst(prefix.utf8.count))), region != target.name,
        region != tip.region
      else { return nil }
      return SourceTip(region: region, commit: commit)
    }
  }

  private func knownTip(of tip: SourceTip) throws -> ObjectID? {
    guard tip.region != target.name else {
      throw ReplayError(
        .sameRegion, "source and target are both region \(tip.region)",
        hint: "name two different regions: lockstep mirror FROM TO")
    }
    return try target.git.reference(RegionRepository.sourceReference(tip.region))
  }
}

import Git
import RegionRepository

/// The newest source commit that a target has, found from the target's head.
///
/// From the head back over commits that leave `mirrored/` as it is, the first one that changes it must be an image of
/// one of the source's commits, or the source must have an image of it. Costs those commits; only where there is no such
/// commit the histories are searched.
struct TargetBase {
  /// The source commit whose change the head carries.
  let sourceCommit: ObjectID

  /// Finds it; nil for a target without a `mirrored/` tree, which takes everything.
  /// - Throws: `ReplayError` (`.edited`) naming the commit that changed the target on its own.
  static func find(
    head: ObjectID?, tip: SourceTip, history: Repository, target: RegionRepository, source: PackWriter
  ) throws -> TargetBase? {
    guard let head, let newest = try newestChange(from: head, in: source) else { return nil }
    let commit = try RawCommit(bytes: source.read(newest).bytes)
    if let trailer = SourceTrailer(of: commit),
      let original = try sourceCommit(of: trailer, tip: tip, history: history, in: source),
      try Image.isHonest(commit, trailer: trailer, in: source)
    {
      return TargetBase(sourceCommit: original)
    }
    let origin = SourceTrailer(of: commit) ?? SourceTrailer(region: target.name, commit: newest)
    if let image = try image(of: origin, from: tip.commit, in: source),
      try Image.isHonest(RawCommit(bytes: source.read(image).bytes), trailer: origin, in: source)
    {
      return TargetBase(sourceCommit: image)
    }
    if try isAhead(target, head: head, of: tip, in: source) { return TargetBase(sourceCommit: tip.commit) }
    throw edited(newest, commit, tip: tip, target: target)
  }

  /// The newest commit that changes `mirrored/`, or replays a commit that does not; nil where nothing ever did.
  private static func newestChange(from head: ObjectID, in source: PackWriter) throws -> ObjectID? {
    var id = head
    walk: while true {
      let commit = try RawCommit(bytes: source.read(id).bytes)
      let mirrored = try source.regionTree(root: commit.tree, of: id).mirrored
      if SourceTrailer(of: commit) != nil { return id }
      if commit.parents.isEmpty { return mirrored == nil ? nil : id }
      for parent in commit.parents where try source.regionTree(of: parent).mirrored == mirrored {
        id = parent
        continue walk
      }
      return id
    }
  }

  /// The commit of the source that a trailer speaks of: the one it names, or the source's own replay of it.
  private static func sourceCommit(
    of trailer: SourceTrailer, tip: SourceTip, history: Repository, in source: PackWriter
  ) throws -> ObjectID? {
    guard trailer.region == tip.region else { return try image(of: trailer, from: tip.commit, in: source) }
    guard history.contains(trailer.commit) else { return nil }
    if trailer.commit == tip.commit { return tip.commit }
    return try history.isAncestor(trailer.commit, of: tip.commit) ? trailer.commit : nil
  }

  private static func image(
    of origin: SourceTrailer, from tip: ObjectID, in source: PackWriter
  ) throws -> ObjectID? {
    try HistoryWalk.first(from: tip, in: source) { _, commit in SourceTrailer(of: commit) == origin }
  }

  /// Whether a target has everything of a source, and more.
  private static func isAhead(
    _ target: RegionRepository, head: ObjectID, of tip: SourceTip, in source: PackWriter
  ) throws -> Bool {
    guard let newest = try newestChange(from: tip.commit, in: source) else { return true }
    let commit = try RawCommit(bytes: source.read(newest).bytes)
    let origin = SourceTrailer(of: commit) ?? SourceTrailer(region: tip.region, commit: newest)
    if origin.region == target.name {
      guard target.git.contains(origin.commit) else { return false }
      return try origin.commit == head || target.git.isAncestor(origin.commit, of: head)
    }
    return try image(of: origin, from: head, in: source) != nil
  }

  private static func edited(
    _ id: ObjectID, _ commit: RawCommit, tip: SourceTip, target: RegionRepository
  ) -> ReplayError {
    let subject = String(decoding: commit.message.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
    return ReplayError(
      .edited,
      "region \(target.name) has a change of its own in mirrored/: commit \(id) \"\(subject)\" did not come from"
        + " \(tip.region)",
      hint:
        "bring that change into \(tip.region) first: lockstep mirror \(target.place) FOLDER-OF-\(tip.region);"
        + " where both have changes of their own, take one side's back: git revert COMMIT")
  }
}

import Git
import RegionRepository

/// The newest source commit that a target has, found from the target's head.
///
/// From the head back over commits that only change `local/`, the first one that changes `mirrored/` must be an image
/// of one of the source's commits. Costs those local commits and nothing more.
struct TargetBase {
  /// The source commit whose image the head carries.
  let sourceCommit: ObjectID

  /// Finds it; nil for a target without a `mirrored/` tree, which takes everything.
  /// - Throws: `ReplayError` (`.edited`) naming the commit that changed the target on its own.
  static func find(
    head: ObjectID?, tip: SourceTip, history: Repository, target: RegionRepository, source: PackWriter
  ) throws -> TargetBase? {
    guard let head, let image = try newestMirroredChange(from: head, in: source) else { return nil }
    let commit = try RawCommit(bytes: source.read(image).bytes)
    guard let trailer = SourceTrailer(of: commit) else {
      throw edited(image, commit, tip: tip, target: target)
    }
    guard let sourceCommit = try sourceCommit(of: trailer, tip: tip, history: history, in: source),
      try Image.isHonest(commit, trailer: trailer, in: source)
    else { throw edited(image, commit, tip: tip, target: target) }
    return TargetBase(sourceCommit: sourceCommit)
  }

  /// The newest commit, from `head` back along first parents, that is not a change of `local/` alone.
  private static func newestMirroredChange(from head: ObjectID, in source: PackWriter) throws -> ObjectID? {
    var id = head
    while true {
      let commit = try RawCommit(bytes: source.read(id).bytes)
      let tree = try source.regionTree(root: commit.tree, of: id)
      guard commit.parents.count == 1 else {
        return commit.parents.isEmpty && tree.mirrored == nil ? nil : id
      }
      let before = try source.regionTree(of: commit.parents[0])
      guard before.mirrored == tree.mirrored, before.local != tree.local else { return id }
      id = commit.parents[0]
    }
  }

  /// The commit of the source that a trailer speaks of: the one it names, or the source's own replay of it.
  private static func sourceCommit(
    of trailer: SourceTrailer, tip: SourceTip, history: Repository, in source: PackWriter
  ) throws -> ObjectID? {
    if trailer.region == tip.region {
      guard history.contains(trailer.commit) else { return nil }
      if trailer.commit == tip.commit { return tip.commit }
      return try history.isAncestor(trailer.commit, of: tip.commit) ? trailer.commit : nil
    }
    return try HistoryWalk.first(from: tip.commit, in: source) { _, commit in
      SourceTrailer(of: commit) == trailer
    }
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
        "make the change in \(tip.region) instead, and take it back here: git -C \(target.place) reset \(id)~"
    )
  }
}

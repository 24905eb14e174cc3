import Git
import RegionRepository

/// Makes the images of a source's commits on top of a target's head.
///
/// Reads and writes through one pack, so that objects which are not durable yet can be built upon.
final class Replay {
  private let tip: SourceTip
  private let history: Repository
  private let head: ObjectID?
  private let target: RegionRepository
  private let pack: PackWriter
  private let checkpoint: () throws -> Void

  /// Source commit to the target commit that stands for it; nil where it stands for nothing (a root of `local/` only).
  private var images: [ObjectID: ObjectID?] = [:]
  /// Commits of the target that descend from its old head.
  private var descendants: Set<ObjectID> = []
  private var trees: [ObjectID: RegionTree] = [:]
  /// Whether the target had nothing of the source before.
  private var isFirst = false
  /// Whether each commit is looked through for secrets in clear.
  private var isJudged = true
  private lazy var older = OlderImages(head: head, source: pack)

  init(
    tip: SourceTip, history: Repository, head: ObjectID?, target: RegionRepository, pack: PackWriter,
    checkpoint: @escaping () throws -> Void
  ) {
    self.tip = tip
    self.history = history
    self.head = head
    self.target = target
    self.pack = pack
    self.checkpoint = checkpoint
    if let head { descendants.insert(head) }
  }

  /// The head after the replay, and the images that were made.
  typealias Result = (head: ObjectID?, images: [(source: ObjectID, image: ObjectID)])

  func run() throws -> Result {
    let base = try TargetBase.find(head: head, tip: tip, history: history, target: target, source: pack)
    isFirst = base == nil
    if let base { images[base.sourceCommit] = head }
    let new = try history.commits(
      reachableFrom: [tip.commit], hiding: base.map { [$0.sourceCommit] } ?? [])
    var made: [(source: ObjectID, image: ObjectID)] = []
    // A long history is taken over as it is: judging it costs several times what replaying it does, and its commits were
    // judged when they were pushed or mirrored one by one.
    isJudged = new.count <= Self.judgedAtOnce
    for id in new {
      try checkpoint()
      if let image = try replay(id) { made.append((id, image)) }
    }
    let end = try image(of: tip.commit) ?? head
    return (end, made)
  }

  // MARK: One commit

  /// What a source commit is to the target.
  private enum Role {
    /// It has only `local/`, and stands for nothing.
    case nothing
    /// It changes `local/` and nothing else: it stands for what its parent stands for.
    case local(parent: ObjectID)
    /// It replays a commit that the target made.
    case own(ObjectID)
    /// It is to be replayed.
    case change(RawCommit, RegionTree, SourceTrailer?)
  }

  private func role(of id: ObjectID) throws -> Role {
    let commit = try RawCommit(bytes: pack.read(id).bytes)
    let tree = try regionTree(commit.tree, of: id)
    if commit.parents.isEmpty, tree.mirrored == nil { return .nothing }
    // An empty commit is none that changes local/ alone: somebody meant its message.
    if commit.parents.count == 1 {
      let before = try regionTree(of: commit.parents[0])
      if before.mirrored == tree.mirrored, before.local != tree.local {
        return .local(parent: commit.parents[0])
      }
    }
    let trailer = SourceTrailer(of: commit)
    if let trailer, trailer.region == target.name, try isOwn(trailer.commit),
      try Image.isHonest(commit, trailer: trailer, in: pack)
    {
      return .own(trailer.commit)
    }
    return .change(commit, tree, trailer)
  }

  private func isOwn(_ id: ObjectID) throws -> Bool {
    guard let head, target.git.contains(id) else { return false }
    return try id == head || target.git.isAncestor(id, of: head)
  }

  /// Makes the image of one commit; nil where the target has what the commit stands for.
  private func replay(_ id: ObjectID) throws -> ObjectID? {
    guard case .change(let commit, let tree, let trailer) = try role(of: id) else {
      _ = try image(of: id)
      return nil
    }
    if isJudged { try checkSecrets(of: id) }
    var parents: [ObjectID] = []
    for parent in commit.parents {
      if let image = try image(of: parent), !parents.contains(image) { parents.append(image) }
    }
    if parents.isEmpty { parents = try ground().map { [$0] } ?? [] }
    let local =
      try (parents.first { descendants.contains($0) } ?? parents.first).map { try regionTree(of: $0).local }
      ?? nil
    let halves = RegionTree(mirrored: tree.mirrored, local: local)
    let root = try pack.write(.tree, halves.encoded(), replacing: nil)
    let derived = Image.commit(
      of: commit, origin: try origin(of: commit, id: id, trailer), carrying: trailer, tree: root,
      parents: parents)
    let image = try pack.write(.commit, derived.bytes, replacing: nil)
    images[id] = image
    trees[image] = halves
    if parents.contains(where: { descendants.contains($0) }) { descendants.insert(image) }
    return image
  }

  /// So many commits at once are looked through for secrets in clear.
  private static let judgedAtOnce = 256

  /// No secret goes on in clear from one region to the next.
  private func checkSecrets(of id: ObjectID) throws {
    guard let finding = try ClearSecrets.found(in: id, source: pack).first else { return }
    throw ReplayError(
      .clearSecret, "commit \(id) of region \(tip.region), \(finding.path): \(finding.message)",
      hint:
        "seal it where it was committed, in the commit itself (lockstep seal FILE; git rebase), and replace that"
        + " secret at its source")
  }

  /// What a commit is placed on whose parents stand for nothing: the target's head, or what the first image was placed
  /// on, so that the way in which a history came makes no difference.
  private func ground() throws -> ObjectID? {
    if isFirst { return head }
    for id in try history.commits(reachableFrom: [tip.commit], hiding: []) {
      guard case .change(let commit, _, let trailer) = try role(of: id),
        try commit.parents.allSatisfy({ try image(of: $0) == nil }),
        let image = try older.image(
          of: trailer ?? SourceTrailer(region: tip.region, commit: id))
      else { continue }
      return try RawCommit(bytes: pack.read(image).bytes).parents.first ?? head
    }
    return head
  }

  /// The trailer that the image of a commit carries.
  private func origin(of commit: RawCommit, id: ObjectID, _ trailer: SourceTrailer?) throws -> SourceTrailer {
    guard let trailer else {
      return SourceTrailer(region: tip.region, commit: id)
    }
    guard pack.contains(trailer.commit) else {
      throw ReplayError(
        .unusableSource,
        "commit \(id) of region \(tip.region) replays \(trailer), and that original is not in its repository",
        hint:
          "mirror \(trailer.region) into \(tip.region) once more, which brings the originals; then run this again"
      )
    }
    guard try Image.isHonest(commit, trailer: trailer, in: pack) else {
      throw ReplayError(
        .dishonestTrailer,
        "commit \(id) of region \(tip.region) carries the trailer \(SourceTrailer.name): \(trailer), but is not the"
          + " replay of that commit (cherry-picks and amends copy trailers)",
        hint:
          "make the change again in \(tip.region) without that trailer: take the commit out, and commit its tree"
      )
    }
    return trailer
  }

  // MARK: Images of what came before

  /// The target commit that stands for a source commit; nil for one that stands for nothing.
  private func image(of id: ObjectID) throws -> ObjectID? {
    var passed: [ObjectID] = []
    var id = id
    var found: ObjectID?
    walk: while true {
      if let known = images[id] {
        found = known
        break
      }
      passed.append(id)
      switch try role(of: id) {
      case .nothing: break walk
      case .local(let parent): id = parent
      case .own(let commit):
        found = commit
        break walk
      case .change(_, _, let trailer):
        found = try older.image(
          of: trailer ?? SourceTrailer(region: tip.region, commit: id))
        break walk
      }
    }
    for id in passed { images[id] = .some(found) }
    return found
  }

  private func regionTree(of id: ObjectID) throws -> RegionTree {
    if let known = trees[id] { return known }
    return try regionTree(RawCommit(bytes: pack.read(id).bytes).tree, of: id)
  }

  private func regionTree(_ root: ObjectID, of id: ObjectID) throws -> RegionTree {
    if let known = trees[id] { return known }
    let tree = try pack.regionTree(root: root, of: id)
    trees[id] = tree
    return tree
  }
}

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

  /// Source commit to the target commit that stands for it; nil where it stands for nothing (a root of `local/` only).
  private var images: [ObjectID: ObjectID?] = [:]
  /// Commits of the target that descend from its old head.
  private var descendants: Set<ObjectID> = []
  private var trees: [ObjectID: RegionTree] = [:]
  private lazy var older = OlderImages(head: head, source: pack)

  init(tip: SourceTip, history: Repository, head: ObjectID?, target: RegionRepository, pack: PackWriter) {
    self.tip = tip
    self.history = history
    self.head = head
    self.target = target
    self.pack = pack
    if let head { descendants.insert(head) }
  }

  /// The head after the replay, and the images that were made.
  typealias Result = (head: ObjectID?, images: [(source: ObjectID, image: ObjectID)])

  func run() throws -> Result {
    let base = try TargetBase.find(head: head, tip: tip, history: history, target: target, source: pack)
    if let base { images[base.sourceCommit] = head }
    let new = try history.commits(
      reachableFrom: [tip.commit], hiding: base.map { [$0.sourceCommit] } ?? [])
    var made: [(source: ObjectID, image: ObjectID)] = []
    for id in new {
      if let image = try replay(id) { made.append((id, image)) }
    }
    let end = try image(of: tip.commit) ?? head
    return (end, made)
  }

  /// Makes the image of one commit; nil where the commit has its parent's image, or none.
  private func replay(_ id: ObjectID) throws -> ObjectID? {
    let commit = try RawCommit(bytes: pack.read(id).bytes)
    let tree = try regionTree(commit.tree, of: id)
    if commit.parents.isEmpty, tree.mirrored == nil {
      images[id] = .some(nil)
      return nil
    }
    if commit.parents.count == 1, try isLocalOnly(commit, tree: tree) {
      images[id] = try image(of: commit.parents[0])
      return nil
    }
    var parents: [ObjectID] = []
    for parent in commit.parents {
      if let image = try image(of: parent), !parents.contains(image) { parents.append(image) }
    }
    if parents.isEmpty, let head { parents = [head] }
    let local =
      try (parents.first { descendants.contains($0) } ?? parents.first).map { try halves(of: $0).local }
      ?? nil
    let root = try pack.write(
      .tree, RegionTree(mirrored: tree.mirrored, local: local).encoded(), replacing: nil)
    let derived = Image.commit(
      of: commit, origin: try origin(of: commit, id: id), tree: root, parents: parents)
    let image = try pack.write(.commit, derived.encoded(), replacing: nil)
    images[id] = image
    trees[image] = RegionTree(mirrored: tree.mirrored, local: local)
    if parents.contains(where: { descendants.contains($0) }) { descendants.insert(image) }
    return image
  }

  /// Whether a commit changes `local/` and nothing else.
  ///
  /// An empty commit is none: somebody meant its message.
  private func isLocalOnly(_ commit: RawCommit, tree: RegionTree) throws -> Bool {
    let before = try regionTree(of: commit.parents[0])
    return before.mirrored == tree.mirrored && before.local != tree.local
  }

  /// The trailer that the image of a commit carries.
  private func origin(of commit: RawCommit, id: ObjectID) throws -> SourceTrailer {
    guard let trailer = SourceTrailer(of: commit) else {
      return SourceTrailer(region: tip.region, commit: id)
    }
    guard try Image.isHonest(commit, trailer: trailer, in: pack) else {
      throw ReplayError(
        .dishonestTrailer,
        "commit \(id) of region \(tip.region) carries the trailer \(SourceTrailer.name): \(trailer), but is not the"
          + " replay of that commit (cherry-picks and amends copy trailers)",
        hint: "make the change again without that trailer: git commit --amend in \(tip.region)")
    }
    return trailer
  }

  // MARK: Images of what came before

  /// The target commit that stands for a source commit.
  private func image(of id: ObjectID) throws -> ObjectID? {
    if let known = images[id] { return known }
    let commit = try RawCommit(bytes: pack.read(id).bytes)
    let tree = try regionTree(commit.tree, of: id)
    let found: ObjectID?
    if commit.parents.isEmpty, tree.mirrored == nil {
      found = nil
    } else if commit.parents.count == 1, try isLocalOnly(commit, tree: tree) {
      found = try image(of: commit.parents[0])
    } else {
      let origin = SourceTrailer(of: commit) ?? SourceTrailer(region: tip.region, commit: id)
      found = try older.image(of: origin)
    }
    images[id] = found
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

  private func halves(of id: ObjectID) throws -> RegionTree { try regionTree(of: id) }
}

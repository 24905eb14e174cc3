import Git
import RegionRepository

/// All of one region's history, read once.
final class RegionHistory: CommitRoles {
  /// The region's repository.
  let region: RegionRepository
  /// Every commit of its branch, parents before children.
  let order: [ObjectID]
  /// The same, to look up.
  let members: Set<ObjectID>
  /// The commits that carry a trailer, by it; where several do, in order.
  private(set) var images: [SourceTrailer: [ObjectID]] = [:]
  /// The commits that carry none.
  private(set) var own: [ObjectID] = []
  private var commits: [ObjectID: RawCommit] = [:]
  private var halves: [ObjectID: RegionTree] = [:]
  /// Objects of either region.
  private let source: any ObjectSource

  /// - Parameters:
  ///   - source: what everything is read from; it may know more than this region.
  ///   - checkpoint: called now and then.
  init(of region: RegionRepository, reading source: any ObjectSource, checkpoint: () throws -> Void) throws {
    self.region = region
    self.source = source
    order = try region.head().map { try region.git.commits(reachableFrom: [$0], hiding: []) } ?? []
    members = Set(order)
    for id in order {
      try checkpoint()
      if let trailer = SourceTrailer(of: try commit(id)) {
        images[trailer, default: []].append(id)
      } else {
        own.append(id)
      }
    }
  }

  /// A commit, of this region's history or beyond it.
  func commit(_ id: ObjectID) throws -> RawCommit {
    if let known = commits[id] { return known }
    let commit = try RawCommit(bytes: source.read(id).bytes)
    commits[id] = commit
    return commit
  }

  /// The halves of a commit's tree.
  func tree(of id: ObjectID) throws -> RegionTree {
    if let known = halves[id] { return known }
    let tree = try source.regionTree(root: commit(id).tree, of: id)
    halves[id] = tree
    return tree
  }

  /// What a commit is to the other regions.
  func role(of id: ObjectID) throws -> CommitRole {
    try CommitRole(commit(id), tree(of: id), trees: tree(of:))
  }

  /// Where a commit's change was first made, as the commit says; the commit itself where it carries no trailer.
  func origin(of id: ObjectID, in name: RegionName) throws -> SourceTrailer {
    SourceTrailer(of: try commit(id)) ?? SourceTrailer(region: name, commit: id)
  }
}

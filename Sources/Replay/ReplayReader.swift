import Git
import RegionRepository

/// Reads commits and their trees, those included that are not durable yet; the halves of each tree are read once.
final class ReplayReader: CommitRoles {
  /// Where everything is read.
  let source: PackWriter
  private var trees: [ObjectID: RegionTree] = [:]

  init(source: PackWriter) { self.source = source }

  /// A commit.
  func commit(_ id: ObjectID) throws -> RawCommit { try RawCommit(bytes: source.read(id).bytes) }

  /// The halves of a commit's tree.
  func tree(of id: ObjectID) throws -> RegionTree {
    if let known = trees[id] { return known }
    return try tree(root: commit(id).tree, of: id)
  }

  /// The halves of a commit's root tree.
  func tree(root: ObjectID, of id: ObjectID) throws -> RegionTree {
    if let known = trees[id] { return known }
    let tree = try source.regionTree(root: root, of: id)
    trees[id] = tree
    return tree
  }

  /// Notes the halves of a commit that was just written.
  func note(_ tree: RegionTree, of id: ObjectID) { trees[id] = tree }

  /// What a commit is to the other regions.
  func role(of id: ObjectID) throws -> CommitRole {
    let commit = try commit(id)
    return try CommitRole(commit, tree(root: commit.tree, of: id), trees: tree(of:))
  }

  /// Where a region's history begins: its first commit with the changes of `local/` alone that follow it; nil where the
  /// first commit has a `mirrored/` tree already.
  ///
  /// Costs the first parents down to the root.
  func beginning(of head: ObjectID) throws -> ObjectID? {
    var line = [head]
    while let last = line.last, let parent = try commit(last).parents.first { line.append(parent) }
    var beginning: ObjectID?
    for id in line.reversed() {
      if case .change = try role(of: id) { break }
      beginning = id
    }
    return beginning
  }
}

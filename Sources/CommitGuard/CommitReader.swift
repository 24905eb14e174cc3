import Git
import MediaResources
import RegionRepository

/// Reads trees and resources of commits, what was read lately from memory.
final class CommitReader {
  /// About so many entries of trees are remembered; then all are forgotten.
  private static let rememberedEntries = 200_000
  private static let rememberedResources = 5_000

  private let source: any ObjectSource
  private var trees: [ObjectID: [[UInt8]: TreeEntry]] = [:]
  private var entryCount = 0
  private var resources: [ObjectID: Resource] = [:]
  private var halves: [ObjectID: RegionTree] = [:]

  init(_ source: any ObjectSource) { self.source = source }

  /// A commit's halves; what else stands in its root is passed over.
  func halves(of commit: ObjectID) throws -> RegionTree {
    if let known = halves[commit] { return known }
    let result = try halves(root: RawCommit(bytes: source.read(commit).bytes).tree)
    if halves.count > 10_000 { halves = [:] }
    halves[commit] = result
    return result
  }

  /// A root tree's halves.
  func halves(root: ObjectID) throws -> RegionTree {
    let entries = try entries(root)
    func folder(_ name: String) -> ObjectID? {
      entries[Array(name.utf8)].flatMap { $0.isTree && $0.id != .emptyTree ? $0.id : nil }
    }
    return RegionTree(mirrored: folder("mirrored"), local: folder("local"))
  }

  /// The entry at a path in a tree, or nil.
  func entry(_ path: String, in tree: ObjectID?) throws -> TreeEntry? {
    guard var current = tree else { return nil }
    let parts = path.pathComponents
    for (index, part) in parts.enumerated() {
      guard let entry = try entries(current)[Array(part.utf8)] else { return nil }
      if index == parts.count - 1 { return entry }
      guard entry.isTree else { return nil }
      current = entry.id
    }
    return nil
  }

  /// A resource of a `mirrored/` tree; nil where it is not there or cannot be read.
  func resource(_ id: ResourceID, in mirrored: ObjectID?) throws -> Resource? {
    let path = ResourcePath.path(of: id)
    guard let entry = try entry(path, in: mirrored) else { return nil }
    return try resource(entry, at: path)
  }

  /// The resource that a file holds; nil where it holds none, or is too large for one.
  /// - Parameter path: the path under `mirrored/`.
  func resource(_ entry: TreeEntry, at path: String) throws -> Resource? {
    guard entry.mode & 0o170000 == 0o100000 else { return nil }
    if let known = resources[entry.id] {
      return ResourcePath.check(path: path, matches: known.id) ? known : nil
    }
    guard let bytes = try bytes(of: entry) else { return nil }
    guard let resource = try? MirroredDocument.resource(bytes: bytes, path: path) else { return nil }
    if resources.count >= Self.rememberedResources { resources = [:] }
    resources[entry.id] = resource
    return resource
  }

  /// The bytes of a file that is no larger than a document can be; nil for anything else.
  func bytes(of entry: TreeEntry) throws -> [UInt8]? {
    guard entry.mode & 0o170000 == 0o100000, try source.size(of: entry.id) <= CommitGuard.largestFile else {
      return nil
    }
    return try source.read(entry.id).bytes
  }

  /// The entries of a tree by name.
  func entries(_ tree: ObjectID) throws -> [[UInt8]: TreeEntry] {
    if tree == .emptyTree { return [:] }
    if let known = trees[tree] { return known }
    var entries: [[UInt8]: TreeEntry] = [:]
    for entry in try Tree(bytes: source.read(tree).bytes).entries { entries[entry.nameBytes] = entry }
    if entryCount > Self.rememberedEntries {
      trees = [:]
      entryCount = 0
    }
    trees[tree] = entries
    entryCount += entries.count
    return entries
  }
}

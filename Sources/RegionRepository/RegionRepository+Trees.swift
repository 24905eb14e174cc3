import CanonicalJSON
package import Git
package import MediaResources

/// The two halves of a region's tree.
package struct RegionTree: Sendable, Equatable {
  /// The tree that is the same in every region, or nil where it is empty.
  package let mirrored: ObjectID?
  /// The tree that is this region's own, or nil where it is empty.
  package let local: ObjectID?

  package init(mirrored: ObjectID?, local: ObjectID?) {
    self.mirrored = mirrored
    self.local = local
  }

  /// Splits a root tree.
  /// - Throws: `RegionError` (`.badDocument`) when anything but `mirrored/` and `local/` stands in it.
  package init(root: Tree, of commit: ObjectID) throws(RegionError) {
    var halves: [String: ObjectID] = [:]
    for entry in root.entries {
      guard entry.isTree, entry.name == "mirrored" || entry.name == "local" else {
        throw RegionError(
          .badDocument, "commit \(commit) has '\(entry.name)' beside mirrored/ and local/",
          hint: "a region's tree holds the folders mirrored/ and local/ and nothing else")
      }
      halves[entry.name] = entry.id
    }
    self.init(mirrored: halves["mirrored"], local: halves["local"])
  }

  /// The root tree's bytes.
  package func encoded() -> [UInt8] {
    var entries: [TreeEntry] = []
    if let local { entries.append(TreeEntry(mode: TreeMode.folder, name: "local", id: local)) }
    if let mirrored { entries.append(TreeEntry(mode: TreeMode.folder, name: "mirrored", id: mirrored)) }
    return Tree(entries: entries).encoded()
  }
}

/// The file modes that a region's tree knows.
package enum TreeMode {
  /// An ordinary file.
  package static let file: UInt32 = 0o100644
  /// A folder.
  package static let folder: UInt32 = 0o040000
}

extension ObjectSource {
  /// The halves of a commit's tree.
  /// - Throws: `GitError` when an object is missing, `RegionError` when the tree is not a region's.
  package func regionTree(of commit: ObjectID) throws -> RegionTree {
    try regionTree(root: RawCommit(bytes: read(commit).bytes).tree, of: commit)
  }

  /// The halves of a root tree.
  package func regionTree(root: ObjectID, of commit: ObjectID) throws -> RegionTree {
    if root == .emptyTree { return RegionTree(mirrored: nil, local: nil) }
    return try RegionTree(root: Tree(bytes: read(root).bytes), of: commit)
  }

  /// The bytes of a file in a tree, or nil where the path is not there.
  package func file(_ path: some StringProtocol, in tree: ObjectID?) throws -> [UInt8]? {
    guard let entry = try entry(path, in: tree), !entry.isTree else { return nil }
    return try read(entry.id).bytes
  }

  /// The entry at a path in a tree, or nil where the path is not there; opens one tree a component.
  package func entry(_ path: some StringProtocol, in tree: ObjectID?) throws -> TreeEntry? {
    guard var current = tree else { return nil }
    let parts = path.pathComponents
    for (index, part) in parts.enumerated() {
      guard let entry = try Tree(bytes: read(current).bytes)[part] else { return nil }
      if index == parts.count - 1 { return entry }
      guard entry.isTree else { return nil }
      current = entry.id
    }
    return nil
  }

  /// A resource of a region's tree, of either half, or nil where it is not there.
  /// - Throws: `RegionError` (`.badDocument`) where the file is not what its path says.
  package func resource(_ id: ResourceID, inRoot root: ObjectID?) throws -> Resource? {
    let place = ResourcePath.place(of: id)
    return try file(place, in: root).map { try ResourceDocument.resource(bytes: $0, place: place) }
  }

  /// A resource of a `mirrored/` tree, or nil where it is not there.
  /// - Throws: `RegionError` (`.badDocument`) where the file is not what its path says.
  package func resource(_ id: ResourceID, in mirrored: ObjectID?) throws -> Resource? {
    let path = ResourcePath.path(of: id)
    guard let bytes = try file(path, in: mirrored) else { return nil }
    return try MirroredDocument.resource(bytes: bytes, path: path)
  }
}

/// Reading of documents as they stand in a region's tree.
package enum ResourceDocument {
  /// The resource that a file holds.
  /// - Parameter place: the path from the root of the tree.
  /// - Throws: `RegionError` (`.badDocument`) naming file, line and column, or the path that the name demands.
  package static func resource(bytes: [UInt8], place: String) throws(RegionError) -> Resource {
    guard let kind = ResourcePath.kind(ofPlace: place) else {
      throw RegionError(.badDocument, "\(place) is in no folder of a kind of resource")
    }
    let value: JSONValue
    do { value = try JSONValue.parse(bytes) } catch {
      throw RegionError(.badDocument, "\(place):\(error)")
    }
    guard let document = value.objectValue else {
      throw RegionError(.badDocument, "\(place) is no JSON object")
    }
    let resource: Resource
    do { resource = try Resource(document: document, kind: kind) } catch {
      throw RegionError(.badDocument, "\(place): \(error.message)")
    }
    guard ResourcePath.place(of: resource.id) == place else {
      throw RegionError(
        .badDocument, "\(place) holds \(resource.id), whose place is \(ResourcePath.place(of: resource.id))")
    }
    return resource
  }
}

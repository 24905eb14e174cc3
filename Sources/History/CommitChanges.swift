package import Git

/// One file that a commit changed.
package struct CommitChange: Sendable {
  /// The path from the root of the commit's tree.
  package let path: String
  /// What stood there in each parent; one nil for a commit without parents.
  package let before: [TreeEntry?]
  /// What stands there now, or nil.
  package let after: TreeEntry?
}

/// Which part of a region's tree is asked for.
package enum HistoryScope: Sendable {
  /// All of it.
  case all
  /// A folder or a file.
  case path(String)
}

/// What a commit itself changed: for a merge, what is in none of its parents.
///
/// Compares trees by id and opens only those that differ from the trees of every parent.
enum CommitChanges {
  /// How deep trees may nest; a region's have seven levels.
  private static let maximumDepth = 64

  /// The files that a tree changed from those of some parents, within a scope.
  static func find(
    _ tree: ObjectID, parents: [ObjectID], scope: HistoryScope, in source: any ObjectSource
  ) throws -> [CommitChange] {
    func root(_ id: ObjectID) -> TreeEntry { TreeEntry(mode: 0o040000, name: "", id: id) }
    var before: [TreeEntry?] = parents.isEmpty ? [nil] : parents.map(root)
    var after: TreeEntry? = root(tree)
    var prefix = ""
    if case .path(let path) = scope {
      for part in path.split(separator: "/") {
        guard !before.contains(where: { same($0, after) }) else { return [] }
        before = try before.map { try child(part, of: $0, source) }
        after = try child(part, of: after, source)
      }
      prefix = path
    }
    guard before.count == 1 else {
      var changes: [CommitChange] = []
      try compare(before, after, prefix, depth: 0, source, &changes)
      return changes.sorted { $0.path < $1.path }
    }
    return try compare(before[0], after, prefix, source)
  }

  private static func checkDepth(_ depth: Int, _ path: String) throws {
    guard depth < maximumDepth else {
      throw GitError(.invalid, "the tree nests deeper than \(maximumDepth) at \(path)", hint: "git fsck")
    }
  }

  /// The same for one parent.
  private static func compare(
    _ before: TreeEntry?, _ after: TreeEntry?, _ path: String, _ source: any ObjectSource
  ) throws -> [CommitChange] {
    guard !same(before, after) else { return [] }
    var changes: [CommitChange] = []
    if file(before) != nil || file(after) != nil {
      changes.append(CommitChange(path: path, before: [file(before)], after: file(after)))
    }
    func tree(_ entry: TreeEntry?) -> ObjectID? { entry.flatMap { $0.isTree ? $0.id : nil } }
    try TreeWalk.changes(
      from: tree(before), to: tree(after), in: source, prefix: path.isEmpty ? "" : path + "/"
    ) { changes.append(CommitChange(path: $0.path, before: [$0.old], after: $0.new)) }
    return changes
  }

  private static func child(
    _ name: Substring, of entry: TreeEntry?, _ source: any ObjectSource
  ) throws -> TreeEntry? {
    guard let entry, entry.isTree else { return nil }
    return try entries(entry, source).first { $0.nameBytes.elementsEqual(name.utf8) }
  }

  private static func entries(_ entry: TreeEntry?, _ source: any ObjectSource) throws -> [TreeEntry] {
    guard let entry, entry.isTree, entry.id != .emptyTree else { return [] }
    return try Tree(bytes: source.read(entry.id).bytes).entries
  }

  private static func same(_ a: TreeEntry?, _ b: TreeEntry?) -> Bool { a?.id == b?.id && a?.mode == b?.mode }

  private static func compare(
    _ before: [TreeEntry?], _ after: TreeEntry?, _ path: String, depth: Int, _ source: any ObjectSource,
    _ changes: inout [CommitChange]
  ) throws {
    guard !before.contains(where: { same($0, after) }) else { return }
    try checkDepth(depth, path)
    let (oldFiles, newFile) = (before.map(file), file(after))
    if !oldFiles.contains(where: { same($0, newFile) }) {
      changes.append(CommitChange(path: path, before: oldFiles, after: newFile))
    }
    guard before.contains(where: { $0?.isTree == true }) || after?.isTree == true else { return }
    let old = try before.map { try byName($0, source) }
    let new = try byName(after, source)
    for name in old.reduce(Set(new.keys), { $0.union($1.keys) }) {
      let text = String(decoding: name, as: UTF8.self)
      try compare(
        old.map { $0[name] }, new[name], path.isEmpty ? text : "\(path)/\(text)", depth: depth + 1, source,
        &changes)
    }
  }

  private static func byName(
    _ entry: TreeEntry?, _ source: any ObjectSource
  ) throws -> [[UInt8]: TreeEntry] {
    Dictionary(try entries(entry, source).map { ($0.nameBytes, $0) }) { first, _ in first }
  }

  private static func file(_ entry: TreeEntry?) -> TreeEntry? { entry?.isTree == true ? nil : entry }
}

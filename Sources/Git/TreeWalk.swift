/// One file that differs between two trees.
package struct TreeChange: Sendable, Equatable {
  /// The path from the root of the trees.
  package let path: String
  /// What stood there, or nil.
  package let old: TreeEntry?
  /// What stands there now, or nil.
  package let new: TreeEntry?
  /// Whether every name in the path is UTF-8; others show with U+FFFD.
  package let isNamedInUTF8: Bool
}

/// Walks two trees together and opens only those whose ids differ; costs what differs, never the size of the trees.
package enum TreeWalk {
  /// How deep trees may nest; a region's have six levels, and a walk must not be led astray.
  static let maximumDepth = 64

  /// The files that differ, in git's order; costs what differs.
  package static func changes(
    from old: ObjectID?, to new: ObjectID?, in source: some ObjectSource
  ) throws -> [TreeChange] {
    var changes: [TreeChange] = []
    try self.changes(from: old, to: new, in: source) { changes.append($0) }
    return changes
  }

  /// Visits every file that differs, in git's order.
  ///
  /// A file that became a folder, or the other way round, is a removal and additions.
  package static func changes(
    from old: ObjectID?, to new: ObjectID?, in source: some ObjectSource, prefix: String = "",
    _ visit: (TreeChange) throws -> Void
  ) throws {
    try walk(old, new, source, prefix, depth: 0, visit) { _, _ in }
  }

  /// Visits every tree and file of `new` that is not at the same place in `old`, parents before children; for each the
  /// id of the tree that stands in its place in `old`.
  static func newObjects(
    from old: ObjectID?, to new: ObjectID, in source: some ObjectSource,
    tree visitTree: (ObjectID, _ replacing: ObjectID?) throws -> Void,
    blob visitBlob: (ObjectID) throws -> Void
  ) throws {
    guard old != new else { return }
    try visitTree(new, old)
    try walk(
      old, new, source, "", depth: 0,
      { change in if let entry = change.new, entry.mode != 0o160000 { try visitBlob(entry.id) } },
      { old, new in if let new { try visitTree(new, old) } })
  }

  private static func walk(
    _ old: ObjectID?, _ new: ObjectID?, _ source: some ObjectSource, _ prefix: String, depth: Int,
    _ visit: (TreeChange) throws -> Void, _ visitTrees: (_ old: ObjectID?, _ new: ObjectID?) throws -> Void
  ) throws {
    guard old != new else { return }
    guard depth < maximumDepth else {
      throw GitError(
        .invalid, "the tree nests deeper than \(maximumDepth) at \(prefix)", hint: "git revert COMMIT")
    }
    let before = try entries(old, source)
    let after = try entries(new, source)
    var i = 0
    var j = 0
    while i < before.count || j < after.count {
      let order =
        i == before.count ? 1 : j == after.count ? -1 : TreeEntry.compare(before[i], after[j])
      let a = order <= 0 ? before[i] : nil
      let b = order >= 0 ? after[j] : nil
      if a != nil { i += 1 }
      if b != nil { j += 1 }
      if let a, let b, a.id == b.id, a.mode == b.mode { continue }
      guard let name = (a ?? b)?.name else { continue }
      if (a ?? b)?.isTree == true {
        try visitTrees(a?.id, b?.id)
        try walk(a?.id, b?.id, source, prefix + name + "/", depth: depth + 1, visit, visitTrees)
      } else {
        let isUTF8 =
          name.utf8.elementsEqual((a ?? b)?.nameBytes ?? []) && !prefix.unicodeScalars.contains("\u{FFFD}")
        try visit(TreeChange(path: prefix + name, old: a, new: b, isNamedInUTF8: isUTF8))
      }
    }
  }

  private static func entries(_ id: ObjectID?, _ source: some ObjectSource) throws -> [TreeEntry] {
    guard let id, id != .emptyTree else { return [] }
    let (kind, bytes) = try source.read(id)
    guard kind == .tree else { throw GitError(.corrupt, "\(id) is no tree", hint: "git fsck") }
    return try Tree(bytes: bytes).entries
  }
}

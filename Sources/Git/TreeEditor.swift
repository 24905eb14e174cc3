/// Changes files in a tree along one walk; subtrees without a change are never opened.
package enum TreeEditor {
  private struct Edit {
    let path: [UInt8]
    let entry: (mode: UInt32, id: ObjectID)?
  }

  /// Applies changes by path; nil takes a file out, and folders that become empty go with it.
  ///
  /// A file that takes a folder's place replaces it, and the other way round.
  /// - Returns: the new tree, or nil where it became empty.
  /// - Throws: `GitError` (`.invalid`) for a path with an empty component, `.` or `..`.
  package static func apply(
    _ changes: [String: (mode: UInt32, id: ObjectID)?], to tree: ObjectID?, source: some ObjectSource,
    sink: some ObjectSink
  ) throws(GitError) -> ObjectID? {
    var edits: [Edit] = []
    edits.reserveCapacity(changes.count)
    for (path, entry) in changes {
      let components = path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
      guard
        components.allSatisfy({ !$0.isEmpty && !$0.elementsEqual(".".utf8) && !$0.elementsEqual("..".utf8) })
      else {
        throw GitError(.invalid, "'\(path)' is no path in a tree")
      }
      edits.append(Edit(path: Array(path.utf8), entry: entry))
    }
    edits.sort { $0.path.lexicographicallyPrecedes($1.path) }
    return try apply(edits[...], at: 0, to: tree, source, sink)
  }

  private static func apply(
    _ edits: ArraySlice<Edit>, at start: Int, to tree: ObjectID?, _ source: some ObjectSource,
    _ sink: some ObjectSink
  ) throws(GitError) -> ObjectID? {
    let old = try tree.map { id throws(GitError) in try Tree(bytes: source.read(id).bytes).entries } ?? []
    var entries: [[UInt8]: TreeEntry] = [:]
    entries.reserveCapacity(old.count + edits.count)
    for entry in old { entries[entry.nameBytes] = entry }
    var rest = edits
    while let first = rest.first {
      let name = component(of: first.path, at: start)
      let end = start + name.count
      let group = rest.prefix {
        $0.path.count >= end && $0.path[start..<end].elementsEqual(name) && isBoundary($0.path, end)
      }
      rest = rest.dropFirst(group.count)
      let key = Array(name)
      let inner = group.filter { $0.path.count > end }
      if let leaf = group.first(where: { $0.path.count == end }) {
        if let entry = leaf.entry {
          entries[key] = TreeEntry(mode: entry.mode, nameBytes: key, id: entry.id)
        } else if entries[key]?.isTree == false {
          entries[key] = nil
        }
      }
      guard !inner.isEmpty else { continue }
      let folder = entries[key].flatMap { $0.isTree ? $0.id : nil }
      if folder == nil, inner.allSatisfy({ $0.entry == nil }) { continue }
      let id = try apply(inner[...], at: end + 1, to: folder, source, sink)
      entries[key] = id.map { TreeEntry(mode: 0o040000, nameBytes: key, id: $0) }
    }
    guard !entries.isEmpty else { return nil }
    return try sink.write(.tree, Tree(entries: Array(entries.values)).encoded(), replacing: tree)
  }

  private static func component(of path: [UInt8], at start: Int) -> ArraySlice<UInt8> {
    path[start...].prefix { $0 != UInt8(ascii: "/") }
  }

  private static func isBoundary(_ path: [UInt8], _ end: Int) -> Bool {
    path.count == end || path[end] == UInt8(ascii: "/")
  }
}

/// What came of merging two trees.
package enum MergeOutcome: Sendable, Equatable {
  /// The merged tree, or nil where it is empty.
  case merged(ObjectID?)
  /// The paths that both sides changed to different ends; nothing was merged.
  case conflicts([String])
}

/// Three-way merge of trees, file by file by id; opens only folders that both sides changed.
package enum TreeMerge {
  /// What becomes of a file that both sides changed to different ends.
  package enum Resolution {
    /// It stays a conflict.
    case conflict
    /// This stands there, or nothing.
    case entry(TreeEntry?)
  }

  /// Looks at a file that both sides changed to different ends.
  package typealias Resolver = (
    _ path: String, _ base: TreeEntry?, _ ours: TreeEntry?, _ theirs: TreeEntry?
  ) throws -> Resolution

  /// Merges what `ours` and `theirs` made of `base`.
  /// - Throws: `GitError`, and what `resolve` throws.
  package static func merge(
    base: ObjectID?, ours: ObjectID?, theirs: ObjectID?, source: some ObjectSource, sink: some ObjectSink,
    resolve: Resolver = { _, _, _, _ in .conflict }
  ) throws -> MergeOutcome {
    var conflicts: [String] = []
    let tree = try merge(base, ours, theirs, "", source, sink, resolve, &conflicts)
    return conflicts.isEmpty ? .merged(tree) : .conflicts(conflicts)
  }

  private static func merge(
    _ base: ObjectID?, _ ours: ObjectID?, _ theirs: ObjectID?, _ prefix: String, _ source: some ObjectSource,
    _ sink: some ObjectSink, _ resolve: Resolver, _ conflicts: inout [String]
  ) throws -> ObjectID? {
    if ours == theirs || base == theirs { return ours }
    if base == ours { return theirs }
    guard prefix.utf8.count(where: { $0 == UInt8(ascii: "/") }) < TreeWalk.maximumDepth else {
      throw GitError(.invalid, "the tree nests too deep at \(prefix)", hint: "git revert COMMIT")
    }
    let old = try entries(base, source)
    let mine = try entries(ours, source)
    let yours = try entries(theirs, source)
    var result: [TreeEntry] = []
    for name in Set(old.keys).union(mine.keys).union(yours.keys) {
      let (o, a, b) = (old[name], mine[name], yours[name])
      if a == b || o == b {
        if let a { result.append(a) }
      } else if o == a {
        if let b { result.append(b) }
      } else if [o, a, b].allSatisfy({ $0?.isTree ?? true }) {
        let path = prefix + String(decoding: name, as: UTF8.self) + "/"
        if let id = try merge(o?.id, a?.id, b?.id, path, source, sink, resolve, &conflicts) {
          result.append(TreeEntry(mode: 0o040000, nameBytes: name, id: id))
        }
      } else {
        let path = prefix + String(decoding: name, as: UTF8.self)
        switch try resolve(path, o, a, b) {
        case .conflict: conflicts.append(path)
        case .entry(let entry): if let entry { result.append(entry) }
        }
      }
    }
    conflicts.sort()
    guard !result.isEmpty else { return nil }
    guard conflicts.isEmpty else { return nil }
    return try sink.write(.tree, Tree(entries: result).encoded(), replacing: ours)
  }

  private static func entries(
    _ id: ObjectID?, _ source: some ObjectSource
  ) throws(GitError) -> [[UInt8]: TreeEntry] {
    guard let id else { return [:] }
    var entries: [[UInt8]: TreeEntry] = [:]
    for entry in try Tree(bytes: source.read(id).bytes).entries { entries[entry.nameBytes] = entry }
    return entries
  }
}

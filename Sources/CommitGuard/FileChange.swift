import Git
import MediaResources

/// A file that a commit has otherwise than one of its parents at least.
struct FileChange {
  /// The path from the root of the repository.
  let path: String
  /// What stands there, or nil.
  let new: TreeEntry?
  /// What stands there in each parent that has it otherwise, by the parent's number.
  fileprivate(set) var old: [Int: TreeEntry?]
  /// Whether every name in the path is UTF-8.
  let isNamedInUTF8: Bool
  /// How many parents the commit has.
  let parentCount: Int

  /// Whether the commit itself brings it: no parent has it so.
  var isBrought: Bool { old.count == max(1, parentCount) }

  /// The path under `mirrored/`, or nil.
  var mirroredPath: String? {
    path.hasPrefix("mirrored/") ? String(path.dropFirst("mirrored/".count)) : nil
  }

  /// What a commit has otherwise than its parents; everything where it has none.
  ///
  /// Costs what differs from each of them.
  /// - Parameter prefix: where the trees stand, with a slash at the end.
  static func all(
    of root: ObjectID, parents: [ObjectID], in source: some ObjectSource, prefix: String = ""
  ) throws -> [FileChange] {
    var changes: [FileChange] = []
    var numbers: [String: Int] = [:]
    for (parent, old) in (parents.isEmpty ? [nil] : parents.map(Optional.some)).enumerated() {
      try TreeWalk.changes(from: old, to: root, in: source, prefix: prefix) { change in
        if parent > 0, let number = numbers[change.path] {
          changes[number].old[parent] = .some(change.old)
          return
        }
        if parents.count > 1 { numbers[change.path] = changes.count }
        changes.append(
          FileChange(
            path: change.path, new: change.new, old: [parent: change.old],
            isNamedInUTF8: change.isNamedInUTF8, parentCount: parents.count))
      }
    }
    return changes
  }
}

/// A resource that a commit has otherwise than one of its parents at least; files that hold none are nobody's here.
struct ChangedResource {
  /// Which resource.
  let id: ResourceID
  /// The file, from the root of the repository.
  let path: String
  /// The resource as it is now, or nil where it is taken out or cannot be read.
  let new: Resource?
  /// Whether a file stands there.
  let isThere: Bool
  /// The resource in each parent that has it otherwise, by the parent's number.
  let old: [Int: Resource]
  /// The numbers of the parents that have it otherwise.
  let parents: [Int]
  /// Whether no parent has it so.
  let isBrought: Bool

  /// The resource that stands, or stood, where a file changed; nil for a file that holds none.
  init?(_ change: FileChange, _ reader: CommitReader) throws {
    guard let path = change.mirroredPath, ResourcePath.kind(ofPath: path) != nil else { return nil }
    let new = try change.new.flatMap { try reader.resource($0, at: path) }
    var old: [Int: Resource] = [:]
    for (parent, entry) in change.old {
      if let entry, let resource = try reader.resource(entry, at: path) { old[parent] = resource }
    }
    guard let id = new?.id ?? old.values.first?.id else { return nil }
    self.id = id
    self.path = change.path
    self.new = new
    isThere = change.new != nil
    self.old = old
    parents = change.old.keys.sorted()
    isBrought = change.isBrought
  }
}

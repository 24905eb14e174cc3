import CLibgit2

/// Walks of a few commits, which need no dates.
///
/// The library's own walks go by the dates of commits, and cost the whole history where an old one stands upon newer ones:
/// every replay keeps its date.
extension Repository {
  /// So many commits are looked at before the library walks.
  private static let nearbyCommits = 1_000
  private static let nearbyAncestors = 64

  /// The commits that are reachable from some and not from another one, parents before children, where few tell.
  /// - Returns: nil where they do not: too many, or a way that does not end at the hidden one.
  func nearby(reachableFrom tips: [ObjectID], hiding known: ObjectID) -> [ObjectID]? {
    var seen: Set<ObjectID> = [known]
    var result: [ObjectID] = []
    var open: [(id: ObjectID, parents: ArraySlice<ObjectID>)] = []
    func begin(_ id: ObjectID) -> Bool {
      guard seen.insert(id).inserted else { return true }
      guard seen.count <= Self.nearbyCommits, let parents = parents(of: id), !parents.isEmpty else {
        return false
      }
      open.append((id, parents[...]))
      return true
    }
    for tip in tips {
      guard begin(tip) else { return nil }
      while let last = open.indices.last {
        if let parent = open[last].parents.popFirst() {
          guard begin(parent) else { return nil }
        } else {
          result.append(open.removeLast().id)
        }
      }
    }
    return result
  }

  /// Whether a commit is reachable from another one, where few tell; nil where they do not.
  func isNearbyAncestor(_ a: ObjectID, of b: ObjectID) -> Bool? {
    var seen: Set<ObjectID> = [b]
    var open = [b]
    var next = 0
    while next < open.count {
      guard seen.count <= Self.nearbyAncestors, let parents = parents(of: open[next]) else { return nil }
      next += 1
      for parent in parents {
        if parent == a { return true }
        if seen.insert(parent).inserted { open.append(parent) }
      }
    }
    return false
  }

  /// The parents of a commit as the library reads it; nil where it cannot, which is for its own walk to say.
  private func parents(of id: ObjectID) -> [ObjectID]? {
    var libraryID = id.libraryID
    let pointer = handle.pointer
    guard
      let commit = try? Handle(
        freeing: git_commit_free, "commit \(id) cannot be read",
        { git_commit_lookup($0, pointer, &libraryID) })
    else { return nil }
    return (0..<git_commit_parentcount(commit.pointer)).compactMap { number in
      git_commit_parent_id(commit.pointer, number).map { ObjectID($0.pointee) }
    }
  }
}

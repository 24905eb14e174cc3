import CLibgit2

extension Repository {
  /// The commits that are reachable from some commits and not from others, parents before children.
  ///
  /// Costs what it returns, plus a few commits beyond the hidden ones.
  package func commits(
    reachableFrom tips: [ObjectID], hiding known: [ObjectID]
  ) throws(GitError) -> [ObjectID] {
    let pointer = handle.pointer
    let walk = try Handle(freeing: git_revwalk_free, "cannot walk the history") {
      git_revwalk_new($0, pointer)
    }
    let order = GIT_SORT_TOPOLOGICAL.rawValue | GIT_SORT_REVERSE.rawValue
    try Library.check(git_revwalk_sorting(walk.pointer, order), "cannot walk the history")
    for tip in tips {
      var id = tip.libraryID
      try Library.check(git_revwalk_push(walk.pointer, &id), "cannot walk the history from \(tip)")
    }
    for commit in known {
      var id = commit.libraryID
      try Library.check(git_revwalk_hide(walk.pointer, &id), "cannot walk the history down to \(commit)")
    }
    var result: [ObjectID] = []
    var id = git_oid()
    while true {
      let status = git_revwalk_next(&id, walk.pointer)
      if status == GIT_ITEROVER.rawValue { return result }
      try Library.check(status, "cannot walk the history")
      result.append(ObjectID(id))
    }
  }

  /// The best common ancestors of two commits; empty where the histories have none in common.
  package func mergeBases(_ a: ObjectID, _ b: ObjectID) throws(GitError) -> [ObjectID] {
    var bases = git_oidarray()
    var first = a.libraryID
    var second = b.libraryID
    let status = git_merge_bases(&bases, handle.pointer, &first, &second)
    if status == GIT_ENOTFOUND.rawValue { return [] }
    try Library.check(status, "cannot find where \(a) and \(b) part")
    defer { git_oidarray_dispose(&bases) }
    return UnsafeBufferPointer(start: bases.ids, count: bases.count).map { ObjectID($0) }
  }

  /// Whether `a` is reachable from `b`, and not `b` itself.
  package func isAncestor(_ a: ObjectID, of b: ObjectID) throws(GitError) -> Bool {
    var ancestor = a.libraryID
    var commit = b.libraryID
    let status = git_graph_descendant_of(handle.pointer, &commit, &ancestor)
    try Library.check(status, "cannot compare \(a) with \(b)")
    return status == 1
  }
}

extension Repository {
  /// The commit that a person names as git does: `HEAD~2`, a branch, the first digits of an id.
  /// - Throws: `GitError` (`.notFound`) where it names none.
  package func commit(named text: String) throws(GitError) -> ObjectID {
    let pointer = handle.pointer
    let object = try Handle(freeing: git_object_free, "'\(text)' names no commit") {
      git_revparse_single($0, pointer, text)
    }
    let peeled = try Handle(freeing: git_object_free, "'\(text)' names no commit") {
      [source = object.pointer] in
      git_object_peel($0, source, GIT_OBJECT_COMMIT)
    }
    guard let id = git_object_id(peeled.pointer) else {
      throw GitError(.notFound, "'\(text)' names no commit")
    }
    return ObjectID(id.pointee)
  }
}

import CLibgit2

extension Repository {
  /// The commits that are reachable from some commits and not from others, parents before children.
  ///
  /// Exact whatever the dates say: the library's walk, as git's, may go past the hidden commits where clocks went wrong.
  /// Costs what it returns, plus a few commits beyond the hidden ones.
  package func commits(
    reachableFrom tips: [ObjectID], hiding known: [ObjectID]
  ) throws(GitError) -> [ObjectID] {
    if known.count == 1, let nearby = nearby(reachableFrom: tips, hiding: known[0]) { return nearby }
    let found: [ObjectID]
    do {
      found = try explainingShallow { () throws(GitError) in try walk(from: tips, hiding: known) }
    } catch { throw malformed(error, reachedFrom: tips + known) }
    guard !known.isEmpty else { return found }
    var result: [ObjectID] = []
    var kept: Set<ObjectID> = []
    for id in found {
      // What a hidden commit reaches reaches nothing else: the commits that begin what was found tell for all of it.
      let parents = try RawCommit(bytes: read(id).bytes).parents
      if !parents.contains(where: kept.contains), try isHeld(id, by: known) { continue }
      kept.insert(id)
      result.append(id)
    }
    return result
  }

  private func isHeld(_ id: ObjectID, by holders: [ObjectID]) throws(GitError) -> Bool {
    for holder in holders {
      if holder == id { return true }
      if try isAncestor(id, of: holder) { return true }
    }
    return false
  }

  private func walk(from tips: [ObjectID], hiding known: [ObjectID]) throws(GitError) -> [ObjectID] {
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

  /// The best common ancestors of a commit and the whole of others; empty where the histories have none in common.
  package func mergeBases(_ one: ObjectID, _ others: [ObjectID]) throws(GitError) -> [ObjectID] {
    guard !others.isEmpty else { return [] }
    var bases = git_oidarray()
    let commits = ([one] + others).map(\.libraryID)
    let status = git_merge_bases_many(&bases, handle.pointer, commits.count, commits)
    if status == GIT_ENOTFOUND.rawValue { return [] }
    try explainingShallow { () throws(GitError) in
      try Library.check(status, "cannot find where \(one) and \(others[0]) part")
    }
    defer { git_oidarray_dispose(&bases) }
    let found = UnsafeBufferPointer(start: bases.ids, count: bases.count).map { ObjectID($0) }
    var best: [ObjectID] = []
    for base in found {
      if try !isHeld(base, by: found.filter { $0 != base }) { best.append(base) }
    }
    return best
  }

  /// Whether `a` is reachable from `b`, and not `b` itself.
  package func isAncestor(_ a: ObjectID, of b: ObjectID) throws(GitError) -> Bool {
    if let isNearby = isNearbyAncestor(a, of: b) { return isNearby }
    var ancestor = a.libraryID
    var commit = b.libraryID
    let status = git_graph_descendant_of(handle.pointer, &commit, &ancestor)
    do {
      try explainingShallow { () throws(GitError) in
        try Library.check(status, "cannot compare \(a) with \(b)")
      }
    } catch { throw malformed(error, reachedFrom: [a, b]) }
    return status == 1
  }
}

extension Repository {
  /// An error that a commit which the library cannot read has caused, with that commit's name; any other one as it is.
  ///
  /// Costs the history.
  private func malformed(_ error: GitError, reachedFrom tips: [ObjectID]) -> GitError {
    guard error.code == .io else { return error }
    var seen: Set<ObjectID> = []
    var open = tips
    while let id = open.popLast() {
      guard seen.insert(id).inserted, let commit = try? RawCommit(bytes: read(id).bytes) else { continue }
      open += commit.parents
      let pointer = handle.pointer
      var libraryID = id.libraryID
      do throws(GitError) {
        _ = try Handle(freeing: git_commit_free, "commit \(id) cannot be read") {
          git_commit_lookup($0, pointer, &libraryID)
        }
      } catch let found {
        let folder = ShellWord.quoted(workingDirectory ?? gitDirectory)
        return GitError(
          found.code, found.message, libraryClass: found.libraryClass,
          hint:
            "see what is wrong with it: git -C \(folder) fsck; then make it again, with an author as git writes them"
        )
      }
    }
    return error
  }

  /// The commit that a person names as git does: `HEAD~2`, a branch, the first digits of an id.
  /// - Throws: `GitError` (`.notFound`) where it names none.
  package func commit(named text: String) throws(GitError) -> ObjectID {
    let pointer = handle.pointer
    let object: Handle
    do throws(GitError) {
      object = try explainingShallow { () throws(GitError) in
        try Handle(freeing: git_object_free, "'\(text)' names no commit") {
          git_revparse_single($0, pointer, text)
        }
      }
    } catch {
      guard error.code == .notFound else { throw error }
      let folder = ShellWord.quoted(workingDirectory ?? gitDirectory)
      throw GitError(
        .notFound, error.message, hint: "see the commits that there are: git -C \(folder) log --oneline")
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

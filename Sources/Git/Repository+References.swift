import CLibgit2

extension Repository {
  /// The object that a ref leads to, or nil where there is no such ref (a branch without a commit, say).
  package func reference(_ name: String) throws(GitError) -> ObjectID? {
    var id = git_oid()
    let status = git_reference_name_to_id(&id, handle.pointer, name)
    if status == GIT_ENOTFOUND.rawValue { return nil }
    try Library.check(status, "cannot read the ref \(name)")
    return ObjectID(id)
  }

  /// The refs whose names begin with a prefix, and the objects that they lead to, by name.
  package func references(beneath prefix: String) throws(GitError) -> [(name: String, id: ObjectID)] {
    let pointer = handle.pointer
    let iterator = try Handle(freeing: git_reference_iterator_free, "cannot list the refs") {
      git_reference_iterator_glob_new($0, pointer, prefix + "*")
    }
    var found: [(name: String, id: ObjectID)] = []
    var name: UnsafePointer<CChar>?
    while true {
      let status = git_reference_next_name(&name, iterator.pointer)
      if status == GIT_ITEROVER.rawValue { return found.sorted { $0.name < $1.name } }
      try Library.check(status, "cannot list the refs")
      guard let text = name.map({ String(cString: $0) }), let id = try reference(text) else { continue }
      found.append((text, id))
    }
  }

  /// The branch that HEAD names, with or without a commit; nil when HEAD is detached.
  package var headReferenceName: String? {
    let pointer = handle.pointer
    guard
      let head = try? Handle(
        freeing: git_reference_free, "cannot read HEAD", { git_reference_lookup($0, pointer, "HEAD") }
      ),
      let target = git_reference_symbolic_target(head.pointer)
    else { return nil }
    return String(cString: target)
  }

  /// Moves a ref from the value that was read to another one, durably; nil for none on either side.
  ///
  /// Waits up to a second for a lock that another process holds, as git does.
  /// - Throws: `GitError` (`.referenceMoved`) where another value is found, (`.locked`) naming the lock file.
  package func setReference(
    _ name: String, to new: ObjectID?, expecting old: ObjectID?, log: String
  ) throws(GitError) {
    try takingLock("\(name).lock") { () throws(GitError) in
      try setReferenceOnce(name, to: new, expecting: old, log: log)
    }
  }

  private func setReferenceOnce(
    _ name: String, to new: ObjectID?, expecting old: ObjectID?, log: String
  ) throws(GitError) {
    let pointer = handle.pointer
    guard let new else { return try deleteReference(name, expecting: old) }
    var target = new.libraryID
    var reference: OpaquePointer?
    let status: Int32
    if let old {
      var expected = old.libraryID
      status = git_reference_create_matching(&reference, pointer, name, &target, 1, &expected, log)
    } else {
      status = git_reference_create(&reference, pointer, name, &target, 0, log)
    }
    git_reference_free(reference)
    if status == GIT_EMODIFIED.rawValue || status == GIT_EEXISTS.rawValue
      || (old != nil && status == GIT_ENOTFOUND.rawValue)
    {
      throw try moved(name, expecting: old)
    }
    try Library.check(status, "cannot move the ref \(name)")
  }

  private func deleteReference(_ name: String, expecting old: ObjectID?) throws(GitError) {
    guard try reference(name) == old else { throw try moved(name, expecting: old) }
    guard old != nil else { return }
    let pointer = handle.pointer
    let found = try Handle(freeing: git_reference_free, "cannot read the ref \(name)") {
      git_reference_lookup($0, pointer, name)
    }
    let status = git_reference_delete(found.pointer)
    if status == GIT_EMODIFIED.rawValue { throw try moved(name, expecting: old) }
    try Library.check(status, "cannot delete the ref \(name)")
  }

  private func moved(_ name: String, expecting old: ObjectID?) throws(GitError) -> GitError {
    let now = try reference(name)
    return GitError(
      .referenceMoved,
      "the ref \(name) was moved by somebody else: \(now?.hex ?? "none") instead of \(old?.hex ?? "none")",
      hint: "run the same command again; it starts from where the ref is now")
  }
}

import CLibgit2

extension Repository: ObjectSource {
  package func read(_ id: ObjectID) throws(GitError) -> (kind: ObjectKind, bytes: [UInt8]) {
    let pointer = objects.pointer
    var oid = id.libraryID
    let object = try explainingShallow { () throws(GitError) in
      try Handle(freeing: git_odb_object_free, "cannot read the object \(id)") {
        git_odb_read($0, pointer, &oid)
      }
    }
    guard let kind = ObjectKind(git_odb_object_type(object.pointer)) else {
      throw GitError(.corrupt, "the object \(id) is of no known kind", hint: "git fsck")
    }
    let bytes = UnsafeRawBufferPointer(
      start: git_odb_object_data(object.pointer), count: git_odb_object_size(object.pointer))
    return (kind, Array(bytes))
  }

  package func contains(_ id: ObjectID) -> Bool {
    var oid = id.libraryID
    return git_odb_exists_ext(objects.pointer, &oid, GIT_ODB_LOOKUP_NO_REFRESH.rawValue) == 1
  }

  package func size(of id: ObjectID) throws(GitError) -> Int {
    var oid = id.libraryID
    var size = 0
    var type = GIT_OBJECT_ANY
    try Library.check(
      git_odb_read_header(&size, &type, objects.pointer, &oid), "cannot read the object \(id)")
    return size
  }

  /// Looks for packs that appeared since the repository was opened.
  package func refresh() throws(GitError) {
    try Library.check(git_odb_refresh(objects.pointer), "cannot refresh the objects")
  }

  /// The id that an object has; writes nothing.
  package static func hash(_ kind: ObjectKind, _ bytes: [UInt8]) -> ObjectID {
    _ = Library.isReady
    var id = git_oid()
    bytes.withUnsafeBytes { _ = git_odb_hash(&id, $0.baseAddress, $0.count, kind.libraryType) }
    return ObjectID(id)
  }
}

extension Repository {
  /// Writes one object by itself, as git does for a handful.
  package func writeLoose(_ kind: ObjectKind, _ bytes: [UInt8]) throws(GitError) -> ObjectID {
    var id = git_oid()
    let pointer = objects.pointer
    let status = bytes.withUnsafeBytes {
      git_odb_write(&id, pointer, $0.baseAddress, bytes.count, kind.libraryType)
    }
    try Library.check(status, "cannot write an object")
    return ObjectID(id)
  }
}

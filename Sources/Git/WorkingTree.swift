import CLibgit2

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The files of a working tree, touched only where a change names them.
package enum WorkingTree {
  /// The paths at which the working tree or the index is neither what a change starts from nor what it leads to.
  package static func localEdits(_ changes: [TreeChange], in repository: Repository) throws(GitError)
    -> [String]
  {
    guard let root = repository.workingDirectory else { return [] }
    let pointer = repository.handle.pointer
    let index = try Handle(freeing: git_index_free, "cannot read the index") {
      git_repository_index($0, pointer)
    }
    return changes.filter { change in
      let file = blob(at: root + "/" + change.path)
      let staged = git_index_get_bypath(index.pointer, change.path, 0).map { ObjectID($0.pointee.id) }
      let allowed = [change.old?.id, change.new?.id]
      return !allowed.contains(file) || !allowed.contains(staged)
    }.map(\.path)
  }

  /// The id that a file would have as a blob; nil where there is no ordinary file.
  private static func blob(at path: String) -> ObjectID? {
    var info = stat()
    guard lstat(path, &info) == 0 else { return nil }
    guard info.st_mode & S_IFMT == S_IFREG, let bytes = contents(of: path) else { return .zero }
    return Repository.hash(.blob, bytes)
  }

  private static func contents(of path: String) -> [UInt8]? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 64 * 1024)
    while true {
      let count = buffer.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { return nil }
      if count == 0 { return bytes }
      bytes += buffer[..<count]
    }
  }

  /// Brings files and index to what changes lead to.
  ///
  /// Every file is written beside its place and renamed; no link is followed; folders that become empty are
  /// removed.
  /// - Throws: `GitError` at the first file that cannot be written; running it again goes on.
  package static func update(_ changes: [TreeChange], in repository: Repository) throws(GitError) {
    guard let root = repository.workingDirectory, !changes.isEmpty else { return }
    let pointer = repository.handle.pointer
    let index = try Handle(freeing: git_index_free, "cannot read the index") {
      git_repository_index($0, pointer)
    }
    for change in changes where change.new == nil {
      try remove(change.path, root: root)
      git_index_remove(index.pointer, change.path, 0)
    }
    for change in changes {
      guard let entry = change.new else { continue }
      let bytes = try repository.read(entry.id).bytes
      try write(bytes, to: change.path, root: root, in: repository)
      try add(change.path, entry, root: root, to: index.pointer)
    }
    try repository.takingLock("index.lock") { () throws(GitError) in
      try Library.check(git_index_write(index.pointer), "cannot write the index of \(root)")
    }
  }

  private static func add(_ path: String, _ entry: TreeEntry, root: String, to index: OpaquePointer)
    throws(GitError)
  {
    var info = stat()
    guard lstat(root + "/" + path, &info) == 0 else {
      throw Library.systemError("cannot look at \(root)/\(path)")
    }
    var item = git_index_entry()
    item.id = entry.id.libraryID
    item.mode = entry.mode
    item.file_size = UInt32(truncatingIfNeeded: info.st_size)
    item.dev = UInt32(truncatingIfNeeded: info.st_dev)
    item.ino = UInt32(truncatingIfNeeded: info.st_ino)
    item.uid = info.st_uid
    item.gid = info.st_gid
    #if canImport(Glibc)
      item.mtime = git_index_time(
        seconds: Int32(truncatingIfNeeded: info.st_mtim.tv_sec), nanoseconds: UInt32(info.st_mtim.tv_nsec))
      item.ctime = git_index_time(
        seconds: Int32(truncatingIfNeeded: info.st_ctim.tv_sec), nanoseconds: UInt32(info.st_ctim.tv_nsec))
    #else
      item.mtime = git_index_time(
        seconds: Int32(truncatingIfNeeded: info.st_mtimespec.tv_sec),
        nanoseconds: UInt32(info.st_mtimespec.tv_nsec))
      item.ctime = git_index_time(
        seconds: Int32(truncatingIfNeeded: info.st_ctimespec.tv_sec),
        nanoseconds: UInt32(info.st_ctimespec.tv_nsec))
    #endif
    let status = path.withCString { text -> Int32 in
      item.path = text
      return git_index_add(index, &item)
    }
    try Library.check(status, "cannot add \(path) to the index")
  }

  /// Makes the folders above a path, none of which may be a link.
  private static func prepareFolders(above path: String, root: String) throws(GitError) {
    var folder = root
    for part in path.split(separator: "/").dropLast() {
      folder += "/" + part
      var info = stat()
      if lstat(folder, &info) == 0 {
        guard info.st_mode & S_IFMT == S_IFDIR else {
          throw GitError(
            .invalid, "\(folder) is no folder, and \(path) belongs beneath it", hint: "move it away")
        }
      } else if mkdir(folder, 0o777) != 0, errno != EEXIST {
        throw Library.systemError("cannot make the folder \(folder)")
      }
    }
  }

  private static func write(
    _ bytes: [UInt8], to path: String, root: String, in repository: Repository
  ) throws(GitError) {
    try prepareFolders(above: path, root: root)
    let target = root + "/" + path
    // Inside the repository: what a kill leaves is no stray file of the working tree, and the next run writes over it.
    let inside = repository.gitDirectory + "/lockstep-checkout.tmp"
    if try replace(target, with: bytes, by: inside) { return }
    // The repository is on another file system (git init --separate-git-dir).
    guard try replace(target, with: bytes, by: "\(folder(of: target))/.lockstep-checkout.tmp") else {
      throw Library.systemError("cannot write \(target)")
    }
  }

  private static func folder(of path: String) -> Substring {
    path[..<(path.lastIndex(of: "/") ?? path.endIndex)]
  }

  /// Puts bytes in a file's place by a rename; false where the temporary file is on another file system.
  private static func replace(
    _ target: String, with bytes: [UInt8], by temporary: String
  ) throws(GitError) -> Bool {
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o666)
    guard descriptor >= 0 else { throw Library.systemError("cannot write \(target)") }
    do throws(GitError) {
      defer { close(descriptor) }
      try PackFile.writeAll(bytes, to: descriptor, target)
      if rename(temporary, target) == 0 { return true }
      guard errno == EXDEV else { throw Library.systemError("cannot write \(target)") }
    } catch {
      unlink(temporary)
      throw error
    }
    unlink(temporary)
    return false
  }

  private static func remove(_ path: String, root: String) throws(GitError) {
    guard unlink(root + "/" + path) == 0 || errno == ENOENT || errno == ENOTDIR else {
      throw Library.systemError("cannot remove \(root)/\(path)")
    }
    var parts = path.split(separator: "/").dropLast()
    while !parts.isEmpty, rmdir(root + "/" + parts.joined(separator: "/")) == 0 { parts.removeLast() }
  }
}

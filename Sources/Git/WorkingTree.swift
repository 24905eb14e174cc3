import CLibgit2
import Programs

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The files of a working tree, touched only where a change names them.
package enum WorkingTree {
  /// The paths at which the working tree or the index is neither what a change starts from nor what it leads to, or at
  /// which something stands that is no folder where one is needed.
  package static func localEdits(_ changes: [TreeChange], in repository: Repository) throws(GitError)
    -> [String]
  {
    guard let root = repository.workingDirectory else { return [] }
    let pointer = repository.handle.pointer
    let index = try Handle(freeing: git_index_free, "cannot read the index") {
      git_repository_index($0, pointer)
    }
    let removed = Set(changes.lazy.filter { $0.new == nil }.map(\.path))
    return changes.filter { change in
      if let obstacle = obstacle(above: change.path, root: root), !removed.contains(obstacle) { return true }
      let file = blob(at: change.path, root: root, removed: removed)
      let staged = git_index_get_bypath(index.pointer, change.path, 0).map { ObjectID($0.pointee.id) }
      let allowed = [change.old?.id, change.new?.id]
      return !allowed.contains(file) || !allowed.contains(staged)
    }.map(\.path)
  }

  /// Refuses what a working tree of a region cannot hold as it is: anything but ordinary files with names in UTF-8.
  /// - Throws: `GitError` (`.unsupported`) naming the entry.
  package static func check(_ changes: [TreeChange], in source: some ObjectSource) throws(GitError) {
    for change in changes {
      guard let entry = change.new else { continue }
      guard entry.mode == 0o100644, change.isNamedInUTF8 else {
        throw GitError(
          .unsupported, "\(change.path) is a link, a program, a repository or a name that is no UTF-8",
          hint: "take it out where it was committed: a region holds ordinary files only")
      }
      guard source.contains(entry.id) else {
        throw GitError(
          .corrupt, "the object \(entry.id) of \(change.path) is missing",
          hint: "git fsck; fetch it from a peer")
      }
    }
  }

  /// What stands above a path and is no folder (a link to one is none), or nil.
  static func obstacle(above path: String, root: String) -> String? {
    var folder = ""
    for part in path.utf8.split(separator: UInt8(ascii: "/")).dropLast() {
      folder += (folder.isEmpty ? "" : "/") + String(decoding: part, as: UTF8.self)
      var info = stat()
      guard lstat("\(root)/\(folder)", &info) == 0 else { return nil }
      if info.st_mode & S_IFMT != S_IFDIR { return folder }
    }
    return nil
  }

  /// The id that a file would have as a blob; nil where there is nothing, or a folder of which the same changes take
  /// everything away; zero for anything else.
  static func blob(at path: String, root: String, removed: Set<String>) -> ObjectID? {
    let place = root + "/" + path
    var info = stat()
    guard lstat(place, &info) == 0 else { return nil }
    switch info.st_mode & S_IFMT {
    case S_IFREG: return contents(of: place).map { Repository.hash(.blob, $0) } ?? .zero
    case S_IFDIR: return holdsOnly(removed, path, root: root) ? nil : .zero
    default: return .zero
    }
  }

  /// Whether every file beneath a folder is one of those that are removed.
  private static func holdsOnly(_ removed: Set<String>, _ folder: String, root: String) -> Bool {
    FolderNames.list("\(root)/\(folder)").allSatisfy { name in
      let path = "\(folder)/\(name)"
      return removed.contains(path) || holdsOnly(removed, path, root: root) && isFolder("\(root)/\(path)")
    }
  }

  private static func isFolder(_ path: String) -> Bool {
    var info = stat()
    return lstat(path, &info) == 0 && info.st_mode & S_IFMT == S_IFDIR
  }

  static func contents(of path: String) -> [UInt8]? {
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
  /// removed. The index is read anew right before it is written: what a person staged meanwhile stays.
  /// - Throws: `GitError` at the first file that cannot be written; running it again goes on.
  package static func update(_ changes: [TreeChange], in repository: Repository) throws(GitError) {
    guard let root = repository.workingDirectory, !changes.isEmpty else { return }
    for change in changes where change.new == nil { try remove(change.path, root: root) }
    var entries: [(path: String, item: git_index_entry)] = []
    for change in changes {
      guard let entry = change.new else { continue }
      try write(repository.read(entry.id).bytes, to: change.path, root: root, in: repository)
      entries.append((change.path, try indexEntry(change.path, entry, root: root)))
    }
    let pointer = repository.handle.pointer
    let index = try Handle(freeing: git_index_free, "cannot read the index") {
      git_repository_index($0, pointer)
    }
    let indexPointer = index.pointer
    try repository.takingLock("index.lock") { () throws(GitError) in
      try Library.check(git_index_read(indexPointer, 1), "cannot read the index of \(root)")
      for change in changes where change.new == nil { git_index_remove(indexPointer, change.path, 0) }
      for (path, item) in entries {
        var item = item
        let status = path.withCString { text -> Int32 in
          item.path = text
          return git_index_add(indexPointer, &item)
        }
        try Library.check(status, "cannot add \(path) to the index")
      }
      try Library.check(git_index_write(indexPointer), "cannot write the index of \(root)")
    }
  }

  private static func indexEntry(
    _ path: String, _ entry: TreeEntry, root: String
  ) throws(GitError) -> git_index_entry {
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
      let (modified, changed) = (info.st_mtim, info.st_ctim)
    #else
      let (modified, changed) = (info.st_mtimespec, info.st_ctimespec)
    #endif
    item.mtime = git_index_time(
      seconds: Int32(truncatingIfNeeded: modified.tv_sec), nanoseconds: UInt32(modified.tv_nsec))
    item.ctime = git_index_time(
      seconds: Int32(truncatingIfNeeded: changed.tv_sec), nanoseconds: UInt32(changed.tv_nsec))
    return item
  }

  /// Makes the folders above a path, none of which may be a link.
  private static func prepareFolders(above path: String, root: String) throws(GitError) {
    var folder = root
    for part in path.utf8.split(separator: UInt8(ascii: "/")).dropLast() {
      folder += "/" + String(decoding: part, as: UTF8.self)
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
    if let obstacle = obstacle(above: path, root: root) {
      guard isLink("\(root)/\(obstacle)") else { return }
      throw GitError(
        .invalid, "\(root)/\(obstacle) is a link, and links are never followed", hint: "move it away")
    }
    guard unlink(root + "/" + path) == 0 || errno == ENOENT || errno == EISDIR else {
      throw Library.systemError("cannot remove \(root)/\(path)")
    }
    var parts = path.utf8.split(separator: UInt8(ascii: "/")).dropLast().map {
      String(decoding: $0, as: UTF8.self)
    }
    while !parts.isEmpty, rmdir(root + "/" + parts.joined(separator: "/")) == 0 { parts.removeLast() }
  }

  private static func isLink(_ path: String) -> Bool {
    var info = stat()
    return lstat(path, &info) == 0 && info.st_mode & S_IFMT == S_IFLNK
  }
}

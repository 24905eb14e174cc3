import MediaResources

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// An open folder beneath which every access stays.
///
/// Paths are relative; each component is opened by itself and no link is followed, so neither a document nor a link that
/// somebody plants leads outside. Links and special files are refused by name. A value for one folder may be used from
/// several tasks at once: it holds a descriptor that never changes.
package final class RootedFolder: Sendable {
  /// The folder's path, for messages.
  package let path: String
  let descriptor: Int32
  /// Whether the folders directly in this one are never made by a write.
  ///
  /// One that is gone, such as a disk that is not mounted, would come back empty, and look like a deletion.
  let isTopFixed: Bool

  private init(path: String, descriptor: Int32, isTopFixed: Bool = false) {
    self.path = path
    self.descriptor = descriptor
    self.isTopFixed = isTopFixed
  }

  deinit { close(descriptor) }

  /// Opens a folder; the path itself may lead through links, what is beneath may not.
  /// - Parameter isTopFixed: whether the folders directly in it are never made by a write.
  /// - Throws: `ContentError`.
  package static func open(
    _ path: String, create: Bool = false, isTopFixed: Bool = false
  ) throws(ContentError) -> RootedFolder {
    if create { try makeFolders(path) }
    #if canImport(Glibc)
      let descriptor = Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    #else
      let descriptor = Darwin.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    #endif
    guard descriptor >= 0 else { throw ContentError.system("cannot open the folder \(path)") }
    return RootedFolder(path: path, descriptor: descriptor, isTopFixed: isTopFixed)
  }

  private static func makeFolders(_ path: String) throws(ContentError) {
    var built = path.hasPrefix("/") ? "" : "."
    for part in path.pathComponents where !part.isEmpty {
      built += "/" + part
      if mkdir(built, 0o755) != 0, errno != EEXIST {
        throw ContentError.system("cannot make the folder \(built)")
      }
    }
  }

  /// Opens a folder beneath this one.
  package func subfolder(_ relative: String, create: Bool = false) throws(ContentError) -> RootedFolder {
    if create { try makeFolder(relative, mode: 0o755) }
    let parts = try Self.components(of: relative, in: path)
    return RootedFolder(path: "\(path)/\(relative)", descriptor: try openFolder(parts[...]))
  }

  // MARK: Walking

  /// The components of a path.
  /// - Throws: `ContentError` (`.unsafePath`) for an absolute path, an empty component, `.` or `..`.
  static func components(of relative: String, in root: String) throws(ContentError) -> [String] {
    let parts = relative.utf8.contains(UInt8(ascii: "/")) ? relative.pathComponents : [relative]
    guard !parts.contains(where: { $0.isEmpty || $0 == "." || $0 == ".." || $0.utf8.contains(0) }) else {
      throw ContentError(.unsafePath, "'\(relative)' would lead outside \(root)")
    }
    return parts
  }

  /// Opens a folder component by component; the caller closes it.
  func openFolder(_ parts: ArraySlice<String>) throws(ContentError) -> Int32 {
    var current = descriptor
    // Itself is opened anew, as `.`: a duplicate would share its place in the listing, and a second listing would begin
    // at the end.
    for (index, part) in (parts.isEmpty ? ["."] : parts).enumerated() {
      let next = openat(current, part, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
      let failed = errno
      if current != descriptor { close(current) }
      guard next >= 0 else {
        errno = failed
        throw ContentError.system(
          "cannot open the folder \(path)/\(parts.prefix(index + 1).joined(separator: "/"))")
      }
      current = next
    }
    return current
  }

  /// Calls with the folder that a path stands in, and the path's last component.
  func withParent<Result>(
    of relative: String, _ body: (_ folder: Int32, _ name: String) throws(ContentError) -> Result
  ) throws(ContentError) -> Result {
    let parts = try Self.components(of: relative, in: path)
    guard let name = parts.last else { throw ContentError(.unsafePath, "an empty path in \(path)") }
    if parts.count == 1 { return try body(descriptor, name) }
    let folder = try openFolder(parts.dropLast())
    defer { close(folder) }
    return try body(folder, name)
  }

  // MARK: Looking

  /// What stands at a path, folders included; nil where nothing does.
  package func stat(_ relative: String) throws(ContentError) -> FileEntry? {
    do {
      return try withParent(of: relative) { folder, name throws(ContentError) in
        guard let info = try Self.look(at: name, in: folder, "\(path)/\(relative)") else { return nil }
        return FileEntry(path: relative, info)
      }
    } catch  where error.code == .notFound {
      return nil
    }
  }

  #if canImport(Glibc)
    typealias SystemStat = Glibc.stat
  #else
    typealias SystemStat = Darwin.stat
  #endif

  /// What stands under a name; nil where nothing does.
  /// - Throws: `ContentError` (`.linkOrSpecial`) for anything but a file or a folder.
  static func look(at name: String, in folder: Int32, _ place: String) throws(ContentError) -> SystemStat? {
    var info = SystemStat()
    guard fstatat(folder, name, &info, AT_SYMLINK_NOFOLLOW) == 0 else {
      if errno == ENOENT { return nil }
      throw ContentError.system("cannot look at \(place)")
    }
    guard [S_IFREG, S_IFDIR].contains(info.st_mode & S_IFMT) else {
      throw ContentError(
        .linkOrSpecial, "\(place) is a link or a special file; only files and folders may stand here",
        hint: "put the file itself in its place, or take it away")
    }
    return info
  }

  /// The files in the folder, by path in byte order; with `recursively` those in folders beneath too.
  package func list(recursively: Bool = false) throws(ContentError) -> [FileEntry] {
    try listUnordered(recursively: recursively).sorted {
      $0.path.utf8.lexicographicallyPrecedes($1.path.utf8)
    }
  }

  /// The files in the folder, or in one beneath it, in any order; paths are relative to the one that is listed.
  /// - Throws: `ContentError` (`.notFound`) where that folder is not there.
  package func listUnordered(
    in folder: String = "", recursively: Bool = false
  ) throws(ContentError) -> [FileEntry] {
    var files: [FileEntry] = []
    var waiting = [""]
    let start = folder.isEmpty ? "" : folder + "/"
    while let prefix = waiting.popLast() {
      try visit(start + prefix) { name, info in
        if info.st_mode & S_IFMT != S_IFDIR {
          files.append(FileEntry(path: prefix + name, info))
        } else if recursively {
          waiting.append(prefix + name + "/")
        }
      }
    }
    return files
  }

  /// Calls with the name of every file in a folder beneath this one, in any order; keeps none.
  ///
  /// Where the file system says what a name stands for, nothing is looked at but the folder.
  package func visitFiles(in folder: String, _ body: (_ name: String) -> Void) throws(ContentError) {
    let prefix = "\(folder)/"
    try visitNames(prefix, except: []) { (name, type, folder) throws(ContentError) in
      if type == Int(DT_DIR) { return }
      if type != Int(DT_REG) {
        let info = try Self.look(at: name, in: folder, "\(path)/\(prefix)\(name)")
        guard let info, info.st_mode & S_IFMT != S_IFDIR else { return }
      }
      body(name)
    }
  }

  /// The names of the folders in the folder, in byte order.
  /// - Parameter skipped: names that are not looked at.
  package func folders(except skipped: Set<String> = []) throws(ContentError) -> [String] {
    var names: [String] = []
    try visit("", except: skipped) { name, info in
      if info.st_mode & S_IFMT == S_IFDIR { names.append(name) }
    }
    return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  /// Whether nothing stands in the folder but folders that are empty, too.
  package func isEmpty() throws(ContentError) -> Bool {
    guard try list().isEmpty else { return false }
    for name in try folders() {
      guard try subfolder(name).isEmpty() else { return false }
    }
    return true
  }

  /// Calls with everything in one folder.
  private func visit(
    _ prefix: String, except skipped: Set<String> = [], _ body: (_ name: String, SystemStat) -> Void
  ) throws(ContentError) {
    try visitNames(prefix, except: skipped) { (name, _, folder) throws(ContentError) in
      guard let info = try Self.look(at: name, in: folder, "\(path)/\(prefix)\(name)") else { return }
      body(name, info)
    }
  }

  /// Calls with every name in one folder, the type that the file system gives with it, and the folder's descriptor.
  private func visitNames(
    _ prefix: String, except skipped: Set<String>,
    _ body: (_ name: String, _ type: Int, _ folder: Int32) throws(ContentError) -> Void
  ) throws(ContentError) {
    let parts = prefix.isEmpty ? [] : try Self.components(of: String(prefix.dropLast()), in: path)
    let folder = try openFolder(parts[...])
    guard let directory = fdopendir(folder) else {
      close(folder)
      throw ContentError.system("cannot list \(path)/\(prefix)")
    }
    defer { closedir(directory) }
    while true {
      errno = 0
      guard let entry = readdir(directory) else {
        guard errno == 0 else { throw ContentError.system("cannot list \(path)/\(prefix)") }
        return
      }
      let name = try name(of: entry, in: prefix)
      if name == "." || name == ".." || skipped.contains(name) { continue }
      try body(name, Int(entry.pointee.d_type), folder)
    }
  }

  private func name(
    of entry: UnsafeMutablePointer<dirent>, in prefix: String
  ) throws(ContentError) -> String {
    let (name, seen) = withUnsafePointer(to: &entry.pointee.d_name) {
      $0.withMemoryRebound(to: CChar.self, capacity: 256) { text in
        let name = String(validatingCString: text)
        return (name, name ?? String(cString: text))
      }
    }
    guard let name else {
      throw ContentError(
        .unsafePath, "the name of \(path)/\(prefix)\(seen) is no UTF-8",
        hint: "rename the file, or take it away")
    }
    return name
  }
}

import MediaResources

#if canImport(Glibc)
  package import Glibc
#else
  package import Darwin
#endif

/// Path arithmetic that never touches the file system, but for the current directory.
package enum FilePaths {
  /// The current working directory of the process.
  package static var currentDirectory: String {
    guard let raw = getcwd(nil, 0) else { return "/" }
    defer { free(raw) }
    return String(cString: raw)
  }

  /// `path` made absolute and freed of `.`, `..` and doubled slashes, as text.
  package static func absolute(_ path: String, relativeTo base: String = currentDirectory) -> String {
    let whole = path.hasPrefix("/") ? path : base + "/" + path
    var parts: [String] = []
    for part in whole.pathComponents {
      switch part {
      case "": continue
      case ".": continue
      case "..": if !parts.isEmpty { parts.removeLast() }
      default: parts.append(part)
      }
    }
    return "/" + parts.joined(separator: "/")
  }

  /// A path with every link in it followed, or nil where nothing stands there.
  package static func resolved(_ path: String) -> String? {
    guard let raw = realpath(path, nil) else { return nil }
    defer { free(raw) }
    return String(cString: raw)
  }

  /// Makes a folder and the folders above it.
  /// - Throws: `RegionError` with the system's reason.
  package static func makeFolders(_ path: String, mode: mode_t = 0o755) throws(RegionError) {
    var built = path.hasPrefix("/") ? "" : "."
    for part in path.pathComponents where !part.isEmpty {
      built += "/" + part
      if mkdir(built, mode) != 0, errno != EEXIST {
        let reason = String(cString: strerror(errno))
        throw RegionError(.fileSystem, "cannot make the folder \(built): \(reason)")
      }
    }
  }

  /// Makes a folder in one that must be there: what was moved away meanwhile is not begun anew.
  /// - Throws: `RegionError` with the system's reason.
  package static func makeFolder(_ path: String, mode: mode_t = 0o755) throws(RegionError) {
    guard mkdir(path, mode) != 0, errno != EEXIST else { return }
    throw RegionError(.fileSystem, "cannot make the folder \(path): \(String(cString: strerror(errno)))")
  }

  /// Whether something stands at a path (links followed).
  package static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

  /// The folder on the way to a repository that this user may not look into, or nil.
  package static func closed(_ path: String) -> String? {
    var folder = ""
    for part in absolute(path).pathComponents where !part.isEmpty {
      folder += "/" + part
      if access(folder, X_OK) != 0, errno == EACCES { return folder }
    }
    return [folder, folder + "/.git"].first { access($0, R_OK | X_OK) != 0 && errno == EACCES }
  }

  /// Flushes a folder's entries to disk, so that a rename in it survives a power cut.
  package static func syncFolder(_ path: String) {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    fsync(descriptor)
    close(descriptor)
  }

  /// Writes a small note durably; a crash may leave it cut off, so that its end must show whether it is whole.
  ///
  /// Costs one fsync, where `writeDurably` costs two.
  static func writeNote(_ bytes: [UInt8], to path: String) throws(RegionError) {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o644)
    guard descriptor >= 0 else {
      throw RegionError(.fileSystem, "cannot write \(path): \(String(cString: strerror(errno)))")
    }
    defer { close(descriptor) }
    guard write(descriptor, bytes, bytes.count) == bytes.count, fsync(descriptor) == 0 else {
      let reason = String(cString: strerror(errno))
      unlink(path)
      throw RegionError(.fileSystem, "cannot write \(path): \(reason)")
    }
  }

  /// Replaces a small file durably: a temporary file beside it, fsync, rename, fsync of the folder.
  /// - Throws: `RegionError` with the system's reason.
  /// - Parameter isModeExact: whether the mode is kept whatever the process takes off new files.
  package static func writeDurably(
    _ bytes: [UInt8], to path: String, mode: mode_t = 0o644, isModeExact: Bool = false
  ) throws(RegionError) {
    let temporary = "\(path).\(getpid()).tmp"
    func fail(_ what: String) -> RegionError {
      let reason = String(cString: strerror(errno))
      unlink(temporary)
      return RegionError(.fileSystem, "cannot \(what) \(path): \(reason)")
    }
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode)
    guard descriptor >= 0 else { throw fail("write") }
    var offset = 0
    while offset < bytes.count {
      let written = bytes.withUnsafeBytes {
        write(descriptor, $0.baseAddress.map { $0 + offset }, bytes.count - offset)
      }
      if written < 0 {
        if errno == EINTR { continue }
        close(descriptor)
        throw fail("write")
      }
      offset += written
    }
    if isModeExact { fchmod(descriptor, mode) }
    let synced = fsync(descriptor)
    close(descriptor)
    guard synced == 0 else { throw fail("flush") }
    guard rename(temporary, path) == 0 else { throw fail("replace") }
    if let slash = path.lastIndex(of: "/") { syncFolder(String(path[..<slash])) }
  }

  /// The whole of a file, or nil where there is none.
  package static func read(_ path: String) -> [UInt8]? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var info = stat()
    guard fstat(descriptor, &info) == 0 else { return nil }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(Int(info.st_size) + 1)
    var buffer = [UInt8](repeating: 0, count: max(4096, min(1 << 20, Int(info.st_size) + 1)))
    while true {
      let count = buffer.withUnsafeMutableBytes { Glibc_read(descriptor, $0) }
      if count < 0 {
        if errno == EINTR { continue }
        return nil
      }
      if count == 0 { return bytes }
      bytes.append(contentsOf: buffer[..<count])
    }
  }

  private static func Glibc_read(_ descriptor: Int32, _ buffer: UnsafeMutableRawBufferPointer) -> Int {
    #if canImport(Glibc)
      Glibc.read(descriptor, buffer.baseAddress, buffer.count)
    #else
      Darwin.read(descriptor, buffer.baseAddress, buffer.count)
    #endif
  }
}

extension FilePaths {
  /// Removes a file; where there is none, it is gone already.
  /// - Throws: `RegionError` with the system's reason.
  package static func remove(_ path: String) throws(RegionError) {
    guard unlink(path) != 0, errno != ENOENT else { return }
    throw RegionError(.fileSystem, "cannot remove \(path): \(String(cString: strerror(errno)))")
  }

  /// Finds out whether `writeDurably` could replace a file; makes a temporary one beside it and removes that.
  /// - Throws: `RegionError` with the system's reason.
  package static func checkWritable(_ path: String) throws(RegionError) {
    var info = stat()
    guard stat(path, &info) != 0 || info.st_mode & S_IFMT == S_IFREG else {
      throw RegionError(.fileSystem, "\(path) is no ordinary file")
    }
    let temporary = "\(path).\(getpid()).tmp"
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard descriptor >= 0 else {
      throw RegionError(.fileSystem, "cannot write \(path): \(String(cString: strerror(errno)))")
    }
    close(descriptor)
    unlink(temporary)
  }

  /// Replaces a file that only saves time: a temporary file and a rename, nothing flushed; a failure is ignored.
  package static func writeLightly(_ bytes: [UInt8], to path: String) { writeLightly([bytes[...]], to: path) }

  /// The same with a file's bytes in several parts.
  package static func writeLightly(_ parts: [ArraySlice<UInt8>], to path: String) {
    let temporary = "\(path).\(getpid()).tmp"
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard descriptor >= 0 else { return }
    let isWritten = parts.allSatisfy { part in
      part.withUnsafeBytes { bytes in
        var offset = 0
        while offset < bytes.count {
          let written = write(descriptor, bytes.baseAddress.map { $0 + offset }, bytes.count - offset)
          guard written > 0 else { return false }
          offset += written
        }
        return true
      }
    }
    close(descriptor)
    if !isWritten || rename(temporary, path) != 0 { unlink(temporary) }
  }
}

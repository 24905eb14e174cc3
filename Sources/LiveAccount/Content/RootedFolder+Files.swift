import CPlatform
import MediaResources

#if canImport(Glibc)
  package import Glibc
#else
  package import Darwin
#endif

extension RootedFolder {
  // MARK: Reading

  /// Opens a file to be read; the caller closes it.
  func openFile(_ relative: String) throws(ContentError) -> Int32 { try openSizedFile(relative).file }

  private func openSizedFile(_ relative: String) throws(ContentError) -> (file: Int32, size: Int) {
    try withParent(of: relative) { folder, name throws(ContentError) in
      let file = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
      guard file >= 0 else { throw ContentError.system("cannot read \(path)/\(relative)") }
      var info = SystemStat()
      guard fstat(file, &info) == 0, info.st_mode & S_IFMT == S_IFREG else {
        close(file)
        throw ContentError(.linkOrSpecial, "\(path)/\(relative) is no ordinary file")
      }
      return (file, Int(info.st_size))
    }
  }

  /// The whole of a small file.
  package func read(_ relative: String) throws(ContentError) -> [UInt8] {
    let (file, size) = try openSizedFile(relative)
    defer { close(file) }
    var bytes: [UInt8] = []
    var room = size + 1
    while true {
      var failure: Int32 = 0
      let chunk = [UInt8](unsafeUninitializedCapacity: room) { buffer, count in
        #if canImport(Glibc)
          let got = Glibc.read(file, buffer.baseAddress, room)
        #else
          let got = Darwin.read(file, buffer.baseAddress, room)
        #endif
        if got < 0 { failure = errno }
        count = max(got, 0)
      }
      if failure == EINTR { continue }
      errno = failure
      guard failure == 0 else { throw ContentError.system("cannot read \(path)/\(relative)") }
      if bytes.isEmpty { bytes = chunk } else { bytes += chunk }
      if chunk.count < room { return bytes }
      room = 64 * 1024
    }
  }

  /// Some bytes of a file; fewer where it ends before.
  package func read(_ relative: String, from offset: Int64, count: Int) throws(ContentError) -> [UInt8] {
    let file = try openFile(relative)
    defer { close(file) }
    var bytes = [UInt8](repeating: 0, count: count)
    var done = 0
    while done < count {
      let got = bytes.withUnsafeMutableBytes {
        pread(file, $0.baseAddress.map { $0 + done }, count - done, off_t(offset) + off_t(done))
      }
      if got < 0, errno == EINTR { continue }
      guard got >= 0 else { throw ContentError.system("cannot read \(path)/\(relative)") }
      if got == 0 { break }
      done += got
    }
    return Array(bytes[..<done])
  }

  /// A file piece by piece.
  /// - Returns: the file as it was when it was opened and when it ended, to see whether it changed meanwhile.
  @discardableResult
  func readChunks(
    _ relative: String, size: Int, _ body: (ArraySlice<UInt8>) throws(ContentError) -> Void
  ) throws(ContentError) -> (before: FileEntry, after: FileEntry) {
    let file = try openFile(relative)
    defer { close(file) }
    func look() throws(ContentError) -> FileEntry {
      var info = SystemStat()
      guard fstat(file, &info) == 0 else { throw ContentError.system("cannot look at \(path)/\(relative)") }
      return FileEntry(path: relative, info)
    }
    let before = try look()
    var buffer = [UInt8](repeating: 0, count: size)
    while true {
      #if canImport(Glibc)
        let count = buffer.withUnsafeMutableBytes { Glibc.read(file, $0.baseAddress, $0.count) }
      #else
        let count = buffer.withUnsafeMutableBytes { Darwin.read(file, $0.baseAddress, $0.count) }
      #endif
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw ContentError.system("cannot read \(path)/\(relative)") }
      if count == 0 { break }
      try body(buffer[..<count])
    }
    return (before, try look())
  }

  // MARK: Writing

  /// Makes a file that must not be there yet; folders above it are made.
  /// - Parameter isFlushed: whether its bytes are on the disk when this returns.
  package func create(
    _ relative: String, _ bytes: [UInt8], mode: mode_t, isFlushed: Bool = true
  ) throws(ContentError) {
    try makeParents(of: relative)
    try withParent(of: relative) { folder, name throws(ContentError) in
      let place = "\(path)/\(relative)"
      let file = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode)
      guard file >= 0 else { throw ContentError.system("cannot write \(place)") }
      defer { close(file) }
      do throws(ContentError) {
        try Self.writeAll(bytes[...], to: file, place)
        if isFlushed, fsync(file) != 0 { throw ContentError.system("cannot flush \(place)") }
      } catch {
        unlinkat(folder, name, 0)
        throw error
      }
    }
  }

  /// Opens a file to be written at its end, made where it is missing; the caller closes it.
  func openForAppending(_ relative: String) throws(ContentError) -> Int32 {
    try withParent(of: relative) { folder, name throws(ContentError) in
      let file = openat(folder, name, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0o644)
      guard file >= 0 else { throw ContentError.system("cannot write \(path)/\(relative)") }
      return file
    }
  }

  /// Makes everything durable that was written to this folder's file system.
  package func flushFileSystem() throws(ContentError) {
    guard lockstep_flush(descriptor) == 0 else { throw ContentError.system("cannot flush \(path)") }
  }

  /// Writes all bytes to a descriptor.
  static func writeAll(_ bytes: ArraySlice<UInt8>, to file: Int32, _ place: String) throws(ContentError) {
    var offset = 0
    while offset < bytes.count {
      let count = bytes.withUnsafeBytes { buffer -> Int in
        let start = buffer.baseAddress.map { $0 + offset }
        #if canImport(Glibc)
          return Glibc.write(file, start, buffer.count - offset)
        #else
          return Darwin.write(file, start, buffer.count - offset)
        #endif
      }
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw ContentError.system("cannot write \(place)") }
      offset += count
    }
  }

  /// Makes a folder, and those above it.
  /// - Parameter isFlushed: whether they are on the disk when this returns.
  /// - Throws: `ContentError` (`.lost`) where the first of them must be there and is not.
  package func makeFolder(
    _ relative: String, mode: mode_t, isFlushed: Bool = true
  ) throws(ContentError) {
    let parts = try Self.components(of: relative, in: path)
    var current = try openFolder([])
    defer { close(current) }
    for (index, part) in parts.enumerated() {
      if isTopFixed, index == 0 {
        guard try Self.look(at: part, in: current, "\(path)/\(part)") != nil else {
          throw ContentError(
            .lost, "\(path)/\(part) is gone, and is not made anew: empty, it would look like a deletion",
            hint: "bring it back; mount its disk, say")
        }
      } else if mkdirat(current, part, index == parts.count - 1 ? mode : 0o755) == 0 {
        if isFlushed { fsync(current) }
      } else if errno != EEXIST {
        throw ContentError.system("cannot make the folder \(path)/\(relative)")
      }
      let next = openat(current, part, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
      guard next >= 0 else { throw ContentError.system("cannot open the folder \(path)/\(relative)") }
      close(current)
      current = next
    }
  }

  func makeParents(of relative: String, isFlushed: Bool = true) throws(ContentError) {
    let parent = relative.pathComponents.dropLast().joined(separator: "/")
    guard !parent.isEmpty else { return }
    if try stat(parent) == nil { try makeFolder(parent, mode: 0o755, isFlushed: isFlushed) }
  }

  // MARK: Moving and removing

  /// Renames a file or a folder; a file in the way is replaced.
  /// - Parameter isFlushed: whether folders that are made for it are on the disk when this returns.
  package func rename(
    from old: String, to new: String, isFlushed: Bool = true
  ) throws(ContentError) {
    try makeParents(of: new, isFlushed: isFlushed)
    try withParents(of: old, new) { oldFolder, oldName, newFolder, newName throws(ContentError) in
      guard renameat(oldFolder, oldName, newFolder, newName) == 0 else {
        throw ContentError.system("cannot rename \(path)/\(old) to \(new)")
      }
    }
  }

  /// Puts a folder in another one's place, which gets its name, by one step; false where the file system cannot.
  package func exchange(_ a: String, _ b: String) throws(ContentError) -> Bool {
    try withParents(of: a, b) { aFolder, aName, bFolder, bName throws(ContentError) in
      if lockstep_exchange(aFolder, aName, bFolder, bName) == 0 { return true }
      guard errno == EINVAL || errno == ENOSYS || errno == ENOTSUP else {
        throw ContentError.system("cannot exchange \(path)/\(a) and \(b)")
      }
      return false
    }
  }

  private func withParents<Result>(
    of a: String, _ b: String,
    _ body: (_ aFolder: Int32, _ aName: String, _ bFolder: Int32, _ bName: String) throws(ContentError) ->
      Result
  ) throws(ContentError) -> Result {
    try withParent(of: a) { aFolder, aName throws(ContentError) in
      try withParent(of: b) { bFolder, bName throws(ContentError) in try body(aFolder, aName, bFolder, bName)
      }
    }
  }

  /// Removes every file that an inventory does not name.
  func removeFiles(besides inventory: ContentInventory) throws(ContentError) {
    let wanted = Set(inventory.files.map { Array($0.path.utf8) })
    for entry in try list(recursively: true) where !wanted.contains(Array(entry.path.utf8)) {
      try remove(entry.path)
    }
  }

  /// Removes a file, and with `pruning` the folders above it that become empty; one that is gone already is no error.
  package func remove(_ relative: String, pruning: Bool = true) throws(ContentError) {
    do {
      try withParent(of: relative) { folder, name throws(ContentError) in
        guard unlinkat(folder, name, 0) == 0 || errno == ENOENT else {
          throw ContentError.system("cannot remove \(path)/\(relative)")
        }
      }
      var parts = try Self.components(of: relative, in: path).dropLast()
      while pruning, !parts.isEmpty {
        let isGone = try withParent(of: parts.joined(separator: "/")) { folder, name throws(ContentError) in
          unlinkat(folder, name, AT_REMOVEDIR) == 0
        }
        guard isGone else { return }
        parts = parts.dropLast()
      }
    } catch  where error.code == .notFound {}
  }

  /// Removes a folder with everything in it.
  package func removeTree(_ relative: String) throws(ContentError) {
    guard try stat(relative) != nil else { return }
    let folder = try subfolder(relative)
    for name in try folder.folders() { try removeTree("\(relative)/\(name)") }
    for entry in try folder.list() {
      try withParent(of: "\(relative)/\(entry.path)") { parent, name throws(ContentError) in
        guard unlinkat(parent, name, 0) == 0 || errno == ENOENT else {
          throw ContentError.system("cannot remove \(path)/\(relative)/\(entry.path)")
        }
      }
    }
    try withParent(of: relative) { parent, name throws(ContentError) in
      guard unlinkat(parent, name, AT_REMOVEDIR) == 0 || errno == ENOENT else {
        throw ContentError.system("cannot remove the folder \(path)/\(relative)")
      }
    }
  }

  /// Flushes a folder's entries to disk.
  package func syncFolder(_ relative: String) throws(ContentError) {
    let folder = try openFolder(Self.components(of: relative, in: path)[...])
    fsync(folder)
    close(folder)
  }

  // MARK: Sharing

  /// Makes a file of another folder appear here under the same path, by a hard link and a rename: no bytes are copied.
  ///
  /// Files are only ever replaced by renames, so what was linked stays as it was when its source takes another form.
  /// Across file systems the bytes are copied.
  package func link(_ relative: String, from source: RootedFolder) throws(ContentError) {
    try makeParents(of: relative)
    try source.withParent(of: relative) { sourceFolder, sourceName throws(ContentError) in
      guard let info = try Self.look(at: sourceName, in: sourceFolder, "\(source.path)/\(relative)") else {
        throw ContentError(.notFound, "\(source.path)/\(relative) is gone")
      }
      guard info.st_mode & S_IFMT == S_IFREG else {
        throw ContentError(.linkOrSpecial, "\(source.path)/\(relative) is no ordinary file")
      }
      try withParent(of: relative) { folder, name throws(ContentError) in
        let temporary = ".lockstep-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
        if linkat(sourceFolder, sourceName, folder, temporary, 0) != 0 {
          guard errno == EXDEV || errno == EMLINK || errno == EPERM || errno == EOPNOTSUPP else {
            throw ContentError.system("cannot publish \(path)/\(relative)")
          }
          let parent = relative.pathComponents.dropLast()
          do throws(ContentError) {
            try copy(relative, from: source, to: (parent + [temporary]).joined(separator: "/"))
          } catch {
            unlinkat(folder, temporary, 0)
            throw error
          }
        }
        guard renameat(folder, temporary, folder, name) == 0 else {
          unlinkat(folder, temporary, 0)
          throw ContentError.system("cannot publish \(path)/\(relative)")
        }
        // Renaming one link over another to the same file does nothing, and leaves the temporary name.
        unlinkat(folder, temporary, 0)
      }
    }
  }

  /// Copies a file piece by piece, where it cannot be linked.
  private func copy(_ relative: String, from source: RootedFolder, to new: String) throws(ContentError) {
    let output = try openForAppending(new)
    defer { close(output) }
    let (before, after) = try source.readChunks(relative, size: 1 << 20) { chunk throws(ContentError) in
      try Self.writeAll(chunk, to: output, "\(path)/\(relative)")
    }
    guard after.isUnchanged(since: before), fsync(output) == 0 else {
      throw ContentError(.changed, "\(source.path)/\(relative) changed while it was published")
    }
  }

  /// Puts a relative link to a folder of this one into another, for web servers; one that is there already stays.
  package func linkFolder(_ name: String, into folder: String) throws(ContentError) {
    let descriptor = try openFolder(Self.components(of: folder, in: path)[...])
    defer { close(descriptor) }
    guard symlinkat("../\(name)", descriptor, name) == 0 || errno == EEXIST else {
      throw ContentError.system("cannot link \(path)/\(folder)/\(name)")
    }
  }

  /// Whether a path is the very same file here and in another folder.
  package func isSameFile(_ relative: String, as source: RootedFolder) throws(ContentError) -> Bool {
    guard let mine = try stat(relative), let theirs = try source.stat(relative) else { return false }
    return mine.inode == theirs.inode && mine.size == theirs.size && mine.modified == theirs.modified
  }
}

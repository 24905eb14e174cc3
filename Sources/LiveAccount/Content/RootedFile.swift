import MediaResources

#if canImport(Glibc)
  package import Glibc
#else
  package import Darwin
#endif

/// An open file beneath a folder: the same bytes to its reader, whatever takes its name meanwhile.
///
/// Several tasks may read it at once; only one may write it.
package final class RootedFile: Sendable {
  /// The file's path, for messages.
  package let path: String
  /// The file as it was when it was opened.
  package let entry: FileEntry
  private let descriptor: Int32

  fileprivate init(path: String, descriptor: Int32) throws(ContentError) {
    self.path = path
    self.descriptor = descriptor
    entry = try Self.look(descriptor, path)
  }

  deinit { close(descriptor) }

  private static func look(_ descriptor: Int32, _ path: String) throws(ContentError) -> FileEntry {
    var info = RootedFolder.SystemStat()
    guard fstat(descriptor, &info) == 0 else { throw ContentError.system("cannot look at \(path)") }
    return FileEntry(path: path, info)
  }

  /// The file as it is now.
  package func look() throws(ContentError) -> FileEntry { try Self.look(descriptor, path) }

  /// Some bytes; fewer where the file ends before.
  package func read(from offset: Int64, count: Int) throws(ContentError) -> [UInt8] {
    var failure: Int32 = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, done in
      while done < count {
        let got = pread(
          descriptor, buffer.baseAddress.map { $0 + done }, count - done, off_t(offset) + off_t(done))
        if got < 0, errno == EINTR { continue }
        if got < 0 { failure = errno }
        if got <= 0 { break }
        done += got
      }
    }
    errno = failure
    guard failure == 0 else { throw ContentError.system("cannot read \(path)") }
    return bytes
  }

  /// Writes bytes at the end.
  package func append(_ bytes: ArraySlice<UInt8>) throws(ContentError) {
    try RootedFolder.writeAll(bytes, to: descriptor, path)
  }

  /// Puts what was written on the disk.
  package func flush() throws(ContentError) {
    guard fsync(descriptor) == 0 else { throw ContentError.system("cannot flush \(path)") }
  }
}

extension RootedFolder {
  /// Opens a file for reading.
  /// - Throws: `ContentError`: `.notFound`; `.linkOrSpecial` for anything but an ordinary file.
  package func open(_ relative: String) throws(ContentError) -> RootedFile {
    try RootedFile(path: "\(path)/\(relative)", descriptor: openFile(relative))
  }

  /// Opens a new file for writing, which must not be there yet; folders above it are made.
  package func openNew(_ relative: String, mode: mode_t) throws(ContentError) -> RootedFile {
    try makeParents(of: relative)
    let descriptor = try withParent(of: relative) { folder, name throws(ContentError) in
      let file = openat(folder, name, O_RDWR | O_APPEND | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode)
      guard file >= 0 else { throw ContentError.system("cannot write \(path)/\(relative)") }
      return file
    }
    return try RootedFile(path: "\(path)/\(relative)", descriptor: descriptor)
  }
}

import Crypto
import Programs

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The bytes of a pack that is being written: in memory while small, in a temporary file beyond that.
final class PackFile {
  private static let memoryLimit = 512 << 10

  private let folder: String
  private var buffer: [UInt8] = []
  private var descriptor: Int32 = -1
  private var temporary: String?
  /// Bytes in the file.
  private var flushed = 0

  init(folder: String) {
    self.folder = folder
    buffer.append(contentsOf: "PACK".utf8)
    buffer.append(contentsOf: [0, 0, 0, 2, 0, 0, 0, 0])
  }

  deinit { discard() }

  /// Where the next byte goes.
  var offset: Int { flushed + buffer.count }

  /// Appends bytes, and spills to the file when memory holds enough.
  func append(_ bytes: [UInt8]) throws(GitError) {
    buffer += bytes
    if buffer.count > Self.memoryLimit { try spill() }
  }

  /// Bytes that were appended.
  func read(_ range: Range<Int>) throws(GitError) -> [UInt8] {
    if range.lowerBound >= flushed {
      return Array(buffer[(range.lowerBound - flushed)..<(range.upperBound - flushed)])
    }
    if range.upperBound > flushed { try spill() }
    var bytes = [UInt8](repeating: 0, count: range.count)
    let count = bytes.withUnsafeMutableBytes {
      pread(descriptor, $0.baseAddress, $0.count, off_t(range.lowerBound))
    }
    guard count == range.count else {
      throw Library.systemError("cannot read back an unfinished pack in \(folder)")
    }
    return bytes
  }

  private func spill() throws(GitError) {
    if descriptor < 0 { try openTemporary() }
    try Self.writeAll(buffer, to: descriptor, "a pack in \(folder)")
    flushed += buffer.count
    buffer.removeAll(keepingCapacity: true)
  }

  private func openTemporary() throws(GitError) {
    removeAbandoned()
    let path = "\(folder)/\(Self.prefix)\(getpid())_\(UInt32.random(in: 0...UInt32.max))"
    descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o444)
    guard descriptor >= 0 else { throw Library.systemError("cannot write a pack in \(folder)") }
    temporary = path
    // Says that somebody is at it: a lock ends with its process, however that ends.
    _ = flock(descriptor, LOCK_EX | LOCK_NB)
  }

  /// What unfinished packs are called: by a name that git's own upkeep takes away, too, weeks later.
  private static let prefix = "tmp_pack_lockstep_"

  /// Takes away the unfinished packs of processes that were killed: those that nobody holds locked.
  private func removeAbandoned() {
    for name in FolderNames.list(folder) where name.hasPrefix(Self.prefix) && !name.hasSuffix("_idx") {
      let path = "\(folder)/\(name)"
      let abandoned = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
      guard abandoned >= 0 else { continue }
      defer { close(abandoned) }
      var info = stat()
      // One without a byte may be new, and about to be locked.
      guard fstat(abandoned, &info) == 0, info.st_size > 0, flock(abandoned, LOCK_EX | LOCK_NB) == 0 else {
        continue
      }
      unlink(path)
      unlink(path + "_idx")
    }
  }

  /// Completes the pack: object count, checksum, everything flushed to disk.
  /// - Returns: the temporary file and the pack's checksum.
  func complete(objectCount: Int) throws(GitError) -> (path: String, checksum: [UInt8]) {
    var count: [UInt8] = []
    withUnsafeBytes(of: UInt32(objectCount).bigEndian) { count.append(contentsOf: $0) }
    var hash = Insecure.SHA1()
    if flushed == 0 {
      buffer.replaceSubrange(8..<12, with: count)
      buffer.withUnsafeBytes { hash.update(bufferPointer: $0) }
      let checksum = Array(hash.finalize())
      buffer += checksum
      try spill()
      return try synced(checksum)
    }
    try spill()
    guard pwrite(descriptor, count, 4, 8) == 4 else {
      throw Library.systemError("cannot write a pack in \(folder)")
    }
    var position = 0
    while position < flushed {
      let bytes = try read(position..<min(position + (4 << 20), flushed))
      bytes.withUnsafeBytes { hash.update(bufferPointer: $0) }
      position += bytes.count
    }
    let checksum = Array(hash.finalize())
    buffer = checksum
    try spill()
    return try synced(checksum)
  }

  private func synced(_ checksum: [UInt8]) throws(GitError) -> (path: String, checksum: [UInt8]) {
    guard fsync(descriptor) == 0, let temporary else {
      throw Library.systemError("cannot flush a pack in \(folder)")
    }
    // It stays open, and locked, until it has its name.
    self.temporary = nil
    return (temporary, checksum)
  }

  /// Throws the bytes away.
  func discard() {
    if descriptor >= 0 { close(descriptor) }
    descriptor = -1
    if let temporary { unlink(temporary) }
    temporary = nil
    buffer = []
  }

  /// Writes all bytes to a descriptor.
  static func writeAll(_ bytes: [UInt8], to descriptor: Int32, _ target: String) throws(GitError) {
    var offset = 0
    while offset < bytes.count {
      let count = bytes.withUnsafeBytes {
        write(descriptor, $0.baseAddress.map { $0 + offset }, bytes.count - offset)
      }
      if count < 0 {
        if errno == EINTR { continue }
        throw Library.systemError("cannot write \(target)")
      }
      offset += count
    }
  }
}

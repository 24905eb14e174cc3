#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Writes objects into one pack of our own: hashed, deflated, emitted; no delta search.
///
/// What was written can be read at once through the writer, though the repository does not see it before `finish`. An
/// object that the repository has already is written again: nearly all are new, looking costs more than a copy of the
/// few, and git's maintenance drops those.
/// `finish` leaves one fsynced pack with its index, or nothing where nothing was new. Trees may be stored as short
/// chains of differences to the trees that they replace; blobs never are, because small ones must be quick to read.
package final class PackWriter: ObjectSource, ObjectSink {
  /// How long a chain of tree differences may become.
  static let maximumChain = 10

  private struct Pending {
    let kind: ObjectKind
    /// The object's bytes; nil for blobs, which are read back from the pack.
    let bytes: [UInt8]?
    let size: Int
    /// The deflated bytes in the pack.
    let stored: Range<Int>
    let start: Int
    let chain: Int
  }

  private let repository: Repository
  private let folder: String
  private let file: PackFile
  private let deflater: Deflater
  /// Where objects are looked up that the repository has not.
  private let other: (any ObjectSource)?
  private var pending: [ObjectID: Pending] = [:]
  private var entries: [PackIndex.Entry] = []

  /// A writer for a repository; touches no disk until there is much to write.
  /// - Parameter other: objects that can be read through the writer as if the repository had them.
  package init(repository: Repository, reading other: (any ObjectSource)? = nil) throws(GitError) {
    self.repository = repository
    self.other = other
    folder = repository.objectsDirectory + "/pack"
    file = PackFile(folder: folder)
    deflater = try Deflater()
  }

  /// How many objects are to be written.
  package var pendingCount: Int { entries.count }

  // MARK: Reading

  package func read(_ id: ObjectID) throws(GitError) -> (kind: ObjectKind, bytes: [UInt8]) {
    guard let object = pending[id] else {
      if let other, !repository.contains(id), other.contains(id) { return try other.read(id) }
      return try repository.read(id)
    }
    if let bytes = object.bytes { return (object.kind, bytes) }
    return (object.kind, try Deflater.inflate(file.read(object.stored)[...], size: object.size))
  }

  package func contains(_ id: ObjectID) -> Bool {
    pending[id] != nil || repository.contains(id) || other?.contains(id) == true
  }

  package func size(of id: ObjectID) throws(GitError) -> Int {
    if let object = pending[id] { return object.size }
    if let other, !repository.contains(id), other.contains(id) { return try other.size(of: id) }
    return try repository.size(of: id)
  }

  // MARK: Writing

  @discardableResult
  package func write(
    _ kind: ObjectKind, _ bytes: [UInt8], replacing base: ObjectID?
  ) throws(GitError) -> ObjectID {
    let id = Repository.hash(kind, bytes)
    try write(kind, bytes, as: id, replacing: base)
    return id
  }

  /// An object made ready to be written: hashed and deflated, away from any repository and on any thread.
  package struct PreparedBlob: Sendable {
    /// The object's id.
    package let id: ObjectID
    fileprivate let size: Int
    fileprivate let deflated: [UInt8]
  }

  /// Makes blobs ready; the costly part of writing them, for several threads at once.
  package static func prepare(_ blobs: some Sequence<[UInt8]>) throws(GitError) -> [PreparedBlob] {
    let deflater = try Deflater()
    var prepared: [PreparedBlob] = []
    for bytes in blobs {
      var deflated: [UInt8] = []
      try deflater.append(bytes, to: &deflated)
      prepared.append(
        PreparedBlob(id: Repository.hash(.blob, bytes), size: bytes.count, deflated: deflated))
    }
    return prepared
  }

  /// Writes a blob that was made ready.
  package func write(_ blob: PreparedBlob) throws(GitError) {
    guard pending[blob.id] == nil else { return }
    var entry: [UInt8] = []
    Self.appendHeader(type: ObjectKind.blob.packType, size: blob.size, to: &entry)
    let headerCount = entry.count
    entry += blob.deflated
    try append(entry, headerCount: headerCount, as: blob.id, .blob, bytes: nil, size: blob.size, chain: 0)
  }

  private func append(
    _ entry: [UInt8], headerCount: Int, as id: ObjectID, _ kind: ObjectKind, bytes: [UInt8]?, size: Int,
    chain: Int
  ) throws(GitError) {
    let start = file.offset
    try file.append(entry)
    entries.append(PackIndex.Entry(id: id, checksum: Deflater.checksum(entry[...]), offset: start))
    pending[id] = Pending(
      kind: kind, bytes: bytes, size: size, stored: (start + headerCount)..<(start + entry.count),
      start: start,
      chain: chain)
  }

  /// Writes an object whose id is known to be right.
  func write(_ kind: ObjectKind, _ bytes: [UInt8], as id: ObjectID, replacing base: ObjectID?)
    throws(GitError)
  {
    guard pending[id] == nil else { return }
    let start = file.offset
    var entry: [UInt8] = []
    var chain = 0
    var payload = bytes
    if kind == .tree, let (baseStart, baseChain, delta) = difference(of: bytes, to: base) {
      chain = baseChain + 1
      payload = delta
      Self.appendHeader(type: 6, size: delta.count, to: &entry)
      Self.appendDistance(start - baseStart, to: &entry)
    } else {
      Self.appendHeader(type: kind.packType, size: bytes.count, to: &entry)
    }
    let headerCount = entry.count
    try deflater.append(payload, to: &entry)
    try append(
      entry, headerCount: headerCount, as: id, kind, bytes: kind == .blob ? nil : bytes, size: bytes.count,
      chain: chain)
  }

  /// A tree as a difference to one that is in this pack too.
  private func difference(of bytes: [UInt8], to base: ObjectID?) -> (start: Int, chain: Int, delta: [UInt8])?
  {
    guard bytes.count > 256, let base, let object = pending[base], object.kind == .tree,
      let old = object.bytes,
      object.chain < Self.maximumChain, let delta = TreeDelta.make(from: old, to: bytes)
    else { return nil }
    return (object.start, object.chain, delta)
  }

  private static func appendHeader(type: UInt8, size: Int, to bytes: inout [UInt8]) {
    var byte = type << 4 | UInt8(size & 15)
    var rest = size >> 4
    while rest > 0 {
      bytes.append(byte | 0x80)
      byte = UInt8(rest & 0x7F)
      rest >>= 7
    }
    bytes.append(byte)
  }

  /// The distance back to a delta's base (gitformat-pack, OBJ_OFS_DELTA).
  private static func appendDistance(_ distance: Int, to bytes: inout [UInt8]) {
    var digits = [UInt8(distance & 0x7F)]
    var rest = distance >> 7
    while rest > 0 {
      rest -= 1
      digits.append(UInt8(rest & 0x7F) | 0x80)
      rest >>= 7
    }
    bytes += digits.reversed()
  }

  // MARK: Ending

  /// Makes everything durable: the pack, then its index, then their names.
  ///
  /// The repository sees the objects afterwards.
  /// - Throws: `GitError` (`.noSpace`, `.io`); nothing is visible then.
  package func finish() throws(GitError) {
    guard !entries.isEmpty else { return abandon() }
    let (temporary, checksum) = try file.complete(objectCount: entries.count)
    let name = "\(folder)/pack-\(Hex.text(checksum))"
    // git's own upkeep takes an index without a pack away at once, and knows one by the end of its name.
    let indexFile = temporary + "_idx"
    do throws(GitError) {
      try Self.writeDurably(PackIndex.bytes(entries, packChecksum: checksum), to: indexFile)
      // git finds a pack by its index: the index gets its name last.
      guard rename(temporary, name + ".pack") == 0, rename(indexFile, name + ".idx") == 0 else {
        throw Library.systemError("cannot put a pack in place in \(folder)")
      }
    } catch {
      unlink(temporary)
      unlink(indexFile)
      if access(name + ".idx", F_OK) != 0 { unlink(name + ".pack") }
      throw error
    }
    Self.syncFolder(folder)
    pending = [:]
    entries = []
    try repository.refresh()
  }

  /// Throws away what was written.
  package func abandon() {
    file.discard()
    pending = [:]
    entries = []
  }

  static func writeDurably(_ bytes: [UInt8], to path: String) throws(GitError) {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o444)
    guard descriptor >= 0 else { throw Library.systemError("cannot write \(path)") }
    defer { close(descriptor) }
    try PackFile.writeAll(bytes, to: descriptor, path)
    guard fsync(descriptor) == 0 else { throw Library.systemError("cannot flush \(path)") }
  }

  static func syncFolder(_ path: String) {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    fsync(descriptor)
    close(descriptor)
  }
}

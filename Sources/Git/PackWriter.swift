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

  /// A tree whose bytes are at hand: one that later ones may be stored as a difference to, or is stored so itself.
  private struct KeptTree {
    let bytes: [UInt8]
    let chain: Int
  }

  /// Smaller trees are stored whole.
  private static let smallestDelta = 256

  private let repository: Repository
  private let folder: String
  private let file: PackFile
  private let deflater: Deflater
  /// Where objects are looked up that the repository has not.
  private let other: (any ObjectSource)?
  private var entries: [PackIndex.Entry] = []
  /// Finds the entries by their ids.
  private var slots = HashSlots()
  private var trees: [ObjectID: KeptTree] = [:]

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
    if let tree = trees[id] { return (.tree, tree.bytes) }
    guard let number = number(of: id) else {
      if let other, !repository.contains(id), other.contains(id) { return try other.read(id) }
      return try repository.read(id)
    }
    let entry = try stored(number)
    let object = try PackHeader(of: entry)
    return (object.kind, try Deflater.inflate(entry[object.count...], size: object.size))
  }

  package func contains(_ id: ObjectID) -> Bool {
    number(of: id) != nil || repository.contains(id) || other?.contains(id) == true
  }

  package func size(of id: ObjectID) throws(GitError) -> Int {
    if let tree = trees[id] { return tree.bytes.count }
    if let number = number(of: id) { return try PackHeader(of: stored(number)).size }
    if let other, !repository.contains(id), other.contains(id) { return try other.size(of: id) }
    return try repository.size(of: id)
  }

  private func number(of id: ObjectID) -> Int? {
    slots.first(hash: id.hashValue) { entries[$0].id == id }
  }

  /// An entry as it stands in the pack, header and all.
  private func stored(_ number: Int) throws(GitError) -> ArraySlice<UInt8> {
    let end = number + 1 < entries.count ? entries[number + 1].offset : file.offset
    return try file.read(entries[number].offset..<end)[...]
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
    guard number(of: blob.id) == nil else { return }
    var entry: [UInt8] = []
    PackHeader.append(type: ObjectKind.blob.packType, size: blob.size, to: &entry)
    entry += blob.deflated
    try append(entry, as: blob.id)
  }

  private func append(_ entry: [UInt8], as id: ObjectID) throws(GitError) {
    let start = file.offset
    try file.append(entry)
    entries.append(PackIndex.Entry(id: id, checksum: Deflater.checksum(entry[...]), offset: start))
    slots.insert(entries.count - 1, hash: id.hashValue) { entries[$0].id.hashValue }
  }

  /// Writes an object whose id is known to be right.
  func write(_ kind: ObjectKind, _ bytes: [UInt8], as id: ObjectID, replacing base: ObjectID?)
    throws(GitError)
  {
    guard number(of: id) == nil else { return }
    let start = file.offset
    var entry: [UInt8] = []
    var chain = 0
    var payload = bytes
    if kind == .tree, let (baseStart, baseChain, delta) = difference(of: bytes, to: base) {
      chain = baseChain + 1
      payload = delta
      PackHeader.append(type: 6, size: delta.count, to: &entry)
      Self.appendDistance(start - baseStart, to: &entry)
    } else {
      PackHeader.append(type: kind.packType, size: bytes.count, to: &entry)
    }
    try deflater.append(payload, to: &entry)
    try append(entry, as: id)
    // Small ones are most of them, and quick to read back.
    if kind == .tree, bytes.count > Self.smallestDelta { trees[id] = KeptTree(bytes: bytes, chain: chain) }
  }

  /// A tree as a difference to one that is in this pack too.
  private func difference(of bytes: [UInt8], to base: ObjectID?) -> (start: Int, chain: Int, delta: [UInt8])?
  {
    guard bytes.count > Self.smallestDelta, let base, let old = trees[base], old.chain < Self.maximumChain,
      let number = number(of: base), let delta = TreeDelta.make(from: old.bytes, to: bytes)
    else { return nil }
    return (entries[number].offset, old.chain, delta)
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
      // In the order of the index, which no entry is looked for in any more.
      slots = HashSlots()
      entries.sort { $0.id < $1.id }
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
    abandon()
    try repository.refresh()
  }

  /// Throws away what was written and is not in its place.
  package func abandon() {
    file.discard()
    entries = []
    slots = HashSlots()
    trees = [:]
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

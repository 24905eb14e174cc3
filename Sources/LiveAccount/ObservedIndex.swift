import CanonicalJSON
package import Git
import MediaResources
package import RegionRepository

/// What each resource of an account looked like when it was last read, so that only changed ones are read again.
///
/// A file beside the repository; safe to delete, at the cost of one full reading. Valid for one `mirrored/` tree: the
/// entry of a resource names its path and the blob that stands for it there.
package struct ObservedIndex: Equatable {
  /// One resource as it was seen.
  package struct Entry: Equatable, Sendable {
    /// The mark that the listing carried.
    package var stamp: ObservationStamp
    /// The path under `mirrored/`.
    package let path: String
    /// The blob in the live tree.
    package let blob: ObjectID
  }

  /// The `mirrored/` tree that all entries agree with, or nil where it is empty.
  package var tree: ObjectID?
  /// Key of the listing to what was seen.
  package var entries: [String: Entry]

  private static let magic = Array("lockstep-observed-1\n".utf8)

  /// An index that knows nothing.
  package init(tree: ObjectID?, entries: [String: Entry] = [:]) {
    self.tree = tree
    self.entries = entries
  }

  /// Reads the index of a region; one that is missing, damaged, or of another account or other bindings knows nothing.
  package init(of region: RegionRepository, context: String) throws {
    self.init(tree: nil)
    guard let bytes = FilePaths.read(try Self.path(of: region)), bytes.starts(with: Self.magic) else {
      return
    }
    var reader = ByteReader(bytes: bytes, offset: Self.magic.count)
    guard reader.string() == context, let tree = reader.objectID(), let count = reader.integer() else {
      return
    }
    var entries: [String: Entry] = [:]
    entries.reserveCapacity(Int(min(count, 10_000_000)))
    for _ in 0..<count {
      guard let key = reader.string(), let a = reader.integer(), let b = reader.integer(),
        let c = reader.integer(),
        let d = reader.integer(), let path = reader.string(), let blob = reader.objectID()
      else { return }
      entries[key] = Entry(stamp: ObservationStamp(SIMD4(a, b, c, d)), path: path, blob: blob)
    }
    self.tree = tree == .zero ? nil : tree
    self.entries = entries
  }

  /// Writes the index, replacing the old one by a rename.
  ///
  /// A failure is ignored: the index only saves time.
  package func save(for region: RegionRepository, context: String) {
    var bytes = Self.magic
    bytes.reserveCapacity(entries.count * 160)
    bytes.append(string: context)
    bytes.append(objectID: tree ?? .zero)
    bytes.append(integer: UInt64(entries.count))
    for (key, entry) in entries {
      bytes.append(string: key)
      for index in 0..<4 { bytes.append(integer: entry.stamp.words[index]) }
      bytes.append(string: entry.path)
      bytes.append(objectID: entry.blob)
    }
    if let path = try? Self.path(of: region) { FilePaths.writeLightly(bytes, to: path) }
  }

  private static func path(of region: RegionRepository) throws -> String {
    try region.stateFolder() + "/observed"
  }
}

/// Reads the fixed little fields of the index; nil at the first one that is not there.
private struct ByteReader {
  let bytes: [UInt8]
  var offset: Int

  mutating func integer() -> UInt64? {
    guard offset + 8 <= bytes.count else { return nil }
    var value: UInt64 = 0
    for index in 0..<8 { value |= UInt64(bytes[offset + index]) << (8 * UInt64(index)) }
    offset += 8
    return value
  }

  mutating func string() -> String? {
    guard let count = integer(), count <= UInt64(bytes.count - offset) else { return nil }
    let end = offset + Int(count)
    defer { offset = end }
    return String(decoding: bytes[offset..<end], as: UTF8.self)
  }

  mutating func objectID() -> ObjectID? {
    guard offset + 20 <= bytes.count else { return nil }
    defer { offset += 20 }
    return ObjectID(bytes: bytes[offset..<(offset + 20)])
  }
}

extension [UInt8] {
  fileprivate mutating func append(integer: UInt64) {
    Swift.withUnsafeBytes(of: integer.littleEndian) { append(contentsOf: $0) }
  }

  fileprivate mutating func append(string: String) {
    append(integer: UInt64(string.utf8.count))
    append(contentsOf: string.utf8)
  }

  fileprivate mutating func append(objectID: ObjectID) { objectID.appendRaw(to: &self) }
}

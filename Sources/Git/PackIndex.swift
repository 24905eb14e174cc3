import Crypto

/// The index of a pack, version 2 (gitformat-pack): which object stands at which offset.
enum PackIndex {
  /// One object of the pack.
  struct Entry {
    let id: ObjectID
    let checksum: UInt32
    let offset: Int
  }

  /// The index's bytes.
  /// - Parameter sorted: the objects in the order of their ids.
  static func bytes(_ sorted: [Entry], packChecksum: [UInt8]) -> [UInt8] {
    var bytes: [UInt8] = [0xFF, 0x74, 0x4F, 0x63, 0, 0, 0, 2]
    bytes.reserveCapacity(1100 + sorted.count * 28)
    func append(_ value: UInt32) { withUnsafeBytes(of: value.bigEndian) { bytes.append(contentsOf: $0) } }
    var total: UInt32 = 0
    var next = 0
    for first in 0..<256 {
      while next < sorted.count, sorted[next].id.firstByte == first {
        next += 1
        total += 1
      }
      append(total)
    }
    for entry in sorted { entry.id.appendRaw(to: &bytes) }
    for entry in sorted { append(entry.checksum) }
    var large: [UInt64] = []
    for entry in sorted {
      if entry.offset < 1 << 31 {
        append(UInt32(entry.offset))
      } else {
        append(1 << 31 | UInt32(large.count))
        large.append(UInt64(entry.offset))
      }
    }
    for offset in large { withUnsafeBytes(of: offset.bigEndian) { bytes.append(contentsOf: $0) } }
    bytes += packChecksum
    bytes += Array(Insecure.SHA1.hash(data: bytes))
    return bytes
  }
}

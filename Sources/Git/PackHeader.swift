/// What stands before an object in a pack: what it is, and how long (gitformat-pack).
struct PackHeader {
  /// The kind of an object that is stored whole.
  let kind: ObjectKind
  /// The object's size in bytes, inflated.
  let size: Int
  /// The bytes of the header itself.
  let count: Int

  /// Reads the header at the beginning of an entry.
  /// - Throws: `GitError` (`.corrupt`) for one that is no whole object.
  init(of entry: ArraySlice<UInt8>) throws(GitError) {
    guard let first = entry.first else { throw Self.damage }
    var size = Int(first & 15)
    var shift = 4
    var count = 1
    var byte = first
    while byte & 0x80 != 0 {
      guard count < entry.count, shift < 60 else { throw Self.damage }
      byte = entry[entry.startIndex + count]
      size |= Int(byte & 0x7F) << shift
      shift += 7
      count += 1
    }
    guard let kind = ObjectKind(packType: first >> 4 & 7) else { throw Self.damage }
    self.kind = kind
    self.size = size
    self.count = count
  }

  private static var damage: GitError {
    GitError(.corrupt, "an object in an unfinished pack cannot be read back")
  }

  static func append(type: UInt8, size: Int, to bytes: inout [UInt8]) {
    var byte = type << 4 | UInt8(size & 15)
    var rest = size >> 4
    while rest > 0 {
      bytes.append(byte | 0x80)
      byte = UInt8(rest & 0x7F)
      rest >>= 7
    }
    bytes.append(byte)
  }
}

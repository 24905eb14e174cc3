import Git

/// Reads the little fields of files that only save time; nil at the first one that is not there.
package struct RecordReader {
  private let bytes: [UInt8]
  /// Where the next field stands.
  package private(set) var offset = 0

  package init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// A number of 64 bits.
  package mutating func integer() -> UInt64? {
    guard offset + 8 <= bytes.count else { return nil }
    let value = bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: UInt64.self) }
    offset += 8
    return UInt64(littleEndian: value)
  }

  /// A text, its length before it.
  package mutating func string() -> String? {
    guard let count = integer(), count <= UInt64(bytes.count - offset) else { return nil }
    let end = offset + Int(count)
    defer { offset = end }
    return String(decoding: bytes[offset..<end], as: UTF8.self)
  }

  /// A mark of four words.
  package mutating func stamp() -> ObservationStamp? {
    guard let a = integer(), let b = integer(), let c = integer(), let d = integer() else { return nil }
    return ObservationStamp(SIMD4(a, b, c, d))
  }

  mutating func objectID() -> ObjectID? {
    guard offset + 20 <= bytes.count else { return nil }
    defer { offset += 20 }
    return ObjectID(bytes: bytes[offset..<(offset + 20)])
  }
}

extension [UInt8] {
  /// Appends a number of 64 bits.
  package mutating func append(record integer: UInt64) {
    Swift.withUnsafeBytes(of: integer.littleEndian) { append(contentsOf: $0) }
  }

  /// Appends a text, its length before it.
  package mutating func append(record text: String) {
    append(record: UInt64(text.utf8.count))
    append(contentsOf: text.utf8)
  }

  /// Appends a mark of four words.
  package mutating func append(record stamp: ObservationStamp) {
    for index in 0..<4 { append(record: stamp.words[index]) }
  }
}

/// The name of a git object: the 20 bytes of its SHA-1.
package struct ObjectID: Hashable, Sendable {
  private let high: UInt64
  private let middle: UInt64
  private let low: UInt32

  private init(high: UInt64, middle: UInt64, low: UInt32) {
    self.high = high
    self.middle = middle
    self.low = low
  }

  /// Takes 20 raw bytes; nil for any other number of them.
  package init?(bytes: ArraySlice<UInt8>) {
    guard bytes.count == 20 else { return nil }
    self = bytes.withUnsafeBytes { ObjectID(raw: $0.baseAddress.unsafelyUnwrapped) }
  }

  /// Takes 20 raw bytes from memory.
  init(raw: UnsafeRawPointer) {
    high = UInt64(bigEndian: raw.loadUnaligned(as: UInt64.self))
    middle = UInt64(bigEndian: raw.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
    low = UInt32(bigEndian: raw.loadUnaligned(fromByteOffset: 16, as: UInt32.self))
  }

  /// Takes 40 hexadecimal digits; nil for anything else.
  package init?(hex: some StringProtocol) {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(20)
    var half: UInt8?
    for character in hex.utf8 {
      let digit: UInt8
      switch character {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = character - UInt8(ascii: "0")
      case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = character - UInt8(ascii: "a") + 10
      case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = character - UInt8(ascii: "A") + 10
      default: return nil
      }
      if let high = half {
        bytes.append(high << 4 | digit)
        half = nil
      } else {
        half = digit
      }
    }
    guard half == nil else { return nil }
    self.init(bytes: bytes[...])
  }

  /// The id of no object.
  package static let zero = ObjectID(high: 0, middle: 0, low: 0)

  /// The id of the tree without entries, 4b825dc6….
  package static let emptyTree = ObjectID(
    high: 0x4b82_5dc6_42cb_6eb9, middle: 0xa060_e54b_f8d6_9288, low: 0xfbee_4904)

  /// Appends the 20 raw bytes.
  package func appendRaw(to bytes: inout [UInt8]) {
    withUnsafeBytes(of: high.bigEndian) { bytes.append(contentsOf: $0) }
    withUnsafeBytes(of: middle.bigEndian) { bytes.append(contentsOf: $0) }
    withUnsafeBytes(of: low.bigEndian) { bytes.append(contentsOf: $0) }
  }

  /// The first byte: the folder of a loose object, the fan-out of an index.
  var firstByte: Int { Int(high >> 56) }

  /// The 40 hexadecimal digits.
  package var hex: String {
    var raw: [UInt8] = []
    raw.reserveCapacity(20)
    appendRaw(to: &raw)
    return Hex.text(raw)
  }

  /// The first ten digits, for people.
  package var abbreviated: String { String(hex.prefix(10)) }
}

extension ObjectID: Comparable, CustomStringConvertible {
  package static func < (a: ObjectID, b: ObjectID) -> Bool {
    if a.high != b.high { return a.high < b.high }
    if a.middle != b.middle { return a.middle < b.middle }
    return a.low < b.low
  }

  package var description: String { hex }
}

/// Bytes as hexadecimal digits.
enum Hex {
  static func text(_ bytes: some Collection<UInt8>) -> String {
    String(unsafeUninitializedCapacity: bytes.count * 2) { buffer in
      var index = 0
      for byte in bytes {
        for digit in [byte >> 4, byte & 15] {
          buffer[index] = digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10
          index += 1
        }
      }
      return index
    }
  }
}

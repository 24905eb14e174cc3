/// Base64 without padding, in the only form that encodes given bytes (RFC 4648 §3.2, §3.5).
package enum RawBase64 {
  /// The characters for 62 and 63.
  package enum Alphabet: Sendable {
    /// `+` and `/` (RFC 4648 §4).
    case standard
    /// `-` and `_` (RFC 4648 §5).
    case urlSafe

    fileprivate var last: (UInt8, UInt8) {
      switch self {
      case .standard: (UInt8(ascii: "+"), UInt8(ascii: "/"))
      case .urlSafe: (UInt8(ascii: "-"), UInt8(ascii: "_"))
      }
    }
  }

  /// The text of some bytes.
  package static func encode(_ bytes: [UInt8], alphabet: Alphabet = .standard) -> String {
    String(decoding: encoded(bytes[...], alphabet: alphabet), as: UTF8.self)
  }

  /// The bytes of a text; nil where it is not what `encode` makes of some bytes.
  ///
  /// Padding, other characters (line ends, too), a lone last character and trailing bits that are not zero are refused.
  package static func decode(_ text: String, alphabet: Alphabet = .standard) -> [UInt8]? {
    decoded(Array(text.utf8)[...], alphabet: alphabet)
  }

  /// The characters of some bytes.
  static func encoded(_ bytes: ArraySlice<UInt8>, alphabet: Alphabet = .standard) -> [UInt8] {
    let characters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789".utf8)
    let table = characters + [alphabet.last.0, alphabet.last.1]
    var text: [UInt8] = []
    text.reserveCapacity((bytes.count * 4 + 2) / 3)
    var buffer: UInt32 = 0
    var bits: UInt32 = 0
    for byte in bytes {
      buffer = buffer << 8 | UInt32(byte)
      bits += 8
      while bits >= 6 {
        bits -= 6
        text.append(table[Int(buffer >> bits & 63)])
      }
    }
    if bits > 0 { text.append(table[Int(buffer << (6 - bits) & 63)]) }
    return text
  }

  /// The bytes of some characters, or nil.
  static func decoded(_ text: ArraySlice<UInt8>, alphabet: Alphabet = .standard) -> [UInt8]? {
    guard text.count % 4 != 1 else { return nil }
    let last = alphabet.last
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.count * 3 / 4)
    var buffer: UInt32 = 0
    var bits: UInt32 = 0
    for character in text {
      let value: UInt8
      switch character {
      case UInt8(ascii: "A")...UInt8(ascii: "Z"): value = character - UInt8(ascii: "A")
      case UInt8(ascii: "a")...UInt8(ascii: "z"): value = character - UInt8(ascii: "a") + 26
      case UInt8(ascii: "0")...UInt8(ascii: "9"): value = character - UInt8(ascii: "0") + 52
      case last.0: value = 62
      case last.1: value = 63
      default: return nil
      }
      buffer = buffer << 6 | UInt32(value)
      bits += 6
      if bits >= 8 {
        bits -= 8
        bytes.append(UInt8(truncatingIfNeeded: buffer >> bits))
      }
    }
    guard buffer & (1 << bits - 1) == 0 else { return nil }
    return bytes
  }
}

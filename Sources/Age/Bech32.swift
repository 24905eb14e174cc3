/// Text with a checksum that holds recipients and identities (BIP 173, of any length).
enum Bech32 {
  /// Why a text is not Bech32, in words that complete "it …".
  struct Failure: Error {
    let reason: String
  }

  private static let alphabet = Array("qpzry9x8gf2tvdw0s3jn54khce6mua7l".utf8)
  private static let separator = UInt8(ascii: "1")
  private static let checksumLength = 6

  /// The text for some bytes in lower case, under a prefix in lower case.
  static func encode(prefix: String, _ bytes: [UInt8]) -> String {
    var values: [UInt8] = []
    values.reserveCapacity(bytes.count * 8 / 5 + 1 + checksumLength)
    defer { wipe(&values) }
    var buffer: UInt32 = 0
    var bits: UInt32 = 0
    for byte in bytes {
      buffer = (buffer << 8 | UInt32(byte)) & 0xFFF
      bits += 8
      while bits >= 5 {
        bits -= 5
        values.append(UInt8(buffer >> bits & 31))
      }
    }
    if bits > 0 { values.append(UInt8(buffer << (5 - bits) & 31)) }
    var sum = Checksum(prefix: Array(prefix.utf8))
    for value in values { sum.add(value) }
    for _ in 0..<checksumLength { sum.add(0) }
    let checksum = sum.value ^ 1
    for position in 0..<checksumLength {
      values.append(UInt8(checksum >> UInt32(5 * (checksumLength - 1 - position)) & 31))
    }
    return prefix + "1" + String(decoding: values.map { alphabet[Int($0)] }, as: UTF8.self)
  }

  /// The prefix, as it is written, and the bytes of a text that is all in upper or all in lower case.
  static func decode(_ text: String) throws(Failure) -> (prefix: String, bytes: [UInt8]) {
    var characters = Array(text.utf8)
    defer { wipe(&characters) }
    let upper = characters.contains { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) }
    let lower = characters.contains { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) }
    guard !(upper && lower) else { throw Failure(reason: "mixes upper and lower case") }
    guard characters.allSatisfy({ (33...126).contains($0) }) else {
      throw Failure(reason: "contains a character that cannot stand there")
    }
    guard let end = characters.lastIndex(of: separator), end > 0,
      characters.count - end - 1 >= checksumLength
    else { throw Failure(reason: "is cut off") }
    var sum = Checksum(prefix: characters[..<end].map { $0 | (upper && isUpper($0) ? 0x20 : 0) })
    var values: [UInt8] = []
    values.reserveCapacity(characters.count - end)
    defer { wipe(&values) }
    for character in characters[(end + 1)...] {
      guard let value = alphabet.firstIndex(of: isUpper(character) ? character | 0x20 : character) else {
        throw Failure(reason: "contains a character that cannot stand there")
      }
      values.append(UInt8(value))
      sum.add(UInt8(value))
    }
    guard sum.value == 1 else { throw Failure(reason: "has a typing error: its checksum is wrong") }
    return (
      String(decoding: characters[..<end], as: UTF8.self),
      try bytes(of: values[..<(values.count - checksumLength)])
    )
  }

  private static func isUpper(_ character: UInt8) -> Bool {
    (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(character)
  }

  private static func bytes(of values: ArraySlice<UInt8>) throws(Failure) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(values.count * 5 / 8)
    var buffer: UInt32 = 0
    var bits: UInt32 = 0
    for value in values {
      buffer = (buffer << 5 | UInt32(value)) & 0xFFF
      bits += 5
      if bits >= 8 {
        bits -= 8
        bytes.append(UInt8(truncatingIfNeeded: buffer >> bits))
      }
    }
    guard bits < 5, buffer & (1 << bits - 1) == 0 else { throw Failure(reason: "has bits left over") }
    return bytes
  }
}

/// The checksum of Bech32, a code over the field of 32 elements.
private struct Checksum {
  private static let generator: [UInt32] = [0x3b6a_57b2, 0x2650_8e6d, 0x1ea1_19fa, 0x3d42_33dd, 0x2a14_62b3]

  private(set) var value: UInt32 = 1

  init(prefix: [UInt8]) {
    for character in prefix { add(character >> 5) }
    add(0)
    for character in prefix { add(character & 31) }
  }

  mutating func add(_ next: UInt8) {
    let top = value >> 25
    value = (value & 0x1ff_ffff) << 5 ^ UInt32(next)
    for (bit, term) in Self.generator.enumerated() where top >> UInt32(bit) & 1 == 1 { value ^= term }
  }
}

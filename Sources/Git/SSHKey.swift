import Crypto

/// Public keys of SSH, as far as git's signatures need them.
package enum SSHKey {
  /// The fingerprint by which OpenSSH names a key, `SHA256:…`; nil where the text is no key.
  /// - Parameter text: the key in base64, the second word of its line.
  package static func fingerprint(ofLine text: String) -> String? {
    guard let bytes = decoded(text), bytes.count > 8, bytes[0...2].allSatisfy({ $0 == 0 }) else { return nil }
    return "SHA256:" + encoded(Array(SHA256.hash(data: bytes)))
  }

  private static let alphabet = Array(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

  private static func decoded(_ text: String) -> [UInt8]? {
    var result: [UInt8] = []
    var bits: UInt32 = 0
    var count = 0
    for byte in text.utf8 where byte != UInt8(ascii: "=") {
      guard let value = alphabet.firstIndex(of: byte) else { return nil }
      bits = (bits << 6 | UInt32(value)) & 0xFFFF
      count += 6
      if count >= 8 {
        count -= 8
        result.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
      }
    }
    return result
  }

  private static func encoded(_ bytes: [UInt8]) -> String {
    var result: [UInt8] = []
    var bits: UInt32 = 0
    var count = 0
    for byte in bytes {
      bits = (bits << 8 | UInt32(byte)) & 0xFFFF
      count += 8
      while count >= 6 {
        count -= 6
        result.append(alphabet[Int(bits >> UInt32(count)) & 63])
      }
    }
    if count > 0 { result.append(alphabet[Int(bits << UInt32(6 - count)) & 63]) }
    return String(decoding: result, as: UTF8.self)
  }
}

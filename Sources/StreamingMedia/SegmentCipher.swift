import Crypto
import CryptoExtras

/// Whether a segment is encrypted with a key: it opens under AES-128-CBC, ends in proper padding, and is media then.
package enum SegmentCipher {
  /// How much of a segment's start is opened, at most.
  package static let headBytes = 64 * 1024

  /// Whether a segment of some bytes can be encrypted at all.
  package static func isWhole(_ count: Int64) -> Bool { count > 0 && count % 16 == 0 }

  /// What is wrong with a segment, or nil.
  /// - Parameters:
  ///   - count: the segment's bytes.
  ///   - head: its first bytes: all of them, or `headBytes`.
  ///   - tail: its last 32 bytes; not looked at in a segment of 16.
  package static func problem(count: Int64, head: [UInt8], tail: [UInt8], key: [UInt8], vector: [UInt8])
    -> String?
  {
    guard isWhole(count) else { return "is not encrypted: its size is no multiple of 16 bytes" }
    guard let opened = decrypt(head, key: key, vector: vector), isMedia(opened) else {
      return isMedia(head) ? "is not encrypted: it is media as it stands" : "does not open with the key"
    }
    guard count > 16 else { return nil }
    guard tail.count == 32, let last = decrypt(Array(tail[16...]), key: key, vector: Array(tail[..<16])),
      let padding = last.last, (1...16).contains(padding),
      last.suffix(Int(padding)).allSatisfy({ $0 == padding })
    else { return "does not end in the padding of AES-128" }
    return nil
  }

  private static func decrypt(_ bytes: [UInt8], key: [UInt8], vector: [UInt8]) -> [UInt8]? {
    guard let iv = try? AES._CBC.IV(ivBytes: vector),
      let opened = try? AES._CBC.decrypt(bytes, using: SymmetricKey(data: key), iv: iv, noPadding: true)
    else { return nil }
    return Array(opened)
  }

  /// Whether bytes begin as media does: MPEG-TS, ISO BMFF, ADTS, MP3, AC-3, ID3, WebVTT.
  package static func isMedia(_ bytes: [UInt8]) -> Bool {
    guard bytes.count >= 12 else { return false }
    if bytes[0] == 0x47 {
      return bytes.count >= 189
        ? stride(from: 188, to: min(bytes.count, 188 * 4), by: 188).allSatisfy { bytes[$0] == 0x47 }
        : bytes.count == 188
    }
    let box = String(decoding: bytes[4..<8], as: UTF8.self)
    if ["ftyp", "styp", "moof", "moov", "sidx", "emsg", "prft"].contains(box) { return true }
    if bytes[0] == 0xFF, bytes[1] & 0xF6 == 0xF0 || bytes[1] & 0xE6 == 0xE2 { return true }
    if bytes[0] == 0x0B, bytes[1] == 0x77 { return true }
    return bytes.starts(with: "ID3".utf8) || bytes.starts(with: "WEBVTT".utf8)
  }
}

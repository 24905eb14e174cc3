import Crypto
import CryptoExtras
import LiveAccount

/// Whether a segment is encrypted with a key: it opens under AES-128-CBC, ends in proper padding, and is media then.
enum SegmentCheck {
  /// How much of a segment's start is opened.
  private static let headBytes = 64 * 1024

  /// What is wrong with a segment, or nil.
  static func problem(
    _ path: String, _ range: Range<Int64>, in folder: RootedFolder, key: [UInt8], vector: [UInt8]
  ) throws(ContentError) -> String? {
    let count = range.upperBound - range.lowerBound
    guard count > 0, count % 16 == 0 else { return "is not encrypted: its size is no multiple of 16 bytes" }
    let head = try folder.read(path, from: range.lowerBound, count: Int(min(count, Int64(headBytes))))
    guard let opened = decrypt(head, key: key, vector: vector), isMedia(opened) else {
      return isMedia(head) ? "is not encrypted: it is media as it stands" : "does not open with the key"
    }
    guard count > 16 else { return nil }
    let tail = try folder.read(path, from: range.upperBound - 32, count: 32)
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
  static func isMedia(_ bytes: [UInt8]) -> Bool {
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

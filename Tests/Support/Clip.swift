package import Foundation

/// AES-128 HLS without ffmpeg: a made-up transport stream, encrypted with openssl's own arithmetic.
package enum Clip {
  /// A transport stream as far as its packets go.
  package static func clear(packets: Int = 20, fill: UInt8 = 1) -> Data {
    var stream = Data()
    for index in 0..<packets {
      stream += Data([0x47, UInt8(index)]) + Data(repeating: fill, count: 186)
    }
    return stream
  }

  /// A segment under AES-128, with the IV of a playlist's first one.
  /// - Parameter folder: takes files on the way.
  package static func segment(_ clear: Data, key: Data, in folder: TemporaryFolder) throws -> Data {
    let (from, to) = (folder["segment-clear"], folder["segment-encrypted"])
    try clear.write(to: URL(fileURLWithPath: from))
    let hex = key.map { String(format: "%02x", $0) }.joined()
    let outcome = try Program.run(
      "openssl",
      ["enc", "-aes-128-cbc", "-K", hex, "-iv", String(repeating: "0", count: 32), "-in", from, "-out", to])
    guard outcome.status == 0 else { throw Program.Failed(what: "openssl enc", outcome: outcome) }
    return try Data(contentsOf: URL(fileURLWithPath: to))
  }

  /// Makes a clip in a folder, and returns the id and the value of its key.
  package static func encrypted(in folder: TemporaryFolder, name: String) throws -> (
    id: String, value: String
  ) {
    let id = UUID().uuidString.lowercased()
    let key = Data((0..<16).map { _ in UInt8.random(in: 0...255) })
    try folder.write(
      """
      #EXTM3U
      #EXT-X-TARGETDURATION:2
      #EXT-X-KEY:METHOD=AES-128,URI="/keys/\(id)"
      #EXTINF:2,
      film-0.ts
      #EXT-X-ENDLIST

      """, to: "\(name)/film.m3u8")
    try segment(clear(packets: 40), key: key, in: folder).write(
      to: URL(fileURLWithPath: folder["\(name)/film-0.ts"]))
    return (id, key.base64EncodedString())
  }
}

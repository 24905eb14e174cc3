import Foundation
import Support
import Testing

/// AES-128 HLS without ffmpeg: a made-up transport stream, encrypted with openssl's own arithmetic.
enum Clip {
  /// Makes a clip in a folder, and returns the id and the value of its key.
  static func encrypted(in folder: TemporaryFolder, name: String) throws -> (id: String, value: String) {
    let id = UUID().uuidString.lowercased()
    let key = (0..<16).map { _ in UInt8.random(in: 0...255) }
    var packets = Data()
    for index in 0..<40 { packets += Data([0x47, UInt8(index)]) + Data(repeating: UInt8(index), count: 186) }
    try FileManager.default.createDirectory(atPath: folder[name], withIntermediateDirectories: true)
    try packets.write(to: URL(fileURLWithPath: folder["clear.ts"]))
    let hex = key.map { String(format: "%02x", $0) }.joined()
    let outcome = try Program.run(
      "openssl",
      [
        "enc", "-aes-128-cbc", "-K", hex, "-iv", String(repeating: "0", count: 32), "-in", folder["clear.ts"],
        "-out",
        folder["\(name)/film-0.ts"],
      ])
    try #require(outcome.status == 0, "\(outcome.errors)")
    try folder.write(
      """
      #EXTM3U
      #EXT-X-TARGETDURATION:2
      #EXT-X-KEY:METHOD=AES-128,URI="/keys/\(id)"
      #EXTINF:2,
      film-0.ts
      #EXT-X-ENDLIST

      """, to: "\(name)/film.m3u8")
    return (id, Data(key).base64EncodedString())
  }
}

import Foundation
import LiveAccount
import Support
import Testing

@testable import FolderAccount

/// Which media is let through under an encrypting policy, and what is told of the rest.
@Suite struct EncryptedMediaTests {
  private static let keyID = "20000000-0000-0000-0000-000000000001"
  private static let value = [UInt8](repeating: 7, count: 16)
  private static let header = "#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI=\"/keys/\(keyID)\",IV=0x\(zeros)\n"
  private static let zeros = String(repeating: "0", count: 32)

  private func folder() throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    let clear = Clip.clear()
    try FileManager.default.createDirectory(atPath: folder["m"], withIntermediateDirectories: true)
    try clear.write(to: URL(fileURLWithPath: folder["m/clear.ts"]))
    try Clip.segment(clear, key: Data(Self.value), in: folder).write(
      to: URL(fileURLWithPath: folder["m/a.ts"]))
    return folder
  }

  private func files(_ folder: TemporaryFolder) throws -> [String] {
    try EncryptedMedia.playerFiles(
      in: RootedFolder.open(folder["m"]), keys: [ContentKeyMaterial(id: Self.keyID, value: Self.value)])
  }

  @Test(arguments: ["\n", "\r\n"]) func `an encrypted segment passes, and only what a player needs`(
    end: String
  ) throws {
    let folder = try folder()
    let text = (Self.header + "#EXTINF:2,\na.ts\n#EXT-X-ENDLIST\n").replacingOccurrences(of: "\n", with: end)
    try folder.write(text, to: "m/film.m3u8")
    #expect(try files(folder) == ["a.ts", "film.m3u8"])
  }

  @Test(arguments: [
    ("#EXTINF:2,\nclear.ts\n", "not encrypted"), ("#EXTINF:2,\ngone.ts\n", "missing"),
    ("#EXTINF:2,\n../m2/a.ts\n", "outside"), ("#EXTINF:2,\n/etc/passwd\n", "not beside"),
    ("#EXTINF:2,\n..%2fa.ts\n", "outside"), ("#EXTINF:2,\nhttp://example.com/a.ts\n", "not beside"),
    ("#EXT-X-KEY:METHOD=NONE\n#EXTINF:2,\na.ts\n", "not encrypted"),
    ("#EXT-X-KEY:METHOD=SAMPLE-AES,URI=\"/keys/x\"\n#EXTINF:2,\na.ts\n", "cannot be checked"),
    ("#EXT-X-KEY:METHOD=AES-128,URI=\"/keys/other\"\n#EXTINF:2,\na.ts\n", "does not end in the id"),
    (
      "#EXT-X-KEY:METHOD=AES-128,URI=\"/keys/20000000-0000-0000-0000-000000000001\"\n#EXT-X-MAP:URI=\"clear.ts\"\n",
      "no IV"
    ),
    ("#EXT-X-MAP:URI=\"clear.ts\"\n#EXTINF:2,\na.ts\n", "not encrypted"),
    (String(repeating: "#EXT-X-BYTERANGE:1152921504606846975\na.ts\n", count: 9), "beyond"),
    ("#EXT-X-MEDIA-SEQUENCE:18446744073709551615\n#EXTINF:2,\na.ts\n#EXTINF:2,\nb.ts\n", "missing"),
    ("", "no playlist"),
  ])
  func `what cannot be proven is refused, with file and line`(rest: String, word: String) throws {
    let folder = try folder()
    try folder.write(Self.header + rest, to: "m/film.m3u8")
    let error = #expect(throws: ContentError.self) { try files(folder) }
    #expect(error?.message.contains(word) == true, "\(error?.message ?? "")")
    #expect(error?.code == .encryption)
  }

  @Test func `random bytes never crash it`() throws {
    var random = SeededGenerator(seed: 3)
    let folder = try folder()
    let pieces = [
      "#EXTM3U", "#EXT-X-KEY:", "METHOD=AES-128", "URI=\"", "\"", ",", "IV=0x", "#EXT-X-BYTERANGE:", "@", "9",
      "-", "\n",
      "#EXT-X-MAP:", "a.ts", "%", "%2", "..", "/", "#EXT-X-STREAM-INF:", "é", "\u{301}", "\r\n", "film.m3u8",
    ]
    for _ in 0..<2_000 {
      let text =
        "#EXTM3U\n"
        + (0..<Int.random(in: 0...20, using: &random)).map { _ in
          pieces.randomElement(using: &random) ?? ""
        }.joined()
      try folder.write(text, to: "m/film.m3u8")
      _ = try? files(folder)
    }
  }
}

import Foundation
import Support
import Testing

/// The main job with real parts: ffmpeg encodes and plays, nginx serves, one region dies.
@Suite struct PlaybackTests {
  private static let player = [
    "-nostdin", "-loglevel", "error", "-allowed_extensions", "ALL", "-protocol_whitelist",
    "file,http,tcp,crypto",
  ]

  @Test(
    .enabled(
      if: Program.has("ffmpeg", "ffprobe", "nginx"), "ffmpeg or nginx is not installed: ./bootstrap --test"))
  func `a film published in east plays from west with the same URL and key when east is gone`() throws {
    let regions = try TwoRegions()
    let keyID = UUID().uuidString.lowercased()
    let locatorID = UUID().uuidString.lowercased()
    let key = try encode(in: regions.folder, keyID: keyID)
    try regions.folder.write(key.base64EncodedString(), to: "key.txt")
    try regions.succeed([
      "publish", regions.folder["film"], "-C", regions["east"], "--asset", "film", "--locator-id", locatorID,
      "--content-key", "id=\(keyID),value=@\(regions.folder["key.txt"])",
    ])
    try regions.mirrorAndApply()
    try regions.succeed(["verify", regions["east"], regions["west"], "--deep"])

    let east = try WebServer(root: regions.folder["east-account/published"])
    let west = try WebServer(root: regions.folder["west-account/published"])
    let path = "\(locatorID)/film.m3u8"
    let probe = try Program.run(
      "ffprobe",
      Array(Self.player.dropFirst(1)) + [
        "-show_entries", "stream=codec_name", "-of", "csv=p=0", east.url(path),
      ])
    #expect(probe.output.contains("h264"), "\(probe.errors)")
    let played = try frameHashes(east.url(path))
    #expect(played.contains { $0.hasPrefix("0,") })

    east.stop()
    let dead = try Program.run("ffprobe", Array(Self.player.dropFirst(1)) + [east.url(path)])
    #expect(dead.status != 0, "east must be gone")
    #expect(try frameHashes(west.url(path)) == played)
    west.stop()
    let served = try FileManager.default.contentsOfDirectory(atPath: regions.folder["west-account/keys"])
    #expect(served == [keyID])
    #expect(FileManager.default.contents(atPath: regions.folder["west-account/keys/\(keyID)"]) == key)
  }

  /// Encodes ten seconds under a random key; every run gives the same bytes for the same key.
  private func encode(in folder: TemporaryFolder, keyID: String) throws -> Data {
    let key = Data((0..<16).map { _ in UInt8.random(in: 0...255) })
    try FileManager.default.createDirectory(atPath: folder["film"], withIntermediateDirectories: true)
    try key.write(to: URL(fileURLWithPath: folder["key"]))
    try folder.write("/keys/\(keyID)\n\(folder["key"])\n", to: "keyinfo")
    let outcome = try Program.run(
      "ffmpeg",
      [
        "-nostdin", "-loglevel", "error", "-f", "lavfi", "-i", "testsrc=duration=10:size=160x90:rate=25",
        "-f", "lavfi",
        "-i", "sine=frequency=440:duration=10", "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt",
        "yuv420p", "-g",
        "50", "-c:a", "aac", "-threads", "1", "-fflags", "+bitexact", "-flags:v", "+bitexact", "-flags:a",
        "+bitexact",
        "-f", "hls", "-hls_time", "2", "-hls_playlist_type", "vod", "-hls_key_info_file", folder["keyinfo"],
        "-hls_segment_filename", folder["film/film-%03d.ts"], folder["film/film.m3u8"],
      ])
    try #require(outcome.status == 0, "\(outcome.errors)")
    return key
  }

  private func frameHashes(_ url: String) throws -> [String] {
    let outcome = try Program.run("ffmpeg", Self.player + ["-i", url, "-map", "0", "-f", "framemd5", "-"])
    try #require(outcome.status == 0, "\(outcome.errors)")
    return outcome.output.split(separator: "\n").map(String.init).filter { !$0.hasPrefix("#") }
  }
}

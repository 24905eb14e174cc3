import Foundation
import Support
import Testing

/// The main job with real parts: ffmpeg encodes and plays, nginx serves, one region dies.
@Suite struct PlaybackTests {
  private static let probe = [
    "-loglevel", "error", "-allowed_extensions", "ALL", "-protocol_whitelist", "file,http,tcp,crypto",
  ]

  @Test(
    .enabled(
      if: Program.has("ffmpeg", "ffprobe", "nginx"), "ffmpeg or nginx is not installed: ./bootstrap --test"))
  func `a film published in east plays from west with the same URL and key when east is gone`() throws {
    let regions = try TwoRegions()
    let keyID = UUID().uuidString.lowercased()
    let locatorID = UUID().uuidString.lowercased()
    let key = Film.newKey()
    try Film.encodeHLS(
      Film.Form(seconds: 10, hasSound: true), in: regions.folder, key: key, keyAddress: "/keys/\(keyID)")
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
      Self.probe + [
        "-show_entries", "stream=codec_name", "-of", "csv=p=0", east.url(path),
      ])
    #expect(probe.output.contains("h264"), "\(probe.errors)")
    let played = try #require(try Film.frames(east.url(path)))
    #expect(played.contains { $0.hasPrefix("0,") })

    east.stop()
    let dead = try Program.run("ffprobe", Self.probe + [east.url(path)])
    #expect(dead.status != 0, "east must be gone")
    #expect(try Film.frames(west.url(path)) == played)
    west.stop()
    let served = try FileManager.default.contentsOfDirectory(atPath: regions.folder["west-account/keys"])
    #expect(served == [keyID])
    #expect(FileManager.default.contents(atPath: regions.folder["west-account/keys/\(keyID)"]) == key)
  }
}

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

    let east = try Origin(root: regions.folder["east-account/published"], folder: regions.folder)
    let west = try Origin(root: regions.folder["west-account/published"], folder: regions.folder)
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

/// One nginx on a port of its own.
private final class Origin {
  private let port: Int
  private let process: ChildProcess
  private let files: TemporaryFolder

  init(root: String, folder: TemporaryFolder) throws {
    let files = try TemporaryFolder()
    let port = try Self.freePort()
    self.files = files
    self.port = port
    let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map {
      "\($0)_temp_path \(files["temporary"]);"
    }
    try files.write(
      """
      daemon off; master_process off; pid \(files["pid"]); error_log stderr;
      events {}
      http {
        access_log off; \(temporary.joined(separator: " "))
        types { application/vnd.apple.mpegurl m3u8; video/mp2t ts; }
        server { listen 127.0.0.1:\(port); root \(root); }
      }
      """, to: "nginx.conf")
    process = try Program.start(
      "nginx", ["-e", "stderr", "-p", files.path, "-c", files["nginx.conf"]])
    try waitUntilOpen()
  }

  deinit { stop() }

  func url(_ path: String) -> String { "http://127.0.0.1:\(port)/\(path)" }

  func stop() {
    process.stop()
  }

  private static func freePort() throws -> Int {
    let (descriptor, address) = try socketBound()
    close(descriptor)
    return Int(UInt16(bigEndian: address.sin_port))
  }

  private static func socketBound() throws -> (Int32, sockaddr_in) {
    #if canImport(Glibc)
      let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    #else
      let descriptor = socket(AF_INET, SOCK_STREAM, 0)
    #endif
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let status = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, size) == 0 && getsockname(descriptor, $0, &size) == 0
      }
    }
    try #require(status)
    return (descriptor, address)
  }

  private func waitUntilOpen() throws {
    for _ in 0..<500 where process.isRunning {
      if try Program.run("bash", ["-c", "exec 3<>/dev/tcp/127.0.0.1/\(port)"]).status == 0 { return }
      usleep(10_000)
    }
    Issue.record("nginx does not answer on port \(port)")
  }
}

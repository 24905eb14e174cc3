package import Foundation

/// Films of a test picture, encoded and played by ffmpeg.
package enum Film {
  /// How a film is encoded.
  package struct Form: Sendable {
    var seconds: Int
    var size: String
    var rate: Int
    var hasSound: Bool

    package init(seconds: Int, size: String = "160x90", rate: Int = 25, hasSound: Bool = false) {
      self.seconds = seconds
      self.size = size
      self.rate = rate
      self.hasSound = hasSound
    }

    /// The same bytes in every run.
    fileprivate func arguments(keyFrameEvery frames: Int) -> [String] {
      let picture = "testsrc=duration=\(seconds):size=\(size):rate=\(rate)"
      let sound = ["-f", "lavfi", "-i", "sine=frequency=440:duration=\(seconds)"]
      return ["-nostdin", "-loglevel", "error", "-f", "lavfi", "-i", picture] + (hasSound ? sound : []) + [
        "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-g", String(frames), "-c:a", "aac",
        "-threads", "1", "-fflags", "+bitexact", "-flags:v", "+bitexact", "-flags:a", "+bitexact",
      ]
    }
  }

  /// Encodes HLS under AES-128 into `name/film.m3u8` and segments of two seconds beside it.
  /// - Parameters:
  ///   - key: 16 bytes; the file `key` in the folder keeps them.
  ///   - keyAddress: where players get it.
  package static func encodeHLS(
    _ form: Form, in folder: TemporaryFolder, name: String = "film", key: Data, keyAddress: String
  ) throws {
    try key.write(to: URL(fileURLWithPath: folder["key"]))
    try folder.write("\(keyAddress)\n\(folder["key"])\n", to: "keyinfo")
    try encode(
      form.arguments(keyFrameEvery: form.rate * 2), in: folder, name: name,
      [
        "-f", "hls", "-hls_time", "2", "-hls_playlist_type", "vod", "-hls_key_info_file", folder["keyinfo"],
        "-hls_segment_filename", folder["\(name)/film-%03d.ts"], folder["\(name)/film.m3u8"],
      ])
  }

  /// Encodes clear DASH into `name/film.mpd` and segments of a second beside it.
  package static func encodeDASH(_ form: Form, in folder: TemporaryFolder, name: String) throws {
    try encode(
      form.arguments(keyFrameEvery: form.rate), in: folder, name: name,
      ["-seg_duration", "1", "-f", "dash", folder["\(name)/film.mpd"]])
  }

  private static func encode(
    _ arguments: [String], in folder: TemporaryFolder, name: String, _ more: [String]
  ) throws {
    try FileManager.default.createDirectory(atPath: folder[name], withIntermediateDirectories: true)
    let outcome = try Program.run("ffmpeg", arguments + more)
    guard outcome.status == 0 else { throw Program.Failed(what: "ffmpeg", outcome: outcome) }
  }

  /// 16 random bytes.
  package static func newKey() -> Data { Data((0..<16).map { _ in UInt8.random(in: 0...255) }) }

  /// The arguments with which ffmpeg plays a film; a line for each frame follows, and lines that begin with `#`.
  /// - Parameter headers: what it brings along with each request.
  package static func player(_ url: String, headers: String? = nil) -> [String] {
    ["-nostdin", "-loglevel", "error", "-xerror", "-allowed_extensions", "ALL"]
      + ["-protocol_whitelist", "file,http,tcp,crypto"] + (headers.map { ["-headers", $0] } ?? [])
      + ["-i", url, "-map", "0", "-f", "framemd5", "-"]
  }

  /// The frames of a film as a player shows them, or nil where it does not play.
  package static func frames(_ url: String) throws -> [String]? {
    let outcome = try Program.run("ffmpeg", player(url))
    guard outcome.status == 0 else { return nil }
    return outcome.output.split(separator: "\n").map(String.init).filter { !$0.hasPrefix("#") }
  }
}

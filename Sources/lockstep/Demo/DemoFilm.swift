import Crypto
import CryptoExtras
import LiveAccount
import MediaResources
import RegionRepository

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The film that the demo publishes: AES-128 HLS under a content key of its own.
struct DemoFilm {
  /// The id in its URL.
  let locatorID: String
  /// The content key's id, which its playlist names.
  let keyID: String
  /// The playlist that players open.
  let playlist = "film.m3u8"

  /// Encodes a test picture with ffmpeg, or encrypts a small clip that was made before where ffmpeg is missing.
  static func make(in root: String) throws -> DemoFilm {
    let film = DemoFilm(locatorID: Random.guid(), keyID: Random.guid())
    let key = Random.bytes(16)
    try FilePaths.makeFolders("\(root)/film")
    try FilePaths.writeDurably(Array(Base64.encode(key).utf8), to: "\(root)/film.key.txt", mode: 0o600)
    if try film.encode(key: key, in: root) {
      Terminal.say("# A six-second film, encoded with ffmpeg in \(root)/film.")
    } else {
      try film.encryptClip(key: key, in: root)
      Terminal.say("# ffmpeg is not here: a two-second clip that was made before, encrypted in \(root)/film.")
    }
    return film
  }

  // MARK: With ffmpeg

  private func encode(key: [UInt8], in root: String) throws -> Bool {
    let info = "\(root)/film.keyinfo"
    let raw = "\(root)/film.key"
    try FilePaths.writeDurably(key, to: raw, mode: 0o600)
    try FilePaths.writeDurably(Array("/keys/\(keyID)\n\(raw)\n".utf8), to: info, mode: 0o600)
    defer {
      unlink(info)
      unlink(raw)
    }
    let arguments = [
      "ffmpeg", "-nostdin", "-loglevel", "error", "-y", "-f", "lavfi", "-i",
      "testsrc=duration=6:size=320x180:rate=25",
      "-f", "lavfi", "-i", "sine=frequency=440:duration=6", "-c:v", "libx264", "-preset", "ultrafast",
      "-pix_fmt", "yuv420p",
      "-g", "50", "-c:a", "aac", "-f", "hls", "-hls_time", "2", "-hls_playlist_type", "vod",
      "-hls_key_info_file", info,
      "-hls_segment_filename", "\(root)/film/film-%03d.ts", "\(root)/film/\(playlist)",
    ]
    return Self.run(arguments)
  }

  /// Runs a program quietly; false where it is missing or fails.
  private static func run(_ arguments: [String]) -> Bool {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    for descriptor in [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO] {
      posix_spawn_file_actions_addopen(&actions, descriptor, "/dev/null", O_RDWR, 0)
    }
    let argv = arguments.map { strdup($0) } + [nil]
    defer { for argument in argv { free(argument) } }
    var process = pid_t()
    guard posix_spawnp(&process, arguments[0], &actions, nil, argv, environ) == 0 else { return false }
    var status: Int32 = 0
    while waitpid(process, &status, 0) < 0, errno == EINTR {}
    return status == 0
  }

  // MARK: Without ffmpeg

  private func encryptClip(key: [UInt8], in root: String) throws {
    guard let clip = Base64.decode(DemoClip.transportStream) else { return }
    let vector = Random.bytes(16)
    let encrypted = try AES._CBC.encrypt(
      clip, using: SymmetricKey(data: key), iv: AES._CBC.IV(ivBytes: vector))
    try FilePaths.writeDurably(Array(encrypted), to: "\(root)/film/film-000.ts")
    let hex = Hexadecimal.text(vector)
    let text = """
      #EXTM3U
      #EXT-X-VERSION:3
      #EXT-X-TARGETDURATION:2
      #EXT-X-MEDIA-SEQUENCE:0
      #EXT-X-PLAYLIST-TYPE:VOD
      #EXT-X-KEY:METHOD=AES-128,URI="/keys/\(keyID)",IV=0x\(hex)
      #EXTINF:2.000000,
      film-000.ts
      #EXT-X-ENDLIST

      """
    try FilePaths.writeDurably(Array(text.utf8), to: "\(root)/film/\(playlist)")
  }
}

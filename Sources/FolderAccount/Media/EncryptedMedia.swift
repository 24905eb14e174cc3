import HTTP
package import LiveAccount
import MediaResources
import StreamingMedia

/// A content key as media is checked with it.
///
/// Its value never shows in a description.
package struct ContentKeyMaterial: Sendable, CustomStringConvertible {
  /// The key's GUID.
  package let id: String
  /// The key's 16 bytes.
  let value: [UInt8]

  package init(id: String, value: [UInt8]) {
    self.id = id
    self.value = value
  }

  package var description: String { "content key \(id)" }
}

/// Which files of an asset may be published.
package enum EncryptedMedia {
  /// How many playlists and segments one asset may have.
  static let limit = 1_000_000
  /// How many bytes a playlist may have.
  static let largestPlaylist: Int64 = 256 << 20

  /// Under a policy without encryption: every file.
  package static func clearPlayerFiles(in folder: RootedFolder) throws(ContentError) -> [String] {
    try folder.list(recursively: true).map(\.path)
  }

  /// Under an encrypting policy: the files that a player needs, each segment under AES-128 with one of the keys.
  ///
  /// Starts from every playlist in the folder. The playlist must name one of the keys by its id, and the first segment
  /// of every run under one key must open with it and be media then. Files that no playlist names (a clear master, a
  /// key file) are left out. Costs the playlists and one segment a key.
  /// - Throws: `ContentError` (`.encryption`) with file, line and reason.
  package static func playerFiles(
    in folder: RootedFolder, keys: [ContentKeyMaterial]
  ) throws(ContentError) -> [String] {
    let playlists = try folder.list(recursively: true).map(\.path).filter {
      $0.lowercased().hasSuffix(".m3u8")
    }
    guard !playlists.isEmpty else {
      throw ContentError(
        .encryption, "\(folder.path) has no HLS playlist (.m3u8) whose encryption can be checked",
        hint:
          "encode it as HLS under AES-128 with the locator's key, or publish it under a policy without encryption"
      )
    }
    var check = EncryptionCheck(folder: folder, keys: keys)
    for playlist in playlists { try check.read(playlist) }
    guard check.hasSegments else {
      throw ContentError(.encryption, "no playlist in \(folder.path) names a segment")
    }
    return check.files.sorted { $0.lexicographicallyPrecedes($1) }.map { String(decoding: $0, as: UTF8.self) }
  }
}

/// One check of an asset's files.
private struct EncryptionCheck {
  let folder: RootedFolder
  let keys: [ContentKeyMaterial]
  /// The files that a player needs, by their bytes: names that Unicode calls equivalent are two names.
  private(set) var files: Set<[UInt8]> = []
  private(set) var hasSegments = false
  private var read: Set<[UInt8]> = []

  init(folder: RootedFolder, keys: [ContentKeyMaterial]) {
    self.folder = folder
    self.keys = keys
  }

  mutating func read(_ path: String) throws(ContentError) {
    guard read.insert(Array(path.utf8)).inserted else { return }
    files.insert(Array(path.utf8))
    guard let size = try folder.stat(path)?.size, size <= EncryptedMedia.largestPlaylist else {
      throw refuse(path, 1, "it is missing, or too large for a playlist")
    }
    let playlist: HLSPlaylist
    let text = String(decoding: try folder.read(path), as: UTF8.self)
    do { playlist = try HLSPlaylist(text: text) } catch { throw refuse(path, error.line, error.message) }
    for (uri, line) in playlist.playlists { try read(try resolve(uri, in: path, line: line)) }
    var opened: HLSPlaylist.Key?
    for item in playlist.items {
      guard files.count < EncryptedMedia.limit else {
        throw refuse(path, item.line, "it names too many files")
      }
      let key = try check(item.key, in: path, line: item.line)
      let file = try resolve(item.uri, in: path, line: item.line)
      guard let entry = try folder.stat(file) else { throw refuse(path, item.line, "\(file) is missing") }
      files.insert(Array(file.utf8))
      hasSegments = hasSegments || item.sequence != nil
      // The first segment under each key is opened, and every map: it may be a file of another kind.
      guard item.key != opened || item.sequence == nil else { continue }
      guard let vector = item.initializationVector else {
        throw refuse(
          path, item.line, "the key gives no IV, which an encrypted EXT-X-MAP needs (RFC 8216, 4.3.2.5)")
      }
      if item.sequence != nil { opened = item.key }
      let range = item.byteRange ?? 0..<entry.size
      guard range.upperBound <= entry.size else {
        throw refuse(path, item.line, "its byte range ends beyond \(file)")
      }
      if let problem = try SegmentCheck.problem(file, range, in: folder, key: key.value, vector: vector) {
        throw refuse(path, item.line, "\(file) \(problem) (content key \(key.id))")
      }
    }
  }

  /// The locator's key that a segment is under.
  private func check(
    _ key: HLSPlaylist.Key?, in playlist: String, line: Int
  ) throws(ContentError) -> ContentKeyMaterial {
    guard let key, key.method != "NONE" else { throw refuse(playlist, line, "this segment is not encrypted") }
    guard key.method == "AES-128" else {
      throw refuse(
        playlist, key.line, "METHOD=\(key.method) cannot be checked; a folder account takes AES-128")
    }
    let path = key.uri.map { $0.prefix { $0 != "?" && $0 != "#" } }
    let name = path?.pathComponents.last?.lowercased()
    guard let name, let match = keys.first(where: { $0.id.lowercased() == name }) else {
      let wanted = keys.map { "/keys/\($0.id.lowercased())" }.joined(separator: " or ")
      throw refuse(
        playlist, key.line,
        "the key's URI \(key.uri ?? "(none)") does not end in the id of a content key of the locator"
          + (wanted.isEmpty ? ", which has none" : ", as \(wanted) does"))
    }
    return match
  }

  /// The file that a URI of a playlist means.
  private func resolve(_ uri: String, in playlist: String, line: Int) throws(ContentError) -> String {
    guard !uri.contains("://"), uri.utf8.first != UInt8(ascii: "/"), !uri.lowercased().hasPrefix("data:")
    else {
      throw refuse(playlist, line, "\(uri) is not beside the playlist")
    }
    guard let plain = PercentEncoding.decode(uri.prefix { $0 != "?" && $0 != "#" }) else {
      throw refuse(playlist, line, "\(uri) is no URI")
    }
    guard let path = HLSPlaylist.path(plain, beside: playlist) else {
      throw refuse(playlist, line, "\(uri) leads outside the asset, or has an empty part")
    }
    return path
  }

  private func refuse(_ path: String, _ line: Int, _ message: String) -> ContentError {
    ContentError(.encryption, "\(path):\(line): \(message)")
  }
}

import HTTP
import LiveAccount
import MediaResources
import StreamingMedia

/// What players find of a locator.
package struct PlayerFiles: Sendable, Equatable {
  /// Every file, by path.
  package var all: [String] = []
  /// The HLS playlists at which a player begins: those that no other one names.
  package var playlists: [String] = []
  /// The DASH manifests.
  package var manifests: [String] = []

  package init() {}
}

extension FolderAccount {
  /// How many bytes of a playlist are read to see which other ones it names.
  private static let largestPlaylist: Int64 = 1 << 20

  /// What web servers serve for a locator id; nil where nothing is published under it.
  ///
  /// Lists the publication and reads its playlists.
  package func playerFiles(published streamingLocatorID: String) throws -> PlayerFiles? {
    let path = FolderLayout.publication(streamingLocatorID)
    guard try root.stat(path) != nil else { return nil }
    let folder = try root.subfolder(path)
    let entries = try folder.list(recursively: true)
    var files = PlayerFiles()
    files.all = entries.map(\.path)
    var named: Set<[UInt8]> = []
    for entry in entries {
      let lower = entry.path.lowercased()
      if lower.hasSuffix(".mpd") { files.manifests.append(entry.path) }
      guard lower.hasSuffix(".m3u8") else { continue }
      files.playlists.append(entry.path)
      guard entry.size <= Self.largestPlaylist else { continue }
      let text = String(decoding: try folder.read(entry.path), as: UTF8.self)
      for (uri, _) in (try? HLSPlaylist(text: text))?.playlists ?? [] {
        if let child = HLSPlaylist.resolve(uri, in: entry.path) { named.insert(Array(child.utf8)) }
      }
    }
    files.playlists.removeAll { named.contains(Array($0.utf8)) }
    return files
  }

  /// Whether a file is in an asset's container.
  package func hasFile(_ path: String, inAsset name: String) throws -> Bool {
    guard let asset = try stored(ResourceID(kind: .asset, assetName: nil, name: name)),
      let container = FolderLayout.container(AssetView(asset)), try root.stat(container) != nil
    else { return false }
    return try root.subfolder(container).stat(path) != nil
  }
}

extension HLSPlaylist {
  /// The file beneath the same root that a URI of a playlist means; nil where it leads elsewhere.
  static func resolve(_ uri: String, in playlist: String) -> String? {
    guard !uri.contains("://"), uri.utf8.first != UInt8(ascii: "/"), !uri.lowercased().hasPrefix("data:"),
      let plain = PercentEncoding.decode(uri.prefix { $0 != "?" && $0 != "#" })
    else { return nil }
    return path(plain, beside: playlist)
  }

  /// The path that a relative path of a playlist means; nil where it leads outside, or has an empty part.
  static func path(_ relative: String, beside playlist: String) -> String? {
    var parts = Array(playlist.pathComponents.dropLast())
    for part in relative.pathComponents {
      switch part {
      case ".": continue
      case "..": guard parts.popLast() != nil else { return nil }
      case "": return nil
      default: parts.append(part)
      }
    }
    return parts.joined(separator: "/")
  }
}

/// The order in which files of a presentation may be replaced while it is played.
package enum ContentOrder {
  private static let media = [".m3u8", ".mpd", ".ism", ".ismc"]

  /// Segments first, then manifests, those in deeper folders before those that name them; master playlists last.
  package static func playersSurvive(_ paths: [String]) -> [String] { waves(paths).flatMap(\.self) }

  /// The same order, files that may be replaced in any order together.
  package static func waves(_ paths: [String]) -> [[String]] {
    Dictionary(grouping: paths, by: rank).sorted { $0.key < $1.key }.map { wave in
      wave.value.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }
  }

  /// 0 for segments; for manifests more the nearer the root, and more for names that masters have.
  private static func rank(_ path: String) -> Int {
    let lower = path.lowercased()
    guard media.contains(where: { lower.hasSuffix($0) }) else { return 0 }
    let depth = min(path.utf8.count { $0 == UInt8(ascii: "/") }, 8)
    let name = lower.utf8.split(separator: UInt8(ascii: "/")).last.map { String(Substring($0)) } ?? ""
    let isMaster = ["master.m3u8", "main.m3u8", "index.m3u8", "manifest.mpd"].contains(name)
    return 1 + (8 - depth) * 2 + (isMaster ? 1 : 0)
  }
}

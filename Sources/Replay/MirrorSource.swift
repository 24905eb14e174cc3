import Git
package import RegionRepository

/// Where a mirror takes its commits from: a region repository on this machine, or a URL that git can fetch.
package enum MirrorSource {
  /// A repository that is opened directly; its objects are copied in process.
  case local(RegionRepository)
  /// A URL; the `git` program fetches, with the user's SSH, proxies and credential helpers.
  case url(String)

  /// Reads what a person gave: an existing folder is a local source, everything else with a scheme or `host:path` a URL.
  /// - Throws: `RegionError` when a folder is no region, or when the text is neither.
  package static func named(_ text: String) throws -> MirrorSource {
    if FilePaths.exists(text) { return .local(try RegionRepository.open(at: text)) }
    if text.hasPrefix("file://"), FilePaths.exists(String(text.dropFirst(7))) {
      return .local(try RegionRepository.open(at: String(text.dropFirst(7))))
    }
    guard text.contains("://") || (text.contains(":") && !text.hasPrefix("-")) else {
      throw RegionError(
        .notARegion, "there is no folder \(text)",
        hint: "give the folder of a region repository, or a URL such as ssh://host/path")
    }
    return .url(text)
  }
}

/// The source's newest commit with the region that it belongs to, its objects at hand.
struct SourceTip {
  let region: RegionName
  let commit: ObjectID
}

extension MirrorSource {
  /// The region that a tree says it is.
  static func region(of commit: ObjectID, in source: some ObjectSource, place: String) throws -> RegionName {
    let local = try source.regionTree(of: commit).local
    guard let bytes = try source.file("region.json", in: local) else {
      throw ReplayError(
        .unusableSource, "\(place) is no region: its newest commit has no \(RegionDocument.path)",
        hint: "name a repository that lockstep init made")
    }
    return try RegionDocument(bytes: bytes).name
  }
}

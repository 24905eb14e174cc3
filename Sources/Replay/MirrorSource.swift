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
    if let path = localPath(text) { return .local(try RegionRepository.open(at: path)) }
    guard text.contains("://") || (text.contains(":") && !text.hasPrefix("-")) else {
      throw missing(text)
    }
    return .url(text)
  }

  /// Opens the region in a folder of this machine.
  /// - Throws: `RegionError` where there is none, `GitError` where it cannot be read.
  package static func opened(_ folder: String) throws -> RegionRepository {
    guard FilePaths.exists(folder) else { throw missing(folder) }
    return try RegionRepository.open(at: folder)
  }

  private static func missing(_ folder: String) -> RegionError {
    RegionRepository.unreadable(folder)
      ?? RegionError(
        .notARegion, "there is no folder \(folder)",
        hint:
          "give the folder of a region repository, or to read from, a URL such as ssh://host/path; where a region has"
          + " moved, say so: git config lockstep.peer-NAME.repository PLACE")
  }
}

extension MirrorSource {
  /// Where it is, as `lockstep mirror` takes it; a password in a URL is left out.
  var place: String {
    switch self {
    case .local(let region): return region.place
    case .url(let url):
      guard let scheme = url.firstRange(of: "://") else { return url }
      let authority = url[scheme.upperBound...].prefix { $0 != "/" }
      guard let at = authority.lastIndex(of: "@"), let colon = authority[..<at].firstIndex(of: ":") else {
        return url
      }
      return String(url[..<colon] + url[at...])
    }
  }

  /// The source's objects, where they are on this machine.
  var objects: Repository? { if case .local(let region) = self { region.git } else { nil } }

  /// What a person gave, as it is kept: a folder on this machine as its absolute path, a URL as it is.
  package static func place(of text: String) -> String {
    if FilePaths.exists(text) { return FilePaths.absolute(text) }
    return localPath(text) ?? text
  }

  /// Whether a `file:///` URL means something on this machine that is no region itself, such as a clone: git fetches
  /// from it, as from another machine.
  package static func isFetchedHere(_ text: String) -> Bool { folder(text) != nil && localPath(text) == nil }

  /// The region repository on this machine that a `file:///` URL means, or nil.
  private static func localPath(_ text: String) -> String? {
    guard let path = folder(text) else { return nil }
    do { _ = try RegionRepository.open(at: path) } catch let error as RegionError
      where error.code == .notARegion
    { return nil } catch {
      // What is wrong with it is said when it is opened.
    }
    return path
  }

  private static func folder(_ text: String) -> String? {
    guard text.hasPrefix("file:///") else { return nil }
    let path = String(text.dropFirst("file://".utf8.count))
    return FilePaths.exists(path) ? path : nil
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
    guard let document = try source.regionDocument(of: commit) else {
      throw ReplayError(
        .unusableSource, "\(place) is no region: its newest commit has no \(RegionDocument.path)",
        hint: "name a repository that lockstep init made")
    }
    return document.name
  }
}

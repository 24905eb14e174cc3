/// Where a live account is, as `lockstep.account` in the repository's git configuration tells it.
package enum AccountLocation: Sendable, Equatable, CustomStringConvertible {
  /// A folder account at an absolute path.
  case folder(path: String)
  /// An account behind a REST API, by its base URL; the rest stands in `lockstep.mediaServices.*`.
  case mediaServices(url: String)

  /// Reads `folder:PATH` or `media-services:URL`.
  /// - Throws: `RegionError` naming what may stand there.
  package init(_ text: String, relativeTo base: String) throws(RegionError) {
    if let path = Self.rest(of: text, after: "folder:") {
      self = .folder(path: FilePaths.absolute(path, relativeTo: base))
    } else if let url = Self.rest(of: text, after: "media-services:") {
      // Whatever stands before it is shown nowhere.
      guard !url.utf8.contains(UInt8(ascii: "@")) else {
        throw RegionError(
          .badConfiguration, "the address of the live account holds a user or a password before an @",
          hint:
            "give the address without them, media-services:https://HOST, and the secret by a setting such as"
            + " tokenFile, apiKeyFile or clientSecretFile")
      }
      self = .mediaServices(url: url)
    } else {
      let shown = text.utf8.contains(UInt8(ascii: "@")) ? text.prefix { $0 != ":" } + ":…" : text[...]
      throw RegionError(
        .badConfiguration, "'\(shown)' is no account that this version knows",
        hint: "give the account as folder:PATH or media-services:URL")
    }
  }

  private static func rest(of text: String, after prefix: String) -> String? {
    text.hasPrefix(prefix) && text.utf8.count > prefix.utf8.count ? String(text.dropFirst(prefix.count)) : nil
  }

  package var description: String {
    switch self {
    case .folder(let path): "folder:\(path)"
    case .mediaServices(let url): "media-services:\(url)"
    }
  }
}

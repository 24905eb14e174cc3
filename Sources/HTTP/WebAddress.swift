/// Addresses of the web.
package enum WebAddress {
  /// What a URI means in a document that stands at an address (RFC 3986 §5.2), without its fragment.
  /// - Returns: nil where the address is no absolute one.
  package static func resolve(_ uri: String, against base: String) -> String? {
    guard let base = Reference(base), let scheme = base.scheme, let host = base.authority,
      let reference = Reference(uri)
    else { return nil }
    var target = reference
    if reference.scheme == nil {
      target.scheme = scheme
      if reference.authority == nil {
        target.authority = host
        if reference.path.isEmpty {
          target.path = base.path
          target.query = reference.query ?? base.query
        } else if !reference.path.hasPrefix("/") {
          // Beside the document; a base without a path is its root.
          let folder = base.path.lastIndex(of: "/").map { base.path[...$0] } ?? "/"
          target.path = folder + reference.path
        }
      }
    }
    target.path = withoutDots(target.path)[...]
    return target.text
  }

  /// An address, or what was meant to be one, as a message may show it: without user and password.
  package static func withoutCredentials(_ text: String) -> String {
    guard let start = text.firstRange(of: "://")?.upperBound else { return text }
    let authority = text[start...].prefix { !"/?#".contains($0) }
    // A password may hold what ends an authority, where nobody has encoded it.
    let end = authority.contains("@") ? authority.endIndex : text.endIndex
    guard let at = text[start..<end].lastIndex(of: "@") else { return text }
    return text[..<start] + "…" + text[at...]
  }

  /// The host, and the path with its query; nil for what is no address of a server.
  package static func parts(_ address: String) -> (host: String, path: String)? {
    guard let reference = Reference(address), reference.scheme != nil, let host = reference.authority else {
      return nil
    }
    let query = reference.query.map { "?\($0)" } ?? ""
    return (host.lowercased(), "\(reference.path.isEmpty ? "/" : reference.path)\(query)")
  }

  /// A path without the segments `.` and `..` (RFC 3986 §5.2.4).
  private static func withoutDots(_ path: Substring) -> String {
    guard path.hasPrefix("/") else { return String(path) }
    var kept: [Substring] = []
    let segments = path.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
    for (place, segment) in segments.enumerated() {
      let isLast = place == segments.count - 1
      switch segment {
      case ".": if isLast { kept.append("") }
      case "..":
        _ = kept.popLast()
        if isLast { kept.append("") }
      default: kept.append(segment)
      }
    }
    return "/" + kept.joined(separator: "/")
  }

  /// The parts of a URI reference (RFC 3986 §4.1).
  private struct Reference {
    var scheme: Substring?
    var authority: Substring?
    var path: Substring
    var query: Substring?

    /// - Returns: nil for what holds white space or control characters.
    init?(_ text: String) {
      guard text.unicodeScalars.allSatisfy({ $0.value > 0x20 && $0.value != 0x7F }) else { return nil }
      var rest = text.prefix { $0 != "#" }
      let head = rest.prefix { !":/?".contains($0) }
      if head.endIndex < rest.endIndex, rest[head.endIndex] == ":", head.first?.isLetter == true {
        scheme = head
        rest = rest[rest.index(after: head.endIndex)...]
      }
      if rest.hasPrefix("//") {
        let host = rest.dropFirst(2).prefix { !"/?".contains($0) }
        authority = host
        rest = rest[host.endIndex...]
      }
      path = rest.prefix { $0 != "?" }
      if path.endIndex < rest.endIndex { query = rest[rest.index(after: path.endIndex)...] }
    }

    var text: String {
      (scheme.map { "\($0):" } ?? "") + (authority.map { "//\($0)" } ?? "") + path
        + (query.map { "?\($0)" } ?? "")
    }
  }
}

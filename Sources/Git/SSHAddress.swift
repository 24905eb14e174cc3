/// Where a repository is that git reaches by SSH: `ssh://[USER@]HOST[:PORT]/PATH`, or `[USER@]HOST:PATH`.
package struct SSHAddress: Sendable, Equatable {
  /// The host as ssh takes it, with the user where one is named.
  package let destination: String
  /// The port; nil for the usual one.
  package let port: Int?
  /// The folder there: absolute, `~/…` or `~USER/…`, or beneath the user's home.
  package let path: String

  /// Reads a place; nil where git would not use SSH for it, or where a part would be taken for an option.
  package init?(_ place: String) {
    let schemes = ["ssh://", "git+ssh://", "ssh+git://"]
    let authority: Substring
    var path: Substring
    if let scheme = schemes.first(where: { place.hasPrefix($0) }) {
      let rest = place.dropFirst(scheme.count)
      guard let slash = rest.firstIndex(of: "/") else { return nil }
      authority = rest[..<slash]
      path = rest[slash...]
      if path.hasPrefix("/~") { path = path.dropFirst() }
      (destination, port) = Self.parts(of: authority)
    } else {
      guard !place.contains("://"), let colon = Self.colon(in: place), !place[..<colon].contains("/") else {
        return nil
      }
      path = place[place.index(after: colon)...]
      var host = place[..<colon]
      if let open = host.firstIndex(of: "["), host.last == "]" {
        host = host[..<open] + host[host.index(after: open)...].dropLast()
      }
      (destination, port) = (String(host), nil)
    }
    self.path = String(path)
    let host = destination.split(separator: "@", omittingEmptySubsequences: false).last ?? ""
    guard !host.isEmpty, !host.hasPrefix("-"), !destination.hasPrefix("-"), !self.path.isEmpty else {
      return nil
    }
  }

  /// The folder as a shell there takes it: a home directory stays for it to find.
  package var shellPath: String {
    guard path.hasPrefix("~") else { return ShellWord.quoted(path.hasPrefix("-") ? "./\(path)" : path) }
    let home = path.prefix { $0 != "/" }
    guard home.dropFirst().utf8.allSatisfy({ Self.isUserName($0) }) else { return ShellWord.quoted(path) }
    let rest = path[home.endIndex...].dropFirst()
    return rest.isEmpty ? String(home) : "\(home)/\(ShellWord.quoted(String(rest)))"
  }

  private static func isUserName(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
      true
    default: false
    }
  }

  private static func parts(of authority: Substring) -> (destination: String, port: Int?) {
    let at = authority.lastIndex(of: "@")
    let user = at.map { authority[...$0] } ?? ""
    let rest = at.map { authority[authority.index(after: $0)...] } ?? authority
    if rest.first == "[", let end = rest.firstIndex(of: "]") {
      let after = rest[rest.index(after: end)...]
      return (String(user + rest[..<end].dropFirst()), Int(after.dropFirst()))
    }
    guard let colon = rest.lastIndex(of: ":"), let port = Int(rest[rest.index(after: colon)...]) else {
      return (String(user + (rest.last == ":" ? rest.dropLast() : rest)), nil)
    }
    return (String(user + rest[..<colon]), port)
  }

  /// The colon between host and path, which is none of those in an address in brackets.
  private static func colon(in place: String) -> String.Index? {
    if let open = place.firstIndex(of: "["), let close = place[open...].firstIndex(of: "]"),
      place[..<open].allSatisfy({ $0 != ":" && $0 != "/" })
    {
      return place[close...].firstIndex(of: ":")
    }
    return place.firstIndex(of: ":")
  }
}

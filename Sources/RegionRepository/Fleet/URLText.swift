/// The URL of a server: `http` or `https`, a host and, where it is not the usual one, a port.
///
///     URLText("https://origin-east.example.net:8443")?.port      // 8443
///
/// Nothing beyond a last slash may follow: what is asked of the server is put behind it. No user, no password, no query.
package struct URLText: Sendable, Hashable, CustomStringConvertible {
  /// The URL without a slash at its end.
  package let text: String
  /// Whether the connection is encrypted (`https`).
  package let isEncrypted: Bool
  /// The host: a name, an IPv4 address, or an IPv6 address in brackets.
  package let host: String
  /// The port, the scheme's own where none is written.
  package let port: Int

  /// What a text must be.
  package static let form = "http:// or https://, a host and perhaps a port, and no path"

  /// Reads a URL, or nil where the text is none of this form.
  package init?(_ text: String) {
    guard let scheme = ["https://", "http://"].first(where: { text.hasPrefix($0) }) else { return nil }
    isEncrypted = scheme == "https://"
    var rest = text.dropFirst(scheme.count)
    if rest.hasSuffix("/") { rest = rest.dropLast() }
    self.text = scheme + rest
    let host: Substring
    let digits: Substring?
    if rest.hasPrefix("[") {
      guard let end = rest.firstIndex(of: "]") else { return nil }
      host = rest[...end]
      let after = rest[rest.index(after: end)...]
      guard after.isEmpty || after.hasPrefix(":") else { return nil }
      digits = after.isEmpty ? nil : after.dropFirst()
      guard host.utf8.count > 4, host.dropFirst().dropLast().utf8.allSatisfy(Self.isOfIPv6) else {
        return nil
      }
    } else {
      let parts = rest.split(separator: ":", omittingEmptySubsequences: false)
      guard (1...2).contains(parts.count) else { return nil }
      host = parts[0]
      digits = parts.count == 2 ? parts[1] : nil
      guard HostName.isOne(host.lowercased()) else { return nil }
    }
    self.host = String(host)
    guard let digits else {
      port = isEncrypted ? 443 : 80
      return
    }
    guard let number = Int(digits), (1...65_535).contains(number), String(number) == digits else {
      return nil
    }
    port = number
  }

  package var description: String { text }

  private static func isOfIPv6(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
      UInt8(ascii: "A")...UInt8(ascii: "F"), UInt8(ascii: ":"), UInt8(ascii: "."):
      true
    default: false
    }
  }
}

/// The names of hosts, as the Domain Name System has them.
enum HostName {
  /// Whether a text is the name of a host, in lower case: parts of 1 to 63 letters, digits and inner hyphens.
  static func isOne(_ text: String) -> Bool {
    let parts = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    return text.utf8.count <= 253
      && parts.allSatisfy { part in
        (1...63).contains(part.count) && part.first != UInt8(ascii: "-") && part.last != UInt8(ascii: "-")
          && part.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
              UInt8(ascii: "-"):
              true
            default: false
            }
          }
      }
  }
}

/// The paths of requests.
enum RequestPath {
  /// Whether a text is the path of a request, perhaps with a query: printable, and nothing that would need quoting in the
  /// configuration of a load balancer.
  static func isOne(_ text: String) -> Bool {
    text.hasPrefix("/") && text.utf8.count <= 1_000
      && text.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"):
          true
        default: "/-._~!*()+,=:@%&?".utf8.contains(byte)
        }
      }
  }

  /// Whether a text is what stands between a host's name and the rest of a path: begins and ends with a slash.
  static func isFolder(_ text: String) -> Bool {
    let parts = text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
      .map { String(decoding: $0, as: UTF8.self) }
    return isOne(text) && !text.utf8.contains(UInt8(ascii: "?")) && text.hasSuffix("/")
      && parts.dropFirst().dropLast().allSatisfy { !["", ".", ".."].contains($0) }
  }
}

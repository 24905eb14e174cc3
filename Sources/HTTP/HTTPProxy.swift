#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A proxy that requests go through.
package struct HTTPProxy: Sendable, Hashable {
  /// How it is spoken to.
  package enum Kind: Sendable, Hashable {
    /// By HTTP's CONNECT, whatever the scheme of the request: the proxy sees neither tokens nor keys under https.
    case http
    /// By SOCKS version 5.
    case socks
  }

  /// How it is spoken to.
  package let kind: Kind
  /// Its name or address, an IPv6 address without brackets.
  package let host: String
  /// Its port.
  package let port: Int
  /// Who asks it, where it wants to know.
  package let credentials: Credentials?
  /// The variable that names it.
  package let variable: String

  /// A user and a password; the description shows neither.
  package struct Credentials: Sendable, Hashable, CustomStringConvertible, CustomReflectable {
    /// The user.
    package let user: String
    /// The password.
    package let password: String

    package var description: String { "<credentials>" }
    package var customMirror: Mirror { Mirror(self, children: []) }
  }

  /// How messages name it: never with its credentials.
  package var name: String { "\(host.contains(":") ? "[\(host)]" : host):\(port) (\(variable))" }
}

extension HTTPProxy {
  /// Which proxy the environment names for a request, as curl reads it: `https_proxy`, `http_proxy`, else `all_proxy`, and
  /// `no_proxy` for hosts that are reached without one; each in capitals, too, small letters first.
  ///
  /// `HTTP_PROXY` in capitals counts for nothing in a program that a web server runs (`REQUEST_METHOD` is set): whoever sends
  /// it a request could set it.
  /// - Returns: nil where the host is reached without a proxy.
  /// - Throws: `HTTPFailure` (`.noProgram`) for a value that says nothing, without the value.
  package static func of(
    _ url: String, environment: (String) -> String?
  ) throws(HTTPFailure) -> HTTPProxy? {
    guard let host = host(of: url) else { return nil }
    func value(_ name: String) -> (name: String, text: String)? {
      for name in [name, name.uppercased()] {
        if name == "HTTP_PROXY", environment("REQUEST_METHOD") != nil { continue }
        if let text = environment(name) { return (name, text) }
      }
      return nil
    }
    let scheme = url.prefix { $0 != ":" }.lowercased()
    // A variable that is set and empty says that there is none.
    guard let (variable, text) = value("\(scheme)_proxy") ?? value("all_proxy"), !text.isEmpty,
      !isExcepted(host, by: value("no_proxy")?.text ?? "")
    else { return nil }
    return try HTTPProxy(text, variable: variable)
  }

  /// Reads `[SCHEME://][USER:PASSWORD@]HOST[:PORT]`.
  private init(_ text: String, variable: String) throws(HTTPFailure) {
    func refuse(_ reason: String) -> HTTPFailure {
      HTTPFailure(
        .noProgram, "the variable \(variable) names no proxy that can be used: \(reason)",
        hint: "export \(variable)=http://HOST:PORT, or reach the host without one: export NO_PROXY=HOST")
    }
    var rest = Substring(text.split(whereSeparator: \.isWhitespace).joined())
    var scheme = "http"
    if let end = rest.range(of: "://") {
      scheme = rest[..<end.lowerBound].lowercased()
      rest = rest[end.upperBound...]
    }
    switch scheme {
    case "http": kind = .http
    case "socks5", "socks5h": kind = .socks
    case "https": throw refuse("proxies that are spoken to over TLS are not supported")
    default: throw refuse("its scheme is none of http, socks5 and socks5h")
    }
    rest = rest.prefix { !"/?#".contains($0) }
    if let at = rest.lastIndex(of: "@") {
      let parts = rest[..<at].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
      guard let user = PercentEncoding.decode(parts[0]),
        let password = PercentEncoding.decode(parts.count > 1 ? parts[1] : "")
      else { throw refuse("its user and password are no percent-encoded UTF-8") }
      guard kind == .http else { throw refuse("a SOCKS proxy that wants a password is not supported") }
      credentials = Credentials(user: user, password: password)
      rest = rest[rest.index(after: at)...]
    } else {
      credentials = nil
    }
    guard let (host, port) = Self.hostAndPort(rest) else { throw refuse("it holds no host, or no port") }
    self.host = host
    self.port = port
    self.variable = variable
  }

  /// The port of a proxy that says none, as curl has it.
  private static let usualPort = 1_080

  private static func hostAndPort(_ text: Substring) -> (String, Int)? {
    var host = text
    var tail: Substring = ""
    if text.hasPrefix("[") {
      guard let end = text.firstIndex(of: "]") else { return nil }
      host = text[text.index(after: text.startIndex)..<end]
      tail = text[text.index(after: end)...]
    } else if let colon = text.firstIndex(of: ":") {
      host = text[..<colon]
      tail = text[colon...]
    }
    guard !host.isEmpty, tail.isEmpty || tail.hasPrefix(":") else { return nil }
    guard !tail.dropFirst().isEmpty else { return (String(host), usualPort) }
    guard let port = Int(tail.dropFirst()), (1...65_535).contains(port) else { return nil }
    return (String(host), port)
  }

  // MARK: Exceptions

  /// The host of an address, in small letters, without port and brackets.
  private static func host(of url: String) -> String? {
    guard let authority = WebAddress.parts(url)?.host else { return nil }
    let place = authority.split(separator: "@", omittingEmptySubsequences: false).last ?? ""
    return hostAndPort(place)?.0
  }

  /// Whether a list of hosts, domains, addresses and ranges of addresses (`10.0.0.0/8`) holds a host; `*` holds all.
  private static func isExcepted(_ host: String, by list: String) -> Bool {
    let entries = list.split { $0 == "," || $0.isWhitespace }.map { $0.lowercased() }
    if entries.contains("*") { return true }
    let host = host.hasSuffix(".") ? String(host.dropLast()) : host
    let address = bits(of: host)
    return entries.contains { entry in
      if let address { return range(entry).map { address.starts(with: $0) } ?? false }
      var domain = entry[...]
      while domain.hasPrefix(".") { domain.removeFirst() }
      if domain.hasSuffix(".") { domain.removeLast() }
      return !domain.isEmpty && (host == domain || host.hasSuffix(".\(domain)"))
    }
  }

  /// The bits that all addresses of a range begin with: an address alone has them all.
  private static func range(_ text: String) -> ArraySlice<Bool>? {
    let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    let bare = parts[0].hasPrefix("[") && parts[0].hasSuffix("]") ? parts[0].dropFirst().dropLast() : parts[0]
    guard let bits = bits(of: String(bare)) else { return nil }
    guard parts.count == 2 else { return bits[...] }
    return Int(parts[1]).flatMap { (0...bits.count).contains($0) ? bits.prefix($0) : nil }
  }

  /// The bits of an IPv4 or IPv6 address; nil for a name.
  private static func bits(of host: String) -> [Bool]? {
    for (family, size) in [(AF_INET, 4), (AF_INET6, 16)] {
      var bytes = [UInt8](repeating: 0, count: size)
      guard inet_pton(family, host, &bytes) == 1 else { continue }
      return bytes.flatMap { byte in (0..<8).map { byte >> (7 - $0) & 1 == 1 } }
    }
    return nil
  }
}

extension Substring {
  /// Where a text first stands in this one.
  fileprivate func range(of text: String) -> Range<Index>? {
    var start = startIndex
    while start < endIndex {
      if self[start...].hasPrefix(text) { return start..<index(start, offsetBy: text.count) }
      start = index(after: start)
    }
    return nil
  }
}

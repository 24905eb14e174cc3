import HTTP
import LiveAccount
import MediaResources

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// The link from one page of a list to the next.
enum PageLink {
  /// The URL of the next page, verbatim where it is whole; MK.IO gives a path, encoded as a whole.
  /// - Throws: `AccountError` where it leads to another machine, which must not see the token.
  static func resolve(
    _ link: String, from current: String, settings: MediaServicesSettings
  ) throws(AccountError) -> String {
    if link.hasPrefix("/") && !link.hasPrefix("//") || link.lowercased().hasPrefix("%2f") {
      // Encoded as a whole: then its query has no `=` of its own.
      let query = link.split(separator: "?", maxSplits: 1).dropFirst().first
      let isEncoded = query.map { !$0.contains("=") } ?? link.lowercased().contains("%3f")
      let path = isEncoded ? PercentEncoding.decode(link) ?? link : link
      return settings.origin + path
    }
    guard let url = URLComponents(string: link), let scheme = url.scheme?.lowercased(), let host = url.host,
      url.user == nil, url.password == nil
    else { throw refused(link, settings) }
    func number(_ url: URLComponents) -> Int { url.port ?? (url.scheme?.lowercased() == "http" ? 80 : 443) }
    guard let own = URLComponents(string: settings.origin), scheme == own.scheme,
      host.lowercased() == own.host?.lowercased(), number(url) == number(own)
    else { throw refused(link, settings) }
    return link
  }

  private static func refused(_ link: String, _ settings: MediaServicesSettings) -> AccountError {
    let host = URLComponents(string: link)?.host ?? "somewhere else"
    return AccountError(
      .refused, "\(settings.origin) sends the next page of a list to \(host), which must not see the token",
      hint: "give the address that its links lead to: git config lockstep.account media-services:URL")
  }
}

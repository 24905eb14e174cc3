import HTTP
package import LiveAccount
import MediaResources

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// Where a service is and how it is talked to, read from a region's git configuration.
///
/// Holds no secret: only where each one is to be found.
package struct MediaServicesSettings: Sendable {
  /// The profile.
  package let profile: ServiceProfile
  /// Scheme, host and port, with nothing after them.
  package let origin: String
  /// The path of the account, percent-encoded, without a slash at its end.
  package let path: String
  /// How requests are authenticated.
  package let authentication: Authentication
  /// What may be asked how often.
  package let allowances: [Billing: ServiceProfile.Allowance]
  /// How many requests may run at once.
  package let concurrency: Int
  /// How long one operation may be tried, waits for the budget left out.
  package let deadlineSeconds: Double
  /// The remotes that rclone has for storage accounts, as `NAME:PATH`, by the account in lower case.
  let storageRemotes: [String: String]
  private let apiVersions: [String: String]
  private let values: [Setting: String]

  /// Reads settings.
  /// - Parameters:
  ///   - url: what follows `media-services:` in `lockstep.account`.
  ///   - entries: the entries of the git configuration; those of other sections count for nothing.
  /// - Throws: `AccountError` (`.invalid`) with the command that sets what is missing or wrong.
  package init(url: String, entries: [(key: String, value: String)]) throws(AccountError) {
    var values: [Setting: String] = [:]
    storageRemotes = Self.storageRemotes(in: entries)
    var apiVersions: [String: String] = [:]
    for (key, value) in entries where key.lowercased().hasPrefix(Setting.section.lowercased()) {
      guard let setting = Setting(key: key) else {
        throw AccountError(
          .invalid, "the git configuration holds \(key), and there is no such setting",
          hint: "take it out: git config --unset-all \(key)")
      }
      if setting == .apiVersion {
        let parts = value.split(separator: "=", maxSplits: 1).map(String.init)
        apiVersions[parts.count == 2 ? parts[0].lowercased() : ""] = parts.last ?? ""
      }
      values[setting] = value
    }
    let profileName = values[.profile] ?? ServiceProfile.Name.azure.rawValue
    guard let name = ServiceProfile.Name(rawValue: profileName) else {
      throw Self.bad(.profile, profileName, "azure")
    }
    profile = .named(name)
    origin = try Self.origin(of: url, allowsPlain: values[.allowPlainHTTP] == "true")
    path = try Self.path(of: url, profile: profile, values: values)
    if let text = values[.authentication] {
      guard let chosen = Authentication(rawValue: text) else {
        throw Self.bad(.authentication, text, "token")
      }
      authentication = chosen
    } else {
      authentication = profile.authentication
    }
    if let text = values[.contents], text != "true", text != "false" {
      throw Self.bad(.contents, text, "false")
    }
    if let text = values[.childLists], text != "always", text != "changed" {
      throw Self.bad(.childLists, text, "changed")
    }
    var allowances = profile.allowances
    for (setting, billing) in [(Setting.readsPerHour, Billing.read), (.writesPerHour, .write)] {
      guard values[setting] != nil else { continue }
      let count = try Self.number(setting, in: values, default: 0)
      allowances[billing] = ServiceProfile.Allowance(count: count, periodSeconds: 3_600)
    }
    self.allowances = allowances
    concurrency = try Self.number(.concurrency, in: values, default: 8)
    deadlineSeconds = Double(try Self.number(.deadlineSeconds, in: values, default: 300))
    self.apiVersions = apiVersions
    self.values = values
    try checkAuthentication()
  }

  /// A setting, or nil where it is not set.
  package subscript(setting: Setting) -> String? { values[setting] }

  /// The api-version for a collection such as `assets`, or nil where requests carry none.
  package func apiVersion(of collection: String) -> String? {
    apiVersions[collection.lowercased()] ?? apiVersions[""] ?? profile.apiVersion
  }

  // MARK: Storage

  /// The key of the git configuration that names rclone's remote for a storage account.
  static func storageKey(_ account: String) -> String { "lockstep.storage-\(account).remote" }

  private static func storageRemotes(in entries: [(key: String, value: String)]) -> [String: String] {
    var remotes: [String: String] = [:]
    for (key, value) in entries {
      let key = key.lowercased()
      guard key.hasPrefix("lockstep.storage-"), key.hasSuffix(".remote") else { continue }
      remotes[String(key.dropFirst("lockstep.storage-".count).dropLast(".remote".count))] = value
    }
    return remotes
  }

  // MARK: Places

  private static func bad(_ setting: Setting, _ value: String, _ example: String) -> AccountError {
    AccountError(
      .invalid, "\(setting.key) is '\(value)', which says nothing here: \(setting.meaning)",
      hint: "git config \(setting.key) \(example)")
  }

  private static func number(
    _ setting: Setting, in values: [Setting: String], default usual: Int
  ) throws(AccountError) -> Int {
    guard let text = values[setting] else { return usual }
    guard let number = Int(text), number > 0 else { throw bad(setting, text, "100") }
    return number
  }

  private static func origin(of text: String, allowsPlain: Bool) throws(AccountError) -> String {
    guard let url = URLComponents(string: text), let scheme = url.scheme?.lowercased(), let host = url.host,
      !host.isEmpty, scheme == "https" || scheme == "http", url.user == nil, url.password == nil,
      url.query == nil, url.fragment == nil
    else {
      throw AccountError(
        .invalid, "'\(text)' is no address of a service",
        hint: "git config lockstep.account media-services:https://HOST")
    }
    guard scheme == "https" || isLoopback(host) || allowsPlain else {
      throw AccountError(
        .refused, "keys and tokens would travel to \(host) over http:// for everybody to read",
        hint: "give the address with https://, or allow it: git config \(Setting.allowPlainHTTP.key) true")
    }
    return "\(scheme)://\(host)\(url.port.map { ":\($0)" } ?? "")"
  }

  /// Whether an address is this very machine.
  static func isLoopback(_ host: String) -> Bool {
    let numbers = host.split(separator: ".", omittingEmptySubsequences: false).compactMap { UInt8($0) }
    return host.lowercased() == "localhost" || host == "::1" || host == "[::1]"
      || numbers.count == 4 && numbers[0] == 127 && host.split(separator: ".").count == 4
  }

  private static func path(
    of url: String, profile: ServiceProfile, values: [Setting: String]
  ) throws(AccountError) -> String {
    var base = URLComponents(string: url)?.percentEncodedPath ?? ""
    while base.hasSuffix("/") { base.removeLast() }
    var path = values[.pathBase] ?? profile.path
    for setting in [Setting.subscription, .resourceGroup, .account, .project] {
      let symbol = "{\(setting.rawValue)}"
      guard path.contains(symbol) else { continue }
      guard let value = values[setting], !value.isEmpty else {
        throw AccountError(
          .invalid, "\(setting.key) is not set: \(setting.meaning)",
          hint: "git config \(setting.key) NAME")
      }
      path = path.replacing(symbol, with: PercentEncoding.encode(value))
    }
    while path.hasSuffix("/") { path.removeLast() }
    return base + (path.isEmpty || path.hasPrefix("/") ? path : "/" + path)
  }

  // MARK: Secrets

  private func checkAuthentication() throws(AccountError) {
    let needed: [Setting] =
      switch authentication {
      case .clientCredentials: [.tenant, .clientID]
      case .token: []
      case .ravnur: [.subscription]
      }
    for setting in needed where values[setting]?.isEmpty ?? true {
      throw AccountError(
        .invalid, "\(setting.key) is not set: \(setting.meaning)", hint: "git config \(setting.key) VALUE")
    }
    // The secret goes there: what is true of the service is true of the authority.
    if let authority = values[.authority] {
      _ = try Self.origin(of: authority, allowsPlain: values[.allowPlainHTTP] == "true")
    }
  }

  /// Where the secret that opens the service is to be found.
  var secretSource: SecretSource {
    let (file, variable, usual): (Setting, Setting, String) =
      switch authentication {
      case .clientCredentials: (.clientSecretFile, .clientSecretEnvironment, "LOCKSTEP_CLIENT_SECRET")
      case .token: (.tokenFile, .tokenEnvironment, "LOCKSTEP_TOKEN")
      case .ravnur: (.apiKeyFile, .apiKeyEnvironment, "LOCKSTEP_API_KEY")
      }
    if let path = values[file] { return .file(path, setting: file) }
    return .environment(values[variable] ?? usual, setting: file)
  }
}

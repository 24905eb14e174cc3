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
  /// What of the path the address itself brings.
  let basePath: String
  /// How requests are authenticated.
  package let authentication: Authentication
  /// What may be asked how often.
  package let allowances: [Billing: ServiceProfile.Allowance]
  /// How many requests may run at once.
  package let concurrency: Int
  /// How long one operation may be tried, waits for the budget left out.
  package private(set) var deadlineSeconds: Double
  /// The longest that one request is held back, for the budget or because the service asks for it; no bound in what works.
  private(set) var longestWaitSeconds = Double.infinity
  /// The remotes that rclone has for storage accounts, as `NAME:PATH`, by the account in lower case.
  let storageRemotes: [String: String]
  private let apiVersions: [String: String]
  private let values: [Setting: String]

  /// Reads settings.
  /// - Parameters:
  ///   - url: what follows `media-services:` in `lockstep.account`.
  ///   - entries: the entries of the git configuration; those of other sections count for nothing.
  ///   - way: how a person sets them.
  /// - Throws: `AccountError` (`.invalid`) with the command that sets what is missing or wrong.
  package init(
    url: String, entries: [(key: String, value: String)], setBy way: SettingWay = .configuration
  ) throws(AccountError) {
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
        let collection = parts.count == 2 ? parts[0].lowercased() : ""
        guard collection.isEmpty || Self.collections.contains(collection) else {
          throw AccountError(
            .invalid,
            "\(key) is '\(value)', and there is no collection \(parts[0]): \(Setting.apiVersion.meaning)",
            hint: way.replacement(.apiVersion, value, "assets=\(parts[1])"))
        }
        apiVersions[collection] = parts.last ?? ""
      }
      values[setting] = value
    }
    let profileName = values[.profile] ?? ServiceProfile.Name.azure.rawValue
    guard let name = ServiceProfile.Name(rawValue: profileName) else {
      throw Self.bad(.profile, profileName, "azure", way)
    }
    profile = .named(name)
    origin = try Self.origin(of: url, allowsPlain: values[.allowPlainHTTP] == "true", way)
    basePath = try Self.basePath(of: url, profile, origin: origin, values: values, way)
    path = basePath + (try Self.path(profile: profile, values: values, way))
    if let text = values[.authentication] {
      guard let chosen = Authentication(rawValue: text) else {
        throw Self.bad(.authentication, text, "token", way)
      }
      authentication = chosen
    } else {
      authentication = profile.authentication
    }
    if let text = values[.contents], text != "true", text != "false" {
      throw Self.bad(.contents, text, "false", way)
    }
    if let text = values[.childLists], text != "always", text != "changed" {
      throw Self.bad(.childLists, text, "changed", way)
    }
    var allowances = profile.allowances
    for (setting, billing) in [(Setting.readsPerHour, Billing.read), (.writesPerHour, .write)] {
      guard values[setting] != nil else { continue }
      let count = try Self.number(setting, in: values, default: 0, way)
      allowances[billing] = ServiceProfile.Allowance(count: count, periodSeconds: 3_600)
    }
    self.allowances = allowances
    concurrency = try Self.number(.concurrency, in: values, default: 8, way)
    deadlineSeconds = Double(try Self.number(.deadlineSeconds, in: values, default: 300, way))
    self.apiVersions = apiVersions
    self.values = values
    try checkAuthentication(way)
  }

  /// The same for whoever would rather not know than wait long.
  package func waiting(atMost seconds: Double) -> MediaServicesSettings {
    var settings = self
    settings.deadlineSeconds = min(deadlineSeconds, seconds)
    settings.longestWaitSeconds = seconds
    return settings
  }

  /// A setting, or nil where it is not set.
  package subscript(setting: Setting) -> String? { values[setting] }

  /// The api-version for a collection such as `assets`, or nil where requests carry none.
  package func apiVersion(of collection: String) -> String? {
    apiVersions[collection.lowercased()] ?? apiVersions[""] ?? profile.apiVersion
  }

  /// The collections that an api-version can be set for, in lower case.
  static let collections = Set(ResourceKind.allCases.map { ResourceAddress.collection($0).lowercased() })

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

  private static func bad(
    _ setting: Setting, _ value: String, _ example: String, _ way: SettingWay
  ) -> AccountError {
    AccountError(
      .invalid, "\(setting.key) is '\(value)', which says nothing here: \(setting.meaning)",
      hint: way.command(setting, example))
  }

  private static func number(
    _ setting: Setting, in values: [Setting: String], default usual: Int, _ way: SettingWay
  ) throws(AccountError) -> Int {
    guard let text = values[setting] else { return usual }
    guard let number = Int(text), number > 0 else { throw bad(setting, text, "100", way) }
    return number
  }

  private static func origin(
    of text: String, allowsPlain: Bool, _ way: SettingWay
  ) throws(AccountError) -> String {
    guard let url = URLComponents(string: text), let scheme = url.scheme?.lowercased(), let host = url.host,
      !host.isEmpty, scheme == "https" || scheme == "http", url.user == nil, url.password == nil,
      url.query == nil, url.fragment == nil
    else {
      let shown = WebAddress.withoutCredentials(text)
      throw AccountError(
        .invalid,
        "'\(shown)' is no address of a service"
          + (shown == text
            ? "" : ": it must hold no user and no password, which belong into their own settings"),
        hint: way.account("https://HOST"))
    }
    guard scheme == "https" || isLoopback(host) || allowsPlain else {
      throw AccountError(
        .refused, "keys and tokens would travel to \(host) over http:// for everybody to read",
        hint: "give the address with https://, or allow it: \(way.command(.allowPlainHTTP, "true"))")
    }
    return "\(scheme)://\(host)\(url.port.map { ":\($0)" } ?? "")"
  }

  /// Whether an address is this very machine.
  static func isLoopback(_ host: String) -> Bool {
    let numbers = host.split(separator: ".", omittingEmptySubsequences: false).compactMap { UInt8($0) }
    return host.lowercased() == "localhost" || host == "::1" || host == "[::1]"
      || numbers.count == 4 && numbers[0] == 127 && host.split(separator: ".").count == 4
  }

  /// The path that an address brings before that of the profile.
  private static func basePath(
    of url: String, _ profile: ServiceProfile, origin: String, values: [Setting: String], _ way: SettingWay
  ) throws(AccountError) -> String {
    var base = URLComponents(string: url)?.percentEncodedPath ?? ""
    while base.hasSuffix("/") { base.removeLast() }
    // Copied whole from a portal: the profile puts the same behind it.
    let start = profile.path.prefix { $0 != "{" }.lowercased()
    let isWhole = values[.pathBase] == nil && "\(base.lowercased())/".contains(start)
    guard !isWhole else {
      throw AccountError(
        .invalid, "the address of the service has a path too many: \(base); the settings say the rest",
        hint: way.account(origin))
    }
    return base
  }

  private static func path(
    profile: ServiceProfile, values: [Setting: String], _ way: SettingWay
  ) throws(AccountError) -> String {
    var path = values[.pathBase] ?? profile.path
    for setting in [Setting.subscription, .resourceGroup, .account, .project] {
      let symbol = "{\(setting.rawValue)}"
      guard path.contains(symbol) else { continue }
      guard let value = values[setting], !value.isEmpty else {
        throw AccountError(
          .invalid, "\(setting.key) is not set: \(setting.meaning)",
          hint: way.command(setting, "NAME"))
      }
      path = path.replacing(symbol, with: PercentEncoding.encode(value))
    }
    while path.hasSuffix("/") { path.removeLast() }
    return path.isEmpty || path.hasPrefix("/") ? path : "/" + path
  }

  // MARK: Secrets

  private func checkAuthentication(_ way: SettingWay) throws(AccountError) {
    let needed: [Setting] =
      switch authentication {
      case .clientCredentials: [.tenant, .clientID]
      case .token: []
      case .ravnur: [.subscription]
      }
    for setting in needed where values[setting]?.isEmpty ?? true {
      let isToken = values[.tokenFile] != nil || values[.tokenEnvironment] != nil
      throw AccountError(
        .invalid,
        "\(setting.key) is not set: \(setting.meaning)"
          + (isToken ? "; a token is named, and authentication is \(authentication.rawValue)" : ""),
        hint: isToken ? way.command(.authentication, "token") : way.command(setting, "VALUE"))
    }
    // The secret goes there: what is true of the service is true of the authority.
    if let authority = values[.authority] {
      _ = try Self.origin(of: authority, allowsPlain: values[.allowPlainHTTP] == "true", way)
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

import CanonicalJSON

/// A setting of a region's git configuration that says how its service is reached: `lockstep.mediaServices.NAME`.
package enum Setting: String, Sendable, CaseIterable {
  case profile, subscription, resourceGroup, account, project, pathBase, apiVersion
  case authentication, authority, tenant, clientID, clientSecretFile, clientSecretEnvironment, scope
  case tokenFile, tokenEnvironment, tokenHeader, apiKeyFile, apiKeyEnvironment
  case readsPerHour, writesPerHour, concurrency, deadlineSeconds, allowPlainHTTP, contents
  case childLists

  /// The start of every key.
  package static let section = "lockstep.mediaServices."

  /// The key in the git configuration.
  package var key: String { Self.section + rawValue }

  /// What it says, on one line; the table in the documentation is made of these.
  package var meaning: String {
    switch self {
    case .profile: "`azure`, `mkio` or `ravnur` (default `azure`)"
    case .subscription: "the subscription id (azure, ravnur)"
    case .resourceGroup: "the resource group (azure, ravnur)"
    case .account: "the Media Services account (azure, ravnur)"
    case .project: "the project (mkio)"
    case .pathBase: "the path beneath the base URL, in the place of the profile's"
    case .apiVersion:
      "an api-version for every request, or `COLLECTION=VERSION`, several times, with a collection of `accountFilters`,"
        + " `contentKeyPolicies`, `streamingPolicies`, `assets`, `assetFilters`, `tracks`, `streamingLocators`,"
        + " `streamingEndpoints`"
    case .authentication: "`clientCredentials`, `token` or `ravnur`, in the place of the profile's"
    case .authority: "where client credentials are exchanged (default `https://login.microsoftonline.com`)"
    case .tenant: "the directory of the client (clientCredentials)"
    case .clientID: "the client's id (clientCredentials)"
    case .clientSecretFile: "a file with the client's secret, which nobody else can read"
    case .clientSecretEnvironment: "the variable with it (default `LOCKSTEP_CLIENT_SECRET`)"
    case .scope: "what is asked for (default `https://management.azure.com/.default`)"
    case .tokenFile: "a file with a bearer token, read again when it is refused"
    case .tokenEnvironment: "the variable with it (default `LOCKSTEP_TOKEN`)"
    case .tokenHeader:
      "a header that carries the bare token, such as `x-mkio-token`, instead of `Authorization`"
    case .apiKeyFile: "a file with Ravnur's API key"
    case .apiKeyEnvironment: "the variable with it (default `LOCKSTEP_API_KEY`)"
    case .readsPerHour: "how many reads an hour are allowed, in the place of the profile's"
    case .writesPerHour: "how many writes an hour are allowed, in the place of the profile's"
    case .concurrency: "how many requests may run at once (default 8)"
    case .deadlineSeconds: "how long one operation may be tried (default 300)"
    case .allowPlainHTTP: "`true` lets secrets travel over http:// to another machine"
    case .contents: "`false` leaves the files of assets to other tools"
    case .childLists:
      "`changed` asks for filters and tracks only of assets that changed themselves, after an apply, and for"
        + " `capture --contents`; `always` (default) asks with every capture, twice an asset"
    }
  }

  /// The setting of a key in any case, as git takes it.
  init?(key: String) {
    let key = key.lowercased()
    guard let setting = Self.allCases.first(where: { $0.key.lowercased() == key }) else { return nil }
    self = setting
  }
}

/// How a person sets a setting: what a hint tells them to type.
package enum SettingWay: Sendable {
  /// In the git configuration of a region's repository.
  case configuration
  /// With the command that makes the repository, which is not there yet.
  case initOption

  /// What sets a setting.
  func command(_ setting: Setting, _ value: String) -> String {
    switch self {
    case .configuration: "git config \(setting.key) \(value)"
    case .initOption: "--setting \(setting.rawValue)=\(value)"
    }
  }

  /// What gives one of several values another form.
  func replacement(_ setting: Setting, _ old: String, _ new: String) -> String {
    switch self {
    case .configuration: "git config --fixed-value \(setting.key) \(new) '\(old)'"
    case .initOption: command(setting, new)
    }
  }

  /// What sets the address of the account.
  func account(_ url: String) -> String {
    switch self {
    case .configuration: "git config lockstep.account media-services:\(url)"
    case .initOption: "--account media-services:\(url)"
    }
  }
}

import ArgumentParser
import MediaServicesAccount
import RegionRepository

/// How an account behind a REST API is reached; written to the repository's git configuration, secrets never.
struct ServiceOptions: ParsableArguments {
  @Option(help: "The service: azure, mkio or ravnur.")
  var profile: String?

  @Option(help: "The subscription id (azure, ravnur).")
  var subscription: String?

  @Option(help: "The resource group (azure, ravnur).")
  var resourceGroup: String?

  @Option(help: "The name of the Media Services account (azure, ravnur).")
  var accountName: String?

  @Option(help: "The project (mkio).")
  var project: String?

  @Option(help: "The directory of the client (client credentials).")
  var tenant: String?

  @Option(name: .customLong("client-id"), help: "The client's id (client credentials).")
  var clientID: String?

  @Option(help: "A file with the client's secret, which nobody else can read.")
  var clientSecretFile: String?

  @Option(help: "A file with a bearer token, which nobody else can read.")
  var tokenFile: String?

  @Option(help: "A file with Ravnur's API key, which nobody else can read.")
  var apiKeyFile: String?

  @Option(
    name: .customLong("setting"),
    help: "Any other setting of lockstep.mediaServices, as NAME=VALUE; may be repeated.")
  var settings: [String] = []

  /// The entries of the git configuration.
  /// - Throws: `ValidationError` for a setting that does not exist, or for a folder account.
  func entries(for location: AccountLocation) throws -> [(key: String, value: String)] {
    let named: [(Setting, String?)] = [
      (.profile, profile), (.subscription, subscription), (.resourceGroup, resourceGroup),
      (.account, accountName), (.project, project), (.tenant, tenant), (.clientID, clientID),
      (.clientSecretFile, clientSecretFile.map { FilePaths.absolute($0) }),
      (.tokenFile, tokenFile.map { FilePaths.absolute($0) }),
      (.apiKeyFile, apiKeyFile.map { FilePaths.absolute($0) }),
    ]
    var entries = named.compactMap { setting, value in value.map { (key: setting.key, value: $0) } }
    for text in settings {
      let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
      guard parts.count == 2, let setting = Setting(rawValue: parts[0]) else {
        throw ValidationError(
          "--setting takes NAME=VALUE, with a name of \(Setting.allCases.map(\.rawValue).joined(separator: ", "))."
        )
      }
      entries.append((key: setting.key, value: parts[1]))
    }
    if case .folder = location, !entries.isEmpty {
      throw ValidationError("a folder account has no settings of a service.")
    }
    return entries
  }
}

/// How an endpoint is reached, by whom, and as which account it answers.
package struct EndpointSettings: Sendable {
  /// The address to listen at.
  package var host: String
  /// The port to listen at; 0 for any.
  package var port: Int
  /// The subscription in the account's paths.
  package var subscription = "00000000-0000-0000-0000-000000000000"
  /// The resource group in the account's paths.
  package var resourceGroup = "lockstep"
  /// The account's name in its paths; nil for the region's.
  package var accountName: String?
  /// The geographic location that the account claims.
  package var location = "West US 2"
  /// The storage accounts that assets may name, the default one first.
  package var storageAccounts: [String] = []
  /// Where players find what is published, as `host` or `host:port`; nil for this endpoint itself.
  package var originHost: String?
  /// Whether the files of an asset that is deleted are deleted too, as the services do; a rollback cannot bring them
  /// back then.
  package var deletesContainers = false
  /// What callers of the management API must bring as `Authorization: Bearer`; nil asks for nothing.
  package var token: BearerToken?
  /// The files of a certificate chain and its private key in PEM; nil serves plain HTTP.
  package var tls: (certificate: String, key: String)?
  /// How long an operation on a streaming endpoint or a track takes, in seconds.
  package var operationSeconds = 0.2
  /// How many resources a page of a list has.
  package var pageSize = 1000
  /// How many of each thing an account takes.
  package var limits = EndpointLimits()

  package init(host: String = "127.0.0.1", port: Int = 0) {
    self.host = host
    self.port = port
  }
}

/// How many of each thing an account takes (source: the service's quotas page).
package struct EndpointLimits: Sendable {
  /// Assets an account.
  package var assets = 1_000_000
  /// Account filters an account.
  package var accountFilters = 100
  /// Asset filters an asset.
  package var assetFilters = 100
  /// Streaming policies an account, those that every account has not counted.
  package var streamingPolicies = 100
  /// Streaming locators an asset.
  package var locatorsPerAsset = 100
  /// Required claims a content key policy.
  package var claims = 30
  /// Streaming endpoints an account, the default one counted.
  package var streamingEndpoints = 2

  package init() {}

  /// What the limits are called.
  package static let names = [
    "account-filters", "asset-filters", "assets", "claims", "locators", "streaming-endpoints",
    "streaming-policies",
  ]

  /// Lowers a limit; a higher number changes nothing.
  /// - Returns: whether there is a limit of that name.
  package mutating func lower(_ name: String, to count: Int) -> Bool {
    func lower(_ limit: inout Int) { limit = min(limit, count) }
    switch name {
    case "account-filters": lower(&accountFilters)
    case "asset-filters": lower(&assetFilters)
    case "assets": lower(&assets)
    case "claims": lower(&claims)
    case "locators": lower(&locatorsPerAsset)
    case "streaming-endpoints": lower(&streamingEndpoints)
    case "streaming-policies": lower(&streamingPolicies)
    default: return false
    }
    return true
  }
}

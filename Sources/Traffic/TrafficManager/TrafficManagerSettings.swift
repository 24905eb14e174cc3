import HTTP
import RegionRepository

/// What `lockstep.trafficManager.*` says of the profiles in Azure Traffic Manager.
struct TrafficManagerSettings: Sendable {
  /// How a token is got.
  enum Authentication: Sendable {
    /// A variable of the environment holds one.
    case token(variable: String)
    /// A secret is exchanged for one by OAuth 2.0 client credentials; a file holds it that nobody else can read.
    case client(tenant: String, id: String, secretFile: String)
  }

  /// The start of every key.
  static let section = "lockstep.trafficManager."

  /// The region whose configuration it is, as commands take it.
  let option: String
  let subscription: String
  let resourceGroup: String
  /// The profile of each service.
  let profiles: [Fleet.Service: String]
  /// The first label of each profile's own host name.
  let dnsNames: [Fleet.Service: String]
  /// For how long resolvers keep an answer.
  let ttlSeconds: Int
  /// Where the API is, without a slash at its end.
  let endpoint: String
  /// Where secrets are exchanged for tokens, without a slash at its end.
  let authority: String
  let authentication: Authentication

  init(_ settings: TrafficSettings) throws(TrafficError) {
    func text(_ name: String, _ usual: String) -> String { settings.value(Self.section + name) ?? usual }
    func required(_ name: String, _ example: String) throws(TrafficError) -> String {
      try settings.required(Self.section + name, example)
    }
    option = settings.option
    subscription = try required("subscription", "SUBSCRIPTION-ID")
    resourceGroup = try required("resourceGroup", "NAME")
    let origin = try required("originProfile", "NAME")
    let keyDelivery = try required("keyDeliveryProfile", "NAME")
    profiles = [.origin: origin, .keyDelivery: keyDelivery]
    dnsNames = [
      .origin: text("originDnsName", origin), .keyDelivery: text("keyDeliveryDnsName", keyDelivery),
    ]
    ttlSeconds = try settings.number(Self.section + "ttlSeconds", 0...2_147_483_647) ?? 30
    endpoint = try Self.base(text("endpoint", "https://management.azure.com"), Self.section + "endpoint")
    authority = try Self.base(
      text("authority", ClientCredentials.usualAuthority), Self.section + "authority")
    if let file = settings.paths(Self.section + "clientSecretFile").last {
      authentication = .client(
        tenant: try required("tenant", "TENANT-ID"), id: try required("clientId", "CLIENT-ID"),
        secretFile: file)
    } else {
      authentication = .token(variable: text("tokenEnvironment", "LOCKSTEP_TRAFFIC_TOKEN"))
    }
    guard origin.lowercased() != keyDelivery.lowercased() else {
      throw TrafficError(
        .badConfiguration, "both services have the profile \(origin)",
        hint:
          "each service needs a profile of its own: git \(option) config \(Self.section)keyDeliveryProfile NAME"
      )
    }
  }

  /// A base URL; secrets travel in clear to this machine only.
  private static func base(_ text: String, _ key: String) throws(TrafficError) -> String {
    var url = text
    while url.hasSuffix("/") { url.removeLast() }
    let isOwn = ["http://127.0.0.1", "http://localhost", "http://[::1]"].contains {
      url == $0 || url.hasPrefix($0 + ":") || url.hasPrefix($0 + "/")
    }
    guard url.hasPrefix("https://") || isOwn else {
      throw TrafficError(
        .badConfiguration, "\(key) is '\(text)'; an https:// URL is wanted, for tokens travel there")
    }
    return url
  }
}

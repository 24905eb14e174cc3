import CanonicalJSON
import FolderAccount
import LiveAccount
import MediaResources

/// What a streaming endpoint's document says, what the service sets for it, and how both show.
struct StreamingEndpointForm: Sendable {
  /// The name of the endpoint that every account has.
  static let defaultName = "default"

  let name: String
  /// `location`, `tags` and `properties` as they were sent and rewritten.
  var document: JSONObject
  var created: String
  var lastModified: String
  /// `Stopped` or `Running`.
  var state: String

  var properties: JSONObject {
    get { document["properties"]?.objectValue ?? JSONObject() }
    set { document["properties"] = .object(newValue) }
  }

  /// What the service sets, as it is kept.
  var assigned: JSONObject {
    ["created": .string(created), "lastModified": .string(lastModified), "resourceState": .string(state)]
  }

  private static let readOnly = [
    "hostName", "provisioningState", "resourceState", "freeTrialEndTime", "created", "lastModified",
  ]

  /// Properties as the service keeps them: read-only ones left out, the line ends of policies in XML as CR and LF.
  static func rewritten(_ sent: JSONObject) throws(ServiceError) -> JSONObject {
    var properties = JSONObject()
    for (key, value) in sent
    where value != .null && !readOnly.contains(where: { $0.lowercased() == key.lowercased() }) {
      properties[known.first { $0.lowercased() == key.lowercased() } ?? key] = value
    }
    if let units = properties["scaleUnits"] {
      guard let count = units.int64Value, (0...10).contains(count) else {
        throw ServiceError.invalidProperty(
          "properties.scaleUnits", "The scale units are a number from 0 to 10.")
      }
    }
    if let age = properties["maxCacheAge"], age.int64Value == nil {
      throw ServiceError.invalidProperty(
        "properties.maxCacheAge", "The maximal cache age is a number of seconds.")
    }
    if properties["cdnEnabled"]?.boolValue == true,
      properties["customHostNames"]?.arrayValue?.isEmpty == false
    {
      throw ServiceError.invalidProperty(
        "properties.customHostNames",
        "Custom host names and a CDN exclude each other on a streaming endpoint.")
    }
    if var policies = properties["crossSiteAccessPolicies"]?.objectValue {
      for (key, value) in policies {
        guard let text = value.stringValue else { continue }
        policies[key] = .string(withCarriageReturns(text))
      }
      properties["crossSiteAccessPolicies"] = .object(policies)
    }
    if properties["accessControl"] == .object([:]) { properties["accessControl"] = nil }
    if properties["customHostNames"] == .array([]) { properties["customHostNames"] = nil }
    return properties
  }

  private static let known = [
    "description", "scaleUnits", "availabilitySetName", "accessControl", "maxCacheAge", "customHostNames",
    "cdnEnabled", "cdnProvider", "cdnProfile", "crossSiteAccessPolicies",
  ]

  private static func withCarriageReturns(_ text: String) -> String {
    var bytes: [UInt8] = []
    for byte in text.utf8 {
      if byte == UInt8(ascii: "\n"), bytes.last != UInt8(ascii: "\r") { bytes.append(UInt8(ascii: "\r")) }
      bytes.append(byte)
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  // MARK: Showing

  /// The endpoint in its envelope.
  /// - Parameters:
  ///   - running: the state that an operation shows, such as `Starting`; `InProgress` for a change of the endpoint itself.
  ///   - isAnswerToChange: the answer to a PUT shows an empty access control otherwise than a GET does.
  func shown(
    accountID: String, host: String, running: String?, _ version: APIVersion, isAnswerToChange: Bool = false
  ) -> JSONValue {
    var properties = self.properties
    let isChanging = running == "InProgress"
    properties["provisioningState"] = running == nil ? "Succeeded" : "InProgress"
    properties["resourceState"] = .string(isChanging ? state : running ?? state)
    properties["hostName"] = .string(host)
    properties["freeTrialEndTime"] = "0001-01-01T00:00:00Z"
    properties["created"] = .string(created)
    properties["lastModified"] = .string(lastModified)
    if properties["customHostNames"] == nil { properties["customHostNames"] = [] }
    if properties["accessControl"] == nil {
      properties["accessControl"] = isAnswerToChange ? ["akamai": .null, "ip": .null] : .null
    }
    for name in [
      "cdnProvider", "cdnProfile", "maxCacheAge", "crossSiteAccessPolicies", "availabilitySetName",
    ]
    where properties[name] == nil {
      properties[name] = .null
    }
    // Deprecated: newer versions take it and do not show it.
    if version.showsNulls { properties["availabilitySetName"] = .null }
    if properties["cdnEnabled"] == nil { properties["cdnEnabled"] = false }
    if properties["description"] == nil { properties["description"] = "" }
    var body: JSONObject = [
      "id": .string("\(accountID)/streamingendpoints/\(name)"), "location": document["location"] ?? .null,
      "name": .string(name), "properties": .object(properties), "tags": document["tags"] ?? [:],
      "type": "Microsoft.Media/mediaservices/streamingEndpoints",
    ]
    if version.showsSystemData {
      let units = properties["scaleUnits"] ?? 0
      body["sku"] = [
        "capacity": units == 0 ? 600 : units, "name": .string(units == 0 ? "Standard" : "Premium"),
      ]
    }
    return .object(body)
  }

  /// The names of regions as the service writes them.
  private static let locations = [
    "Australia East", "Australia Southeast", "Brazil South", "Canada Central", "Canada East", "Central India",
    "Central US", "East Asia", "East US", "East US 2", "France Central", "Germany West Central", "Japan East",
    "Japan West", "Korea Central", "North Central US", "North Europe", "Norway East", "South Africa North",
    "South Central US", "South India", "Southeast Asia", "Sweden Central", "Switzerland North", "UAE North",
    "UK South", "UK West", "West Central US", "West Europe", "West India", "West US", "West US 2",
    "West US 3",
  ]

  /// `westus2` as `West US 2`; what is none of the service's regions stays as it is.
  static func location(_ text: String) -> String {
    func plain(_ text: String) -> String { text.filter { $0 != " " }.lowercased() }
    return locations.first { plain($0) == plain(text) } ?? text
  }
}

import CanonicalJSON
import FolderAccount
import HTTPTypes
import LiveAccount
import MediaResources
import RegionRepository

/// The account itself: what `lockstep serve` was started with, and the region's bindings say.
///
/// It can be read, and be told to be what it is; nothing of it changes here.
extension ManagedAccount {
  /// What the provider can do, as far as this endpoint does it.
  func providerOperations() -> Reply {
    let collections = [
      "mediaservices", "mediaservices/assets", "mediaservices/assets/assetFilters",
      "mediaservices/assets/tracks",
      "mediaservices/accountFilters", "mediaservices/contentKeyPolicies", "mediaservices/streamingPolicies",
      "mediaservices/streamingLocators", "mediaservices/streamingEndpoints",
    ]
    let operations = collections.flatMap { collection in
      ["read", "write", "delete"].map { verb -> JSONValue in
        [
          "display": [
            "operation": .string("\(verb) \(collection)"), "provider": "Microsoft Media Services",
            "resource": .string(collection),
          ], "name": .string("Microsoft.Media/\(collection)/\(verb)"),
        ]
      }
    }
    return Reply(.ok, ["value": .array(operations)])
  }

  /// The accounts of the group, or the subscription: this one.
  func list(_ call: Call) throws -> Reply { Reply(.ok, ["value": [shown(call.version)]]) }

  func answerAccount(_ call: Call, isInGroup: Bool) async throws -> Reply {
    switch call.method {
    case .get: return Reply(.ok, shown(call.version))
    case .put where isInGroup, .patch where isInGroup:
      try checkStays(call)
      // Newer versions take every update as something that goes on.
      let isGoingOn = call.method == .patch && call.version.showsSystemData
      return Reply(isGoingOn ? .accepted : .ok, shown(call.version))
    case .delete where isInGroup:
      throw ServiceError.badRequest(
        "The account '\(name)' is the folder account of region \(region.name), which this API does not delete."
      )
    default:
      try allow(call, isInGroup ? [.get, .put, .patch, .delete] : [.get])
      throw ServiceError.notFound
    }
  }

  /// Refuses a document of the account that says something else than it is; what is not said stays.
  private func checkStays(_ call: Call) throws(ServiceError) {
    var problems: [String] = []
    if let location = call.member("location")?.stringValue,
      StreamingEndpointForm.location(location) != StreamingEndpointForm.location(settings.location)
    {
      problems.append("'location' is '\(settings.location)', and another one is given by --location")
    }
    if let tags = call.member("tags")?.objectValue, !tags.isEmpty { problems.append("it has no 'tags'") }
    if let kind = call.member("identity")?["type"]?.stringValue, kind != "None" {
      problems.append("it has no 'identity'")
    }
    for (key, value) in call.properties where value != .null {
      switch key.lowercased() {
      case "storageaccounts":
        let own = settings.storageAccounts.map { $0.lowercased() }
        guard Self.attached(value) != own.prefix(1) + own.dropFirst().sorted() else { continue }
        problems.append(
          "'storageAccounts' are the region's, \(settings.storageAccounts.joined(separator: ", ")), by its bindings in"
            + " local/region.json")
      case "mediaserviceid", "provisioningstate", "privateendpointconnections": continue
      default:
        if Self.fixed.member(key) != value { problems.append("'\(key)' cannot be chosen") }
      }
    }
    guard problems.isEmpty else {
      throw ServiceError.badRequest(
        "The account '\(name)' is the folder account of region \(region.name), which this API does not change: "
          + problems.joined(separator: "; ") + ".")
    }
  }

  /// The names of the storage accounts in an account's document, the primary one first, the others in order.
  private static func attached(_ storage: JSONValue) -> [String] {
    let accounts = (storage.arrayValue ?? []).compactMap { account -> (name: String, isPrimary: Bool)? in
      guard let name = account["id"]?.stringValue?.split(separator: "/").last else { return nil }
      return (name.lowercased(), account["type"]?.stringValue == "Primary")
    }
    return accounts.filter(\.isPrimary).map(\.name) + accounts.filter { !$0.isPrimary }.map(\.name).sorted()
  }

  /// What every account here says of itself.
  private static let fixed: JSONObject = [
    "encryption": ["type": "SystemKey"],
    "keyDelivery": ["accessControl": ["defaultAction": "Allow", "ipAllowList": []]],
    "publicNetworkAccess": "Enabled", "storageAuthentication": "System",
  ]

  private func shown(_ version: APIVersion) -> JSONValue {
    let storage = settings.storageAccounts.enumerated().map { index, account -> JSONValue in
      let path =
        "/subscriptions/\(settings.subscription)/resourceGroups/\(settings.resourceGroup)"
        + "/providers/Microsoft.Storage/storageAccounts/\(account)"
      return ["id": .string(path), "type": index == 0 ? "Primary" : "Secondary"]
    }
    var properties: JSONObject = [
      "mediaServiceId": .string(derivedGUID("account")), "storageAccounts": .array(storage),
    ]
    if version.showsSystemData {
      properties["provisioningState"] = "Succeeded"
      properties["privateEndpointConnections"] = []
      for (key, value) in Self.fixed { properties[key] = value }
    }
    return [
      "id": .string(id), "location": .string(settings.location), "name": .string(name),
      "properties": .object(properties), "tags": [:], "type": "Microsoft.Media/mediaservices",
    ]
  }

  func answerLocation(_ path: ArraySlice<String>, _ call: Call) throws -> Reply {
    let path = Array(path)
    guard path.count >= 2 else { throw ServiceError.notFound }
    switch path[1].lowercased() {
    case "checknameavailability" where path.count == 2:
      try allow(call, [.post])
      return try checkNameAvailability(call)
    default: throw ServiceError.notFound
    }
  }

  private func checkNameAvailability(_ call: Call) throws -> Reply {
    guard let asked = call.member("name")?.stringValue else {
      throw ServiceError.invalidProperty("name", "The name to check is missing.")
    }
    func unavailable(_ reason: String, _ message: String) -> Reply {
      Reply(.ok, ["message": .string(message), "nameAvailable": false, "reason": .string(reason)])
    }
    let isSound =
      (3...24).contains(asked.utf8.count)
      && asked.utf8.allSatisfy { byte in
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
          || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
      }
    if !isSound {
      return unavailable("Invalid", "An account's name has 3 to 24 lower-case letters and digits.")
    }
    if asked == name.lowercased() { return unavailable("AlreadyExists", "The name '\(asked)' is in use.") }
    return Reply(.ok, ["nameAvailable": true])
  }

  /// Paths of what the service has and this endpoint has not.
  func answerOther(_ collection: String, _ path: [String], _ call: Call) throws -> Reply {
    switch collection {
    case "syncstoragekeys" where path.isEmpty:
      // Nothing here has storage keys that could have gone stale.
      try allow(call, [.post])
      return Reply(.ok)
    case "listedgepolicies" where path.isEmpty:
      try allow(call, [.post])
      return Reply(.ok, [:])
    case "privateendpointconnections", "privatelinkresources":
      guard call.method == .get, path.isEmpty else {
        if call.method == .get { throw ServiceError.notFound }
        throw ServiceError.badRequest("A region's endpoint has no private endpoint connections.")
      }
      return Reply(.ok, ["value": []])
    case "liveevents", "transforms", "liveeventoperations", "liveoutputoperations":
      throw ServiceError(
        .notFound, "NotFound",
        "This endpoint serves a region's video on demand: it has no live events, transforms or jobs.")
    default: throw ServiceError.notFound
    }
  }

  func listLocators(ofAsset name: String) throws -> Reply {
    let asset = try existing(Self.assetID(name))
    let locators = try account.locators(using: asset.id).map { locator -> JSONValue in
      let view = StreamingLocatorView(locator)
      var shown: JSONObject = [
        "assetName": .string(name), "created": .string(try assignment(of: locator).created),
        "endTime": .string(view.endTime ?? "9999-12-31T23:59:59.997Z"), "name": .string(locator.id.name),
      ]
      for key in ["startTime", "streamingLocatorId", "streamingPolicyName", "defaultContentKeyPolicyName"] {
        shown[key] = locator.properties[key]
      }
      return .object(shown)
    }
    return Reply(.ok, ["streamingLocators": .array(locators)])
  }
}

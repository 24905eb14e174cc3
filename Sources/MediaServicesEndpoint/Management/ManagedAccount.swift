import CanonicalJSON
import Crypto
import FolderAccount
import HTTPTypes
import LiveAccount
import MediaResources
import RegionRepository

/// The account as the management API shows it: one value for all requests.
struct ManagedAccount: Sendable {
  let region: ServedRegion
  let settings: EndpointSettings
  /// The point in time of a change, in nanoseconds since 1970.
  let now: @Sendable () -> Int64
  /// Signs the URLs of containers.
  let containers: ContainerAccess
  let operations: OperationRegister
  let order = KnownOrder()
  private let gate = Gate()

  init(
    region: ServedRegion, containers: ContainerAccess, settings: EndpointSettings,
    now: @escaping @Sendable () -> Int64
  ) {
    self.region = region
    self.containers = containers
    self.settings = settings
    self.now = now
    operations = OperationRegister(seconds: settings.operationSeconds)
  }

  var account: FolderAccount { region.account }

  /// The name of the account in paths.
  var name: String { settings.accountName ?? region.name.text }

  /// Where the account is in the tree of resources.
  var id: String {
    "/subscriptions/\(settings.subscription)/resourceGroups/\(settings.resourceGroup)"
      + "/providers/Microsoft.Media/mediaservices/\(name)"
  }

  /// Changes the account, one change at a time; durable when this returns.
  func change<Value: Sendable>(_ body: @Sendable (FolderAccount) async throws -> Value) async throws -> Value
  {
    try await region.change { account in try await gate.pass { try await body(account) } }
  }

  /// A GUID that is the same whenever it is asked for.
  func derivedGUID(_ parts: String...) -> String {
    var hash = SHA256()
    for part in [name] + parts {
      hash.update(data: Array(part.utf8))
      hash.update(data: [UInt8(0)])
    }
    var bytes = Array(hash.finalize().prefix(16))
    // Version 8 (RFC 9562 §5.8): made from a hash.
    bytes[6] = bytes[6] & 0x0F | 0x80
    bytes[8] = bytes[8] & 0x3F | 0x80
    return Hexadecimal.guid(bytes)
  }

  // MARK: Resources

  /// A resource in normal form, from what was sent.
  /// - Throws: `ServiceError` with everything that a service would refuse.
  func resource(_ id: ResourceID, properties: JSONObject) throws -> Resource {
    var document: JSONObject = ["name": .string(id.name), "properties": .object(properties)]
    if let asset = id.assetName { document["assetName"] = .string(asset) }
    let resource: Resource
    do { resource = try NormalForm.normalise(document, kind: id.kind) } catch {
      throw ServiceError.badRequest("\(error.message).")
    }
    if let problem = Validation.nameProblem(id.name) { throw ServiceError.invalidProperty("name", problem) }
    if let error = ServiceError.invalid(Validation.check(resource)) { throw error }
    return ServiceRewriting.rewritten(resource)
  }

  /// A resource that must be there.
  func existing(_ id: ResourceID) throws -> Resource {
    guard let resource = try account.resource(id) else { throw ServiceError.notFound }
    return resource
  }

  /// The stored properties with what a patch says: a member that is null goes.
  func patched(_ old: Resource, by patch: JSONObject) throws -> Resource {
    var properties = old.properties
    for (key, value) in patch {
      let name = properties.first { $0.key.lowercased() == key.lowercased() }?.key ?? key
      properties[name] = value == .null ? nil : value
    }
    return try resource(old.id, properties: properties)
  }

  /// Writes a resource and what the service sets for it.
  func store(_ resource: Resource, _ assignment: Assignment, in account: FolderAccount) async throws {
    try await account.replace(resource)
    try account.assign(assignment.document(of: resource), to: resource.id)
  }

  /// Takes a resource away.
  /// - Returns: whether it was there.
  func remove(_ id: ResourceID, from account: FolderAccount) async throws -> Bool {
    guard try account.has(id) else { return false }
    try await account.delete(id)
    return true
  }

  /// 200 for what was there, 204 for what was not.
  func deletion(_ id: ResourceID) async throws -> Reply {
    let wasThere = try await change { account in try await remove(id, from: account) }
    return Reply(wasThere ? .ok : .noContent)
  }

  /// How many resources of a kind there are, looked at only as far as a limit.
  func isFull(_ kind: ResourceKind, asset: String? = nil, limit: Int) throws -> Bool {
    struct Enough: Error {}
    var count = 0
    do {
      try account.forEachName(of: kind, asset: asset) { _ in
        count += 1
        if count >= limit { throw Enough() }
      }
    } catch is Enough {
      return true
    }
    return limit <= 0
  }

  /// Refuses one more than a limit allows.
  func check(_ kind: ResourceKind, asset: String? = nil, limit: Int, _ noun: String) throws {
    guard try isFull(kind, asset: asset, limit: limit) else { return }
    throw ServiceError(
      .badRequest, "QuotaExceeded", "The limit of \(limit) \(noun) is reached. Delete one that is not needed."
    )
  }

  // MARK: Envelopes

  /// A resource in its envelope.
  func envelope(
    _ resource: Resource, _ properties: JSONObject, _ assignment: Assignment, _ version: APIVersion
  ) -> JSONValue {
    let (path, type) = Self.place(of: resource.id)
    var document: JSONObject = [
      "id": .string("\(id)/\(path)"), "name": .string(resource.id.name),
      "properties": .object(properties), "type": .string("Microsoft.Media/mediaservices/\(type)"),
    ]
    if version.showsSystemData { document["systemData"] = .object(assignment.systemData) }
    // What the documents of some services have beside the properties.
    for (key, value) in resource.document where document[key] == nil && key != "assetName" {
      document[key] = value
    }
    return .object(document)
  }

  private static func place(of id: ResourceID) -> (path: String, type: String) {
    func plain(_ collection: String) -> (path: String, type: String) {
      ("\(collection)/\(id.name)", collection)
    }
    func child(_ collection: String) -> (path: String, type: String) {
      ("assets/\(id.assetName ?? "")/\(collection)/\(id.name)", "assets/\(collection)")
    }
    switch id.kind {
    case .contentKeyPolicy: return plain("contentKeyPolicies")
    case .streamingPolicy: return plain("streamingPolicies")
    case .accountFilter: return plain("accountFilters")
    case .asset, .content: return plain("assets")
    case .assetFilter: return child("assetFilters")
    case .assetTrack: return child("tracks")
    case .streamingLocator: return plain("streamingLocators")
    case .streamingEndpoint: return plain("streamingEndpoints")
    }
  }
}

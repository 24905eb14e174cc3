import CanonicalJSON
import FolderAccount
import HTTPTypes
import LiveAccount
import MediaResources

extension ManagedAccount {
  static func assetID(_ name: String) -> ResourceID {
    ResourceID(kind: .asset, assetName: nil, name: name)
  }

  func answerAssets(_ path: [String], _ call: Call) async throws -> Reply {
    guard let name = path.first else {
      try allow(call, [.get])
      return try listAssets(call)
    }
    guard path.count > 1 else {
      switch call.method {
      case .get: return try reply(asset: existing(Self.assetID(name)), call)
      case .put: return try await put(asset: name, call)
      case .patch: return try await patch(asset: name, call)
      case .delete: return try await delete(asset: name)
      default:
        try allow(call, [.get, .put, .patch, .delete])
        throw ServiceError.notFound
      }
    }
    switch path[1].lowercased() {
    case "assetfilters": return try await answerAssetFilters(of: name, Array(path.dropFirst(2)), call)
    case "tracks": return try await answerTracks(of: name, Array(path.dropFirst(2)), call)
    case "listcontainersas" where path.count == 2:
      try allow(call, [.post])
      return try listContainerSAS(of: existing(Self.assetID(name)), call)
    case "liststreaminglocators" where path.count == 2:
      try allow(call, [.post])
      return try listLocators(ofAsset: name)
    case "getencryptionkey" where path.count == 2:
      try allow(call, [.post])
      _ = try existing(Self.assetID(name))
      throw ServiceError.badRequest("The asset '\(name)' is not storage encrypted.")
    default: throw ServiceError.notFound
    }
  }

  /// Two URLs of an asset's container, each signed by one of the endpoint's keys, which Blob REST clients use as they are.
  private func listContainerSAS(of asset: Resource, _ call: Call) throws -> Reply {
    let view = AssetView(asset)
    let word = call.member("permissions")?.stringValue ?? "Read"
    guard let permissions = ContainerAccess.Permissions(rawValue: word) else {
      let known = ContainerAccess.Permissions.allCases.map(\.rawValue).joined(separator: ", ")
      throw ServiceError.invalidProperty("permissions", "The permissions '\(word)' are none of \(known).")
    }
    guard let expiry = call.member("expiryTime")?.stringValue, UTCTime.seconds(expiry) != nil else {
      throw ServiceError.invalidProperty("expiryTime", "The expiry time is missing, or no UTC time.")
    }
    let urls = try containers.sharedAccessURLs(
      storageAccount: view.storageAccountName ?? "", container: view.container ?? "",
      permissions: permissions,
      expiry: UTCTime.shortened(expiry, digits: 0), at: call.base)
    return Reply(.ok, ["assetContainerSasUrls": .array(urls.map { .string($0) })])
  }

  // MARK: Showing

  private func reply(asset: Resource, _ call: Call, _ status: HTTPResponse.Status = .ok) throws -> Reply {
    Reply(status, try shown(asset: asset, assignment(of: asset), call.version))
  }

  func shown(asset: Resource, _ assignment: Assignment, _ version: APIVersion) -> JSONValue {
    var properties = asset.properties
    properties["assetId"] = .string(assignment.id)
    properties["created"] = .string(UTCTime.shortened(assignment.created, digits: 3))
    properties["lastModified"] = .string(UTCTime.shortened(assignment.lastModified, digits: 3))
    properties["storageEncryptionFormat"] = "None"
    return envelope(asset, properties, assignment, version)
  }

  // MARK: Changing

  private func put(asset name: String, _ call: Call) async throws -> Reply {
    let id = Self.assetID(name)
    return try await change { account in
      let old = try account.resource(id)
      var assignment = try old.map { try changedAssignment(of: $0) } ?? newAssignment()
      let sent = try resource(id, properties: call.properties)
      var properties = sent.properties
      if let old {
        for fixed in ["container", "storageAccountName", "encryptionScope"] {
          try check(fixed, of: properties, stays: old.properties[fixed])
          properties[fixed] = old.properties[fixed]
        }
      } else {
        try check(.asset, limit: settings.limits.assets, "assets in an account")
        try complete(&properties, &assignment)
      }
      let asset = try resource(id, properties: properties)
      try await store(asset, assignment, in: account)
      var reply = Reply(
        old == nil ? .created : .ok, shown(asset: asset, assignment, call.version))
      reply.body = reply.body.map(Self.withoutContainer)
      return reply
    }
  }

  /// The service answers a PUT without the container: only a GET has it.
  private static func withoutContainer(_ body: JSONValue) -> JSONValue {
    guard var document = body.objectValue, var properties = document["properties"]?.objectValue else {
      return body
    }
    properties["container"] = nil
    document["properties"] = .object(properties)
    return .object(document)
  }

  /// Refuses another value for a property that is set when the asset is made.
  private func check(_ name: String, of properties: JSONObject, stays old: JSONValue?) throws {
    guard let new = properties[name], new != old else { return }
    throw ServiceError.invalidProperty(
      "properties.\(name)", "Property '\(name)' is set when the asset is created and cannot be changed.")
  }

  /// Gives a new asset its storage account and container.
  private func complete(_ properties: inout JSONObject, _ assignment: inout Assignment) throws {
    let storage = properties["storageAccountName"]?.stringValue ?? settings.storageAccounts.first
    guard let storage, settings.storageAccounts.contains(storage) else {
      throw ServiceError.invalidProperty(
        "properties.storageAccountName",
        "The storage account '\(storage ?? "")' is not attached to the account '\(name)', which has "
          + settings.storageAccounts.joined(separator: ", ") + ".")
    }
    properties["storageAccountName"] = .string(storage)
    let container = properties["container"]?.stringValue
    properties["container"] = .string(container ?? "asset-\(assignment.id)")
  }

  private func patch(asset name: String, _ call: Call) async throws -> Reply {
    try await change { account in
      let old = try existing(Self.assetID(name))
      for fixed in ["container", "storageAccountName", "encryptionScope"] {
        guard let new = call.properties.member(fixed) else { continue }
        try check(fixed, of: [fixed: new], stays: old.properties[fixed])
      }
      let asset = try patched(old, by: call.properties)
      let assignment = try changedAssignment(of: old)
      try await store(asset, assignment, in: account)
      return Reply(.ok, shown(asset: asset, assignment, call.version))
    }
  }

  /// Deletes an asset with its filters and tracks.
  ///
  /// Its files stay, so that a rollback finds them, unless the endpoint was asked to delete them as the services do.
  private func delete(asset name: String) async throws -> Reply {
    let wasThere = try await change { account in
      guard let asset = try account.resource(Self.assetID(name)) else { return false }
      let users = try account.locators(using: asset.id)
      if let user = users.first {
        throw ServiceError.conflict(
          "The asset '\(name)' is published by the streaming locator '\(user.id.name)'"
            + (users.count > 1 ? " and \(users.count - 1) more. Delete them first." : ". Delete it first."))
      }
      for kind in [ResourceKind.assetFilter, .assetTrack] {
        var names: [String] = []
        try account.forEachName(of: kind, asset: name) { names.append($0) }
        for child in names {
          _ = try await remove(ResourceID(kind: kind, assetName: name, name: child), from: account)
        }
      }
      if settings.deletesContainers { try await account.removeContent(of: asset) }
      return try await remove(asset.id, from: account)
    }
    return Reply(wasThere ? .ok : .noContent)
  }
}

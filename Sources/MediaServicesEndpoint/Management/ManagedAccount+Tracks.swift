import CanonicalJSON
import FolderAccount
import HTTP
import HTTPTypes
import LiveAccount
import MediaResources

/// Tracks of an asset, each change a long-running operation.
extension ManagedAccount {
  func answerTracks(of asset: String, _ path: [String], _ call: Call) async throws -> Reply {
    guard call.version.hasTracks else {
      throw ServiceError(
        .badRequest, "InvalidResourceType",
        "The resource type 'assets/tracks' could not be found for api version '\(call.version.text)'.")
    }
    _ = try existing(Self.assetID(asset))
    guard let name = path.first else {
      try allow(call, [.get])
      return try list(.assetTrack, asset: asset, call, .plain) { shown(track: $0, $1, call.version) }
    }
    let id = ResourceID(kind: .assetTrack, assetName: asset, name: name)
    if path.count == 3 { return try answerOperation(on: id, path[1].lowercased(), path[2], call) }
    if path.count == 2, path[1].lowercased() == "updatetrackdata" {
      try allow(call, [.post])
      let track = try existing(id)
      try checkFile(of: track)
      return try await operate(on: id, Reply(.accepted), call) { _ in }
    }
    guard path.count == 1 else { throw ServiceError.notFound }
    switch call.method {
    case .get:
      let track = try existing(id)
      return Reply(.ok, shown(track: track, try assignment(of: track), call.version))
    case .put: return try await put(track: id, call)
    case .patch: return try await patch(track: id, call)
    case .delete:
      guard try account.has(id) else { return Reply(.noContent) }
      return try await operate(on: id, Reply(.accepted), call) { account in
        _ = try await remove(id, from: account)
      }
    default:
      try allow(call, [.get, .put, .patch, .delete])
      throw ServiceError.notFound
    }
  }

  private func put(track id: ResourceID, _ call: Call) async throws -> Reply {
    let track = try resource(id, properties: call.properties)
    try checkFile(of: track)
    let wasThere = try account.has(id)
    let reply = try await operate(on: id, Reply(wasThere ? .ok : .created), call) { account in
      let old = try account.resource(id)
      let assignment = try old.map { try changedAssignment(of: $0) } ?? newAssignment()
      try await store(track, assignment, in: account)
    }
    return try showing(id, reply, call)
  }

  private func patch(track id: ResourceID, _ call: Call) async throws -> Reply {
    let reply = try await operate(on: id, Reply(.accepted), call) { account in
      let old = try existing(id)
      var changes = call.properties
      // The track within the properties is patched member by member, too.
      if let patch = changes.member("track")?.objectValue, var track = old.properties["track"]?.objectValue {
        for (key, value) in patch { track[key] = value == .null ? nil : value }
        changes = ["track": .object(track)]
      }
      let track = try patched(old, by: changes)
      try checkFile(of: track)
      try await store(track, changedAssignment(of: old), in: account)
    }
    return try showing(id, reply, call)
  }

  /// Refuses a track whose file is not in the asset's container.
  private func checkFile(of track: Resource) throws {
    guard let object = track.properties["track"]?.objectValue else {
      throw ServiceError.invalidProperty("properties.track", "The track is missing.")
    }
    guard let file = object["fileName"]?.stringValue else { return }
    guard Validation.pathProblem(file) == nil,
      try account.hasFile(file, inAsset: track.id.assetName ?? "")
    else {
      throw ServiceError.badRequest(
        "Target resource file does not exist.", target: "properties.track.fileName")
    }
  }

  // MARK: Operations

  private func thing(_ id: ResourceID) -> String { "\(id)" }

  private func operate(
    on id: ResourceID, _ reply: Reply, _ call: Call,
    _ body: @Sendable (FolderAccount) async throws -> Void
  ) async throws -> Reply {
    let operation = try await change { account in
      try operations.checkIdle(thing(id))
      try await body(account)
      return operations.begin(on: thing(id), showing: "InProgress")
    }
    let track =
      "\(call.base)\(self.id)/assets/\(PercentEncoding.encode(id.assetName ?? ""))/tracks/\(PercentEncoding.encode(id.name))"
    let version = "?api-version=\(call.version.text)"
    return reply.following(
      "\(track)/operationStatuses/\(operation.id)\(version)",
      result: "\(track)/operationResults/\(operation.id)\(version)")
  }

  private func showing(_ id: ResourceID, _ reply: Reply, _ call: Call) throws -> Reply {
    var reply = reply
    let track = try existing(id)
    reply.body = shown(track: track, try assignment(of: track), call.version)
    return reply
  }

  private func answerOperation(
    on id: ResourceID, _ word: String, _ operationID: String, _ call: Call
  ) throws -> Reply {
    try allow(call, [.get])
    let operation = try operations.operation(operationID)
    switch word {
    case "operationstatuses": return Reply(.ok, operation.status)
    case "operationresults":
      guard operation.isOver else { return Reply(.accepted) }
      guard let track = try account.resource(id) else { return Reply(.noContent) }
      return Reply(.ok, shown(track: track, try assignment(of: track), call.version))
    default: throw ServiceError.notFound
    }
  }

  private func shown(track: Resource, _ assignment: Assignment, _ version: APIVersion) -> JSONValue {
    var properties = track.properties
    properties["provisioningState"] = .string(operations.running(on: thing(track.id))?.state ?? "Succeeded")
    if var object = properties["track"]?.objectValue,
      object["@odata.type"]?.stringValue == "#Microsoft.Media.TextTrack", object["playerVisibility"] == nil
    {
      object["playerVisibility"] = "Visible"
      properties["track"] = .object(object)
    }
    return envelope(track, properties, assignment, version)
  }
}

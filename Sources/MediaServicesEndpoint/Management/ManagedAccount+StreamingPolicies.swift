import CanonicalJSON
import FolderAccount
import HTTPTypes
import LiveAccount
import MediaResources

extension ManagedAccount {
  func answerStreamingPolicies(_ path: [String], _ call: Call) async throws -> Reply {
    guard let name = path.first else {
      try allow(call, [.get])
      return try list(.streamingPolicy, call, .streamingPolicies, extra: PredefinedPolicies.all) {
        shown(streamingPolicy: $0, $1, call.version, digits: 3)
      }
    }
    guard path.count == 1 else { throw ServiceError.notFound }
    let id = ResourceID(kind: .streamingPolicy, assetName: nil, name: name)
    switch call.method {
    case .get:
      if let predefined = PredefinedPolicies.named(name) {
        return Reply(
          .ok, shown(streamingPolicy: predefined.resource, predefined.assignment, call.version, digits: 3))
      }
      let policy = try existing(id)
      return Reply(.ok, shown(streamingPolicy: policy, try assignment(of: policy), call.version, digits: 3))
    case .put: return try await put(streamingPolicy: id, call)
    case .delete:
      if StreamingPolicyView.isPredefined(name) {
        throw ServiceError.badRequest("The predefined streaming policy '\(name)' cannot be deleted.")
      }
      return try await deletion(id)
    default:
      try allow(call, [.get, .put, .delete])
      throw ServiceError.notFound
    }
  }

  private func put(streamingPolicy id: ResourceID, _ call: Call) async throws -> Reply {
    try await change { account in
      let isThere = try account.has(id)
      if isThere || StreamingPolicyView.isPredefined(id.name) {
        throw ServiceError.conflict(
          "The streaming policy '\(id.name)' already exists, and streaming policies cannot be updated."
            + " Delete it first, or choose another name.")
      }
      let policy = try resource(id, properties: call.properties)
      let labels = StreamingPolicyView(policy).labels
      guard Set(labels).count == labels.count else {
        throw ServiceError.invalidProperty(
          "properties", "The labels of a streaming policy differ from each other.")
      }
      guard
        ["noEncryption", "envelopeEncryption", "commonEncryptionCenc", "commonEncryptionCbcs"].contains(
          where: {
            policy.properties[$0] != nil
          })
      else {
        throw ServiceError.invalidProperty(
          "properties", "A streaming policy has at least one encryption scheme.")
      }
      try check(
        .streamingPolicy, limit: settings.limits.streamingPolicies, "streaming policies in an account")
      let assignment = newAssignment()
      try await store(policy, assignment, in: account)
      return Reply(.created, shown(streamingPolicy: policy, assignment, call.version, digits: 7))
    }
  }

  private func shown(
    streamingPolicy policy: Resource, _ assignment: Assignment, _ version: APIVersion, digits: Int
  ) -> JSONValue {
    var properties = policy.properties
    properties["created"] = .string(UTCTime.shortened(assignment.created, digits: digits))
    for scheme in ["envelopeEncryption", "commonEncryptionCenc", "commonEncryptionCbcs"] {
      guard var encryption = properties[scheme]?.objectValue else { continue }
      if encryption["clearTracks"] == nil { encryption["clearTracks"] = [] }
      if var keys = encryption["contentKeys"]?.objectValue {
        if keys["keyToTrackMappings"] == nil { keys["keyToTrackMappings"] = [] }
        encryption["contentKeys"] = .object(keys)
      }
      properties[scheme] = .object(encryption)
    }
    var body = envelope(policy, properties, assignment, version)
    // Nobody made the predefined ones.
    if StreamingPolicyView.isPredefined(policy.id.name), var document = body.objectValue {
      document["systemData"] = nil
      body = .object(document)
    }
    return body
  }

  /// A streaming policy that a locator names: a predefined one or one of the account's.
  func streamingPolicy(_ name: String) throws -> Resource? {
    if let predefined = PredefinedPolicies.named(name) { return predefined.resource }
    return try account.resource(ResourceID(kind: .streamingPolicy, assetName: nil, name: name))
  }
}

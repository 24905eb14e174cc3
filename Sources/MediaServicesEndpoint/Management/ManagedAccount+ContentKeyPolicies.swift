import CanonicalJSON
import FolderAccount
import HTTPTypes
import LiveAccount
import MediaResources

extension ManagedAccount {
  func answerContentKeyPolicies(_ path: [String], _ call: Call) async throws -> Reply {
    guard let name = path.first else {
      try allow(call, [.get])
      return try list(.contentKeyPolicy, call, .contentKeyPolicies) {
        shown(contentKeyPolicy: $0, $1, call.version)
      }
    }
    let id = ResourceID(kind: .contentKeyPolicy, assetName: nil, name: name)
    if path.count == 2, path[1].lowercased() == "getpolicypropertieswithsecrets" {
      try allow(call, [.post])
      let policy = try existing(id)
      // Bare properties, without an envelope.
      return Reply(.ok, .object(Self.properties(contentKeyPolicy: policy, try assignment(of: policy))))
    }
    guard path.count == 1 else { throw ServiceError.notFound }
    switch call.method {
    case .get:
      let policy = try existing(id)
      return Reply(.ok, shown(contentKeyPolicy: policy, try assignment(of: policy), call.version))
    case .put: return try await put(contentKeyPolicy: id, call)
    case .patch: return try await patch(contentKeyPolicy: id, call)
    case .delete: return try await deletion(id)
    default:
      try allow(call, [.get, .put, .patch, .delete])
      throw ServiceError.notFound
    }
  }

  // MARK: Changing

  private func put(contentKeyPolicy id: ResourceID, _ call: Call) async throws -> Reply {
    try await change { account in
      let old = try account.resource(id)
      let policy = try checked(contentKeyPolicy: resource(id, properties: call.properties))
      let count = Self.options(of: policy).count
      let assignment =
        try old.map { try changedAssignment(of: $0, options: count) } ?? newAssignment(options: count)
      try await store(policy, assignment, in: account)
      return Reply(
        old == nil && call.version.answersCreated ? .created : .ok,
        shown(contentKeyPolicy: policy, assignment, call.version))
    }
  }

  private func patch(contentKeyPolicy id: ResourceID, _ call: Call) async throws -> Reply {
    try await change { account in
      let old = try existing(id)
      let policy = try checked(contentKeyPolicy: patched(old, by: call.properties))
      // Also for a patch that says what is there already, the service makes new ids.
      let assignment = try changedAssignment(of: old, options: Self.options(of: policy).count)
      try await store(policy, assignment, in: account)
      return Reply(.ok, shown(contentKeyPolicy: policy, assignment, call.version))
    }
  }

  private static func options(of policy: Resource) -> [JSONValue] { ContentKeyPolicyView(policy).options }

  /// A policy that can be stored: whole secrets, known types, certificates as the service keeps them.
  private func checked(contentKeyPolicy policy: Resource) throws -> Resource {
    var policy = policy
    guard !Self.options(of: policy).isEmpty else {
      throw ServiceError.invalidProperty(
        "properties.options", "A content key policy has at least one option.")
    }
    // What a GET shows in a secret's place would destroy the secret.
    for secret in SecretPlaces.secrets(of: policy) where secret.value == "" {
      throw ServiceError.invalidProperty(secret.pointer, "\(secret.pointer): a secret must not be empty.")
    }
    var claims = 0
    var options: [JSONValue] = []
    for (index, option) in Self.options(of: policy).enumerated() {
      let types = [option["configuration"], option["restriction"]].compactMap {
        $0?["@odata.type"]?.stringValue
      }
      if let unknown = types.first(where: { $0.contains("Unknown") }) {
        throw ServiceError.invalidProperty(
          "properties.options[\(index)]",
          "\(unknown) is what this API version cannot show; it cannot be written.")
      }
      claims += option["restriction"]?["requiredClaims"]?.arrayValue?.count ?? 0
      options.append(try Certificates.inDER(option))
    }
    guard claims <= settings.limits.claims else {
      throw ServiceError(
        .badRequest, "QuotaExceeded",
        "The policy requires \(claims) claims; the limit is \(settings.limits.claims) in a content key policy."
      )
    }
    policy.properties["options"] = .array(options)
    return policy
  }

  // MARK: Showing

  /// The properties with everything that the service adds, secrets included.
  private static func properties(contentKeyPolicy policy: Resource, _ assignment: Assignment) -> JSONObject {
    var properties = policy.properties
    properties["policyId"] = .string(assignment.id)
    properties["created"] = .string(UTCTime.shortened(assignment.created, digits: 3))
    properties["lastModified"] = .string(UTCTime.shortened(assignment.lastModified, digits: 3))
    let options = options(of: policy).enumerated().map { index, option -> JSONValue in
      guard var object = option.objectValue else { return option }
      if index < assignment.optionIDs.count {
        object["policyOptionId"] = .string(assignment.optionIDs[index])
      }
      if var restriction = object["restriction"]?.objectValue,
        restriction["@odata.type"]?.stringValue == "#Microsoft.Media.ContentKeyPolicyTokenRestriction"
      {
        for list in ["alternateVerificationKeys", "requiredClaims"] where restriction[list] == nil {
          restriction[list] = []
        }
        object["restriction"] = .object(restriction)
      }
      return .object(object)
    }
    properties["options"] = .array(options)
    return properties
  }

  private func shown(
    contentKeyPolicy policy: Resource, _ assignment: Assignment, _ version: APIVersion
  ) -> JSONValue {
    // Secrets stand in the stored document; what the service adds holds none.
    let redacted = SecretPlaces.replacing(in: policy) { _ in JSONValue.null }
    let properties = JSONValue.object(Self.properties(contentKeyPolicy: redacted, assignment))
    let shown = version.showsNulls ? properties : properties.withoutNulls
    return envelope(redacted, shown.objectValue ?? JSONObject(), assignment, version)
  }
}

extension JSONValue {
  /// The value without members that are null.
  var withoutNulls: JSONValue {
    switch self {
    case .array(let elements): .array(elements.map(\.withoutNulls))
    case .object(let object):
      .object(JSONObject(object.filter { $0.value != .null }.map { ($0.key, $0.value.withoutNulls) }))
    default: self
    }
  }
}

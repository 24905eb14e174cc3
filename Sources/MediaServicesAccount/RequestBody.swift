import CanonicalJSON
import LiveAccount
import MediaResources

/// What is sent to make a resource: its document as each service takes it.
struct RequestBody: Sendable {
  let profile: ServiceProfile

  /// The body of a PUT.
  /// - Parameter policy: the streaming policy of a locator.
  func make(_ resource: Resource, policy: StreamingPolicyView?) -> JSONObject {
    var properties = resource.properties
    switch resource.id.kind {
    case .asset where profile.containerDeletion == .asAssetSays:
      // Absent means Retain in a repository; to the service it means that the files go with the asset.
      if properties["containerDeletionPolicy"] == nil { properties["containerDeletionPolicy"] = "Retain" }
    case .streamingLocator where profile.namesKeyPolicies:
      properties["contentKeys"] = properties["contentKeys"].map { withPolicies($0, properties, policy) }
    default: break
    }
    var body: JSONObject = ["properties": .object(properties)]
    if resource.id.kind == .streamingEndpoint {
      for member in ["location", "tags"] { body[member] = resource.document[member] }
    }
    if profile.takesLabels { body["labels"] = resource.document["labels"] }
    return body
  }

  /// The body of a PATCH, which leaves what it does not name as it is.
  func update(of found: Resource, to wanted: Resource) -> JSONObject {
    var properties = wanted.properties
    for (member, _) in found.properties where properties[member] == nil { properties[member] = .null }
    var body: JSONObject = ["properties": .object(properties), "tags": wanted.document["tags"] ?? [:]]
    // Spelled otherwise than the service does it would count as another one.
    body["location"] = found.document["location"]
    return body
  }

  /// Keys with the `type` and `policyName` that follow from their labels.
  private func withPolicies(
    _ keys: JSONValue, _ locator: JSONObject, _ policy: StreamingPolicyView?
  ) -> JSONValue {
    .array(
      (keys.arrayValue ?? []).map { key in
        guard var object = key.objectValue, let policy else { return key }
        let label = object["labelReferenceInStreamingPolicy"]?.stringValue ?? ""
        let name =
          policy.contentKeyPolicyName(forLabel: label) ?? locator["defaultContentKeyPolicyName"]?.stringValue
          ?? policy.defaultContentKeyPolicyName
        object["type"] = policy.keyType(forLabel: label).map { .string($0) }
        object["policyName"] = name.map { .string($0) }
        return .object(object)
      })
  }
}

import CanonicalJSON

/// What a streaming endpoint says, read from its document.
package struct StreamingEndpointView: Sendable {
  private let document: JSONObject
  private let properties: JSONObject

  package init(_ resource: Resource) {
    document = resource.document
    properties = resource.properties
  }

  /// The name of the endpoint that every account has and that cannot be taken away (facts: trap 24).
  package static let defaultName = "default"

  /// The service's region, such as `West US 2`, as it is compared: `westus2` means the same.
  package var location: String? {
    document["location"]?.stringValue.map { $0.lowercased().filter { $0 != " " } }
  }

  /// How much it can serve; changed by an operation of its own.
  package var scaleUnits: Int64? { properties["scaleUnits"]?.int64Value }

  /// Whether a content delivery network stands before it.
  var isBehindCDN: Bool { properties["cdnEnabled"]?.boolValue ?? false }

  /// The host names of its own that it answers to.
  var customHostNames: [String] {
    (properties["customHostNames"]?.arrayValue ?? []).compactMap(\.stringValue)
  }

  /// Whether it lets only some in.
  var hasAccessControl: Bool { properties["accessControl"]?.objectValue?.isEmpty == false }
}

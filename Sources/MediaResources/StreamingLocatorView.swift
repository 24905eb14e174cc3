import CanonicalJSON

/// What a streaming locator says, read from its document.
package struct StreamingLocatorView: Sendable {
  /// A content key of a locator.
  ///
  /// Its value never shows in a description.
  package struct ContentKey: Sendable, CustomStringConvertible {
    /// The key's GUID as given.
    package let id: String
    /// The label in the streaming policy.
    package let label: String?
    /// The key in base64, as given.
    package let value: String?

    /// Whether the value stands there as a sealed value.
    package var isSealed: Bool { value?.hasPrefix(SealedPrefix.text) == true }

    package var description: String { "content key \(id)" }
  }

  private let properties: JSONObject

  package init(_ resource: Resource) { properties = resource.properties }

  /// The asset that it publishes.
  package var assetName: String? { properties["assetName"]?.stringValue }
  /// The id in its URLs.
  package var streamingLocatorID: String? { properties["streamingLocatorId"]?.stringValue }
  /// The streaming policy that it uses.
  package var streamingPolicyName: String? { properties["streamingPolicyName"]?.stringValue }
  /// The content key policy of keys whose label names none.
  package var defaultContentKeyPolicyName: String? { properties["defaultContentKeyPolicyName"]?.stringValue }
  /// When it begins to serve.
  package var startTime: String? { properties["startTime"]?.stringValue }
  /// When it ceases to serve.
  package var endTime: String? { properties["endTime"]?.stringValue }
  /// The asset or account filters that apply.
  package var filters: [String] { (properties["filters"]?.arrayValue ?? []).compactMap(\.stringValue) }

  /// Its keys; one without an id is left out (validation names it).
  package var contentKeys: [ContentKey] {
    (properties["contentKeys"]?.arrayValue ?? []).compactMap { key in
      guard let id = key["id"]?.stringValue else { return nil }
      return ContentKey(
        id: id, label: key["labelReferenceInStreamingPolicy"]?.stringValue, value: key["value"]?.stringValue)
    }
  }
}

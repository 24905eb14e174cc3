import CanonicalJSON

/// What a streaming policy says, read from its document or known of a predefined one.
package struct StreamingPolicyView: Sendable {
  /// A key that the policy asks a locator for.
  private struct Label: Sendable {
    let text: String
    let policyName: String?
    /// The encryption that it belongs to, such as `commonEncryptionCenc`.
    let encryption: String
  }

  private static let encryptions = ["envelopeEncryption", "commonEncryptionCenc", "commonEncryptionCbcs"]

  /// Whether media is encrypted under the policy.
  package let isEncrypting: Bool
  /// The content key policy of keys that name none.
  package let defaultContentKeyPolicyName: String?
  private let keys: [Label]

  package init(_ resource: Resource) {
    let properties = resource.properties
    isEncrypting = Self.encryptions.contains { properties[$0] != nil }
    defaultContentKeyPolicyName = properties["defaultContentKeyPolicyName"]?.stringValue
    keys = Self.encryptions.flatMap { name -> [Label] in
      let contentKeys = properties[name]?["contentKeys"]
      let all =
        [contentKeys?["defaultKey"]].compactMap(\.self)
        + (contentKeys?["keyToTrackMappings"]?.arrayValue ?? [])
      return all.compactMap { key in
        key["label"]?.stringValue.map {
          Label(text: $0, policyName: key["policyName"]?.stringValue, encryption: name)
        }
      }
    }
  }

  private init(predefined labels: KeyValuePairs<String, String>) {
    isEncrypting = !labels.isEmpty
    defaultContentKeyPolicyName = nil
    keys = labels.map { Label(text: $0.key, policyName: nil, encryption: $0.value) }
  }

  /// The policies that every service has, with their labels (source: the recorded list of the real service).
  private static let predefined: [String: KeyValuePairs<String, String>] = [
    "Predefined_ClearKey": ["clearKeyDefault": "envelopeEncryption"],
    "Predefined_ClearStreamingOnly": [:],
    "Predefined_DownloadAndClearStreaming": [:],
    "Predefined_DownloadOnly": [:],
    "Predefined_MultiDrmCencStreaming": ["cencKeyDefault": "commonEncryptionCenc"],
    "Predefined_MultiDrmStreaming": [
      "cencKeyDefault": "commonEncryptionCenc", "cbcsKeyDefault": "commonEncryptionCbcs",
    ],
  ]

  /// Whether a name is one of those that the services keep for themselves.
  package static func isPredefined(_ name: String) -> Bool { name.hasPrefix("Predefined_") }

  /// A predefined policy, or nil where the services have none of that name.
  package static func predefined(_ name: String) -> StreamingPolicyView? {
    predefined[name].map { StreamingPolicyView(predefined: $0) }
  }

  /// The labels that a locator's keys refer to.
  package var labels: [String] { keys.map(\.text) }

  /// The content key policy that the policy itself names for a label.
  package func contentKeyPolicyName(forLabel label: String) -> String? {
    keys.first { $0.text.utf8.elementsEqual(label.utf8) }?.policyName
  }

  /// The API's word for the keys of a label, such as `CommonEncryptionCenc`; nil where it has no such label.
  package func keyType(forLabel label: String) -> String? {
    keys.first { $0.text.utf8.elementsEqual(label.utf8) }.map {
      $0.encryption.prefix(1).uppercased() + $0.encryption.dropFirst()
    }
  }

  /// The content key policies that the policy names.
  package var contentKeyPolicyNames: [String] { contentKeyPolicies.map(\.name) }

  /// The content key policies that the policy names, each with the property that does.
  var contentKeyPolicies: [(property: String, name: String)] {
    keys.compactMap { key in key.policyName.map { ("policyName", $0) } }
      + [defaultContentKeyPolicyName].compactMap { name in name.map { ("defaultContentKeyPolicyName", $0) } }
  }
}

import CanonicalJSON
import MediaResources

/// The streaming policies that every account has (facts: predefined policies).
enum PredefinedPolicies {
  private static func protocols(
    download: Bool = false, dash: Bool = true, hls: Bool = true, smooth: Bool = true
  ) -> JSONValue {
    [
      "dash": .bool(dash), "download": .bool(download), "hls": .bool(hls), "smoothStreaming": .bool(smooth),
    ]
  }

  private static func encryption(_ label: String, _ protocols: JSONValue, drm: JSONValue? = nil) -> JSONValue
  {
    var encryption: JSONObject = [
      "contentKeys": ["defaultKey": ["label": .string(label)]], "enabledProtocols": protocols,
    ]
    encryption["drm"] = drm
    return .object(encryption)
  }

  private static let cenc = encryption(
    "cencKeyDefault", protocols(hls: false), drm: ["playReady": [:], "widevine": [:]])

  private static let properties: [(name: String, properties: JSONObject)] = [
    ("Predefined_ClearKey", ["envelopeEncryption": encryption("clearKeyDefault", protocols())]),
    ("Predefined_ClearStreamingOnly", ["noEncryption": ["enabledProtocols": protocols()]]),
    (
      "Predefined_DownloadAndClearStreaming",
      ["noEncryption": ["enabledProtocols": protocols(download: true)]]
    ),
    (
      "Predefined_DownloadOnly",
      [
        "noEncryption": [
          "enabledProtocols": protocols(download: true, dash: false, hls: false, smooth: false)
        ]
      ]
    ),
    ("Predefined_MultiDrmCencStreaming", ["commonEncryptionCenc": cenc]),
    (
      "Predefined_MultiDrmStreaming",
      [
        "commonEncryptionCbcs": encryption(
          "cbcsKeyDefault", protocols(dash: false, smooth: false),
          drm: ["fairPlay": ["allowPersistentLicense": false]]), "commonEncryptionCenc": cenc,
      ]
    ),
  ]

  /// All of them, by name.
  static let all: [(resource: Resource, assignment: Assignment)] = properties.compactMap { name, properties in
    let document: JSONObject = ["name": .string(name), "properties": .object(properties)]
    // When the real service made them.
    let assignment = Assignment(id: "", created: "2018-03-19T06:06:06Z", lastModified: "2018-03-19T06:06:06Z")
    return (try? Resource(document: document, kind: .streamingPolicy)).map { ($0, assignment) }
  }

  /// One of them, or nil.
  static func named(_ name: String) -> (resource: Resource, assignment: Assignment)? {
    all.first { $0.resource.id.name.utf8.elementsEqual(name.utf8) }
  }
}

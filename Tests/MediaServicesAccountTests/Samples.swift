import CanonicalJSON
import LiveAccount
import MediaResources
import Testing

@testable import MediaServicesAccount

/// Resources that tests are made of.
enum Samples {
  static func resource(
    _ kind: ResourceKind, _ name: String, _ properties: JSONObject, of asset: String? = nil
  ) throws -> Resource {
    var document: JSONObject = ["name": .string(name), "properties": .object(properties)]
    document["assetName"] = asset.map { .string($0) }
    return try NormalForm.normalise(document, kind: kind)
  }

  static let clearPolicy: JSONObject = [
    "noEncryption": [
      "enabledProtocols": ["dash": true, "download": true, "hls": true, "smoothStreaming": false]
    ]
  ]

  static let cencPolicy: JSONObject = [
    "commonEncryptionCenc": [
      "contentKeys": ["defaultKey": ["label": "key one", "policyName": "tokens"]],
      "enabledProtocols": ["dash": true, "download": false, "hls": false, "smoothStreaming": false],
    ]
  ]

  static let range: JSONObject = [
    "presentationTimeRange": ["endTimestamp": 9_223_372_036_854_775_807, "timescale": 1]
  ]

  /// A policy with one symmetric token key.
  static func tokenPolicy(_ key: String) -> JSONObject {
    tokenPolicy([
      "@odata.type": "#Microsoft.Media.ContentKeyPolicySymmetricTokenKey", "keyValue": .string(key),
    ])
  }

  static func tokenPolicy(_ key: JSONValue) -> JSONObject {
    [
      "options": [
        [
          "configuration": ["@odata.type": "#Microsoft.Media.ContentKeyPolicyClearKeyConfiguration"],
          "name": "token",
          "restriction": [
            "@odata.type": "#Microsoft.Media.ContentKeyPolicyTokenRestriction", "audience": "a",
            "issuer": "i",
            "primaryVerificationKey": key, "restrictionTokenType": "Jwt",
          ],
        ]
      ]
    ]
  }

  static func asset(_ name: String, container: String? = nil) throws -> Resource {
    try resource(
      .asset, name,
      ["container": .string(container ?? name.lowercased()), "storageAccountName": "mainstorage"])
  }

  static func locator(
    _ name: String, of asset: String, number: Int, policy: String = "Predefined_ClearStreamingOnly",
    keys: [JSONValue] = []
  ) throws -> Resource {
    let digits = String(number)
    let id = "b0000000-0000-0000-0000-" + String(repeating: "0", count: 12 - digits.count) + digits
    var properties: JSONObject = [
      "assetName": .string(asset), "streamingLocatorId": .string(id), "streamingPolicyName": .string(policy),
    ]
    if !keys.isEmpty { properties["contentKeys"] = .array(keys) }
    return try resource(.streamingLocator, name, properties)
  }

  static func key(
    _ label: String, id: String = "a0000000-0000-0000-0000-000000000001", value: String = "dmFsdWG="
  )
    -> JSONValue
  {
    ["id": .string(id), "labelReferenceInStreamingPolicy": .string(label), "value": .string(value)]
  }

  /// Expects a resource in an account, whatever the service made of it.
  static func expect(_ resource: Resource, in account: MediaServicesAccount) async throws {
    let document = try #require(try await account.read(resource.id), "\(resource.id)")
    let observed = try NormalForm.normalise(
      document, kind: resource.id.kind, assetName: resource.id.assetName)
    #expect(Equivalence.equal(observed, resource), "\(resource.id)")
  }
}

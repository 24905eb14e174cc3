import CanonicalJSON
import LiveAccount
import MediaResources

/// The content keys of a locator, as its streaming policy asks for them.
struct LocatorKeys {
  /// A key that the policy asks for.
  struct Wanted {
    let label: String
    /// The encryption type, such as `CommonEncryptionCenc`.
    let type: String
    /// The content key policy that the streaming policy names for it.
    let policyName: String?
  }

  let wanted: [Wanted]

  private static let schemes = [
    ("commonEncryptionCenc", "CommonEncryptionCenc"), ("commonEncryptionCbcs", "CommonEncryptionCbcs"),
    ("envelopeEncryption", "EnvelopeEncryption"),
  ]

  init(policy: Resource?) {
    let properties = policy?.properties ?? JSONObject()
    wanted = Self.schemes.flatMap { member, type -> [Wanted] in
      let keys = properties[member]?["contentKeys"]
      let all = [keys?["defaultKey"]].compactMap(\.self) + (keys?["keyToTrackMappings"]?.arrayValue ?? [])
      return all.compactMap { key in
        key["label"]?.stringValue.map {
          Wanted(label: $0, type: type, policyName: key["policyName"]?.stringValue)
        }
      }
    }
  }

  func named(_ label: String?) -> Wanted? {
    wanted.first { $0.label.utf8.elementsEqual((label ?? "").utf8) }
  }

  /// The keys of a new locator: those that were given, with a value where none was, and those that were not.
  ///
  /// Ids are new GUIDs, values 16 bytes of the system's random generator.
  func completed(_ given: [JSONValue]) throws(ServiceError) -> [JSONValue] {
    var keys: [JSONValue] = []
    var labels: Set<String> = []
    var ids: Set<String> = []
    for (index, key) in given.enumerated() {
      let target = "properties.contentKeys[\(index)]"
      guard var object = key.objectValue else {
        throw ServiceError.invalidProperty(target, "A content key is an object.")
      }
      guard let label = object["labelReferenceInStreamingPolicy"]?.stringValue, let its = named(label) else {
        throw ServiceError.invalidProperty(
          target,
          "The content key's label '\(object["labelReferenceInStreamingPolicy"]?.stringValue ?? "")' is none of"
            + " the streaming policy's: \(wanted.map { "'\($0.label)'" }.joined(separator: ", ")).")
      }
      guard labels.insert(label).inserted, ids.insert((object["id"]?.stringValue ?? "").lowercased()).inserted
      else {
        throw ServiceError.invalidProperty(target, "Two content keys have the same label or the same id.")
      }
      // An envelope is AES-128: no player could take another key (facts: predefined policies).
      if its.type == "EnvelopeEncryption", let value = object["value"]?.stringValue,
        Base64.decode(value)?.count != 16
      {
        throw ServiceError.invalidProperty(
          "\(target).value",
          "The value of a content key for envelope encryption (AES-128) is 16 bytes in base64.")
      }
      if object["value"] == nil { object["value"] = .string(Base64.encode(Random.bytes(16))) }
      keys.append(.object(object))
    }
    for key in wanted where labels.insert(key.label).inserted {
      keys.append([
        "id": .string(Random.guid()), "labelReferenceInStreamingPolicy": .string(key.label),
        "value": .string(Base64.encode(Random.bytes(16))),
      ])
    }
    return keys
  }

  /// The keys as a version of the service shows them.
  ///
  /// The order is the service's own: as sent before 2020, then by type, which changed in 2023.
  /// - Parameter fallback: the content key policy of keys whose label names none; nil shows neither policies nor values.
  func shown(
    _ keys: [JSONValue], _ version: APIVersion, withSecrets: Bool, fallback: String?
  ) -> [JSONValue] {
    let order =
      version.text >= "2023"
      ? ["CommonEncryptionCbcs", "CommonEncryptionCenc", "EnvelopeEncryption"]
      : ["CommonEncryptionCenc", "CommonEncryptionCbcs", "EnvelopeEncryption"]
    let shown = keys.map { key -> (rank: Int, key: JSONValue) in
      var object = key.objectValue ?? JSONObject()
      let wanted = named(object["labelReferenceInStreamingPolicy"]?.stringValue)
      object["type"] = wanted.map { .string($0.type) }
      object["tracks"] = []
      if withSecrets {
        object["policyName"] = (wanted?.policyName ?? fallback).map { .string($0) }
      } else {
        object["value"] = version.showsNulls ? .null : nil
      }
      return (order.firstIndex(of: wanted?.type ?? "") ?? order.count, .object(object))
    }
    guard version.showsNulls else { return shown.map(\.key) }
    return shown.enumerated().sorted { ($0.element.rank, $0.offset) < ($1.element.rank, $1.offset) }
      .map(\.element.key)
  }
}

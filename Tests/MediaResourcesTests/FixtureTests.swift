import CanonicalJSON
import Foundation
import Testing

@testable import MediaResources

/// The published examples of the AMS v3 API and of MK.IO: everything loads, and nothing that a person set is lost.
@Suite struct FixtureTests {
  /// What the service sets by itself (the API's read-only properties).
  private static let setByService: Set<String> = [
    "created", "lastmodified", "assetid", "storageencryptionformat", "policyid", "policyoptionid", "type",
    "systemdata", "id",
    "supplemental", "etag", "provisioningstate", "containersas",
  ]

  private struct Found {
    let file: String
    let kind: ResourceKind
    let document: JSONObject
    /// Whether a client sent it, so that names come without the service's case and are not in the document.
    let assetName: String?
  }

  private static let kinds: [(word: String, kind: ResourceKind)] = [
    ("accountFilters", .accountFilter), ("assetFilters", .assetFilter), ("assets", .asset),
    ("content-key-policies", .contentKeyPolicy),
    ("contentKeyPolicies", .contentKeyPolicy), ("streaming-polic", .streamingPolicy),
    ("streaming-locators", .streamingLocator),
  ]

  private static func load() throws -> [Found] {
    let root = try #require(Bundle.module.url(forResource: "Fixtures", withExtension: nil))
    var found: [Found] = []
    for folder in ["official", "official-2023-01-01", "mkio"] {
      let path = root.appendingPathComponent(folder)
      for file in try FileManager.default.contentsOfDirectory(atPath: path.path).sorted() {
        let kind = try #require(kinds.first { file.contains($0.word) }?.kind, "\(file)")
        let bytes = [UInt8](try Data(contentsOf: path.appendingPathComponent(file)))
        let whole = try #require(JSONValue.parse(bytes).objectValue)
        let asset = kind.isChildOfAsset ? "asset of the example" : nil
        if whole["properties"] != nil {
          found.append(Found(file: file, kind: kind, document: whole, assetName: asset))
          continue
        }
        if var sent = (whole["parameters"]?["parameters"] ?? whole["request"])?.objectValue {
          sent["name"] = "sent"
          found.append(Found(file: file, kind: kind, document: sent, assetName: asset))
        }
        for (_, response) in whole["responses"]?.objectValue ?? [:] {
          guard let body = response["body"]?.objectValue else { continue }
          let bodies = body["value"]?.arrayValue?.compactMap(\.objectValue) ?? [body]
          for body in bodies where body["name"] != nil && body["properties"] != nil {
            found.append(Found(file: file, kind: kind, document: body, assetName: asset))
          }
        }
      }
    }
    return found
  }

  @Test func `every example loads, and normalising it again changes nothing`() throws {
    let found = try Self.load()
    #expect(found.count > 60)
    #expect(Set(found.map(\.kind)).count == 6)
    for example in found {
      let resource = try NormalForm.normalise(
        example.document, kind: example.kind, assetName: example.assetName)
      let again = try NormalForm.normalise(resource.document, kind: example.kind)
      #expect(again == resource, "\(example.file)")
      #expect(try JSONValue.parse(resource.canonicalBytes()) == .object(resource.document), "\(example.file)")
      #expect(Equivalence.equal(resource, again))
    }
  }

  @Test func `nothing but what the service sets is lost`() throws {
    for example in try Self.load() {
      let resource = try NormalForm.normalise(
        example.document, kind: example.kind, assetName: example.assetName)
      var kept = Self.leaves(.object(resource.properties), "")
      for leaf in Self.leaves(example.document["properties"] ?? [:], "") {
        if let index = kept.firstIndex(of: leaf) {
          kept.remove(at: index)
        } else {
          #expect(Self.isDefault(leaf), "\(example.file): \(leaf) is lost")
        }
      }
      #expect(kept.isEmpty, "\(example.file): \(kept) came from nowhere")
    }
  }

  @Test func `every example of the official API is valid`() throws {
    for example in try Self.load() where example.file.first?.isLetter == true {
      let resource = try NormalForm.normalise(
        example.document, kind: example.kind, assetName: example.assetName)
      #expect(Validation.check(resource) == [], "\(example.file)")
    }
  }

  /// Every scalar with the names that lead to it, in lower case and without array indexes: the service sorts some.
  private static func leaves(_ value: JSONValue, _ place: String) -> [String] {
    switch value {
    case .object(let object):
      object.flatMap { key, value in
        // The tracks of a locator's keys are the service's; those of filters and policies are not.
        (setByService.contains(key.lowercased()) || key == "tracks" && place == "/contentkeys")
          && !(place.contains("/contentkeys") && key.lowercased() == "id")
          && !place.contains("playready") ? [] : leaves(value, "\(place)/\(key.lowercased())")
      }
    case .array(let elements): elements.flatMap { leaves($0, place) }
    case .null: []
    default: ["\(place)=\(String(decoding: value.compactBytes(), as: UTF8.self))"]
    }
  }

  private static func isDefault(_ leaf: String) -> Bool {
    leaf.hasSuffix("=\"\"") || leaf.hasPrefix("/endtime=\"9999-12-31T23:59:59") || leaf.hasSuffix("=\"None\"")
      || leaf == "/containerdeletionpolicy=\"Retain\""
  }
}

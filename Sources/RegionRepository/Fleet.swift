import CanonicalJSON

/// `mirrored/fleet.json`: the regions of a fleet, and which of them is primary.
///
///     {
///       "epoch": { "id": "5e3f…", "number": 1 },
///       "primary": "east",
///       "regions": { "east": { "repository": "/srv/east" }, "west": { "repository": "ssh://west/srv/west" } }
///     }
///
/// The repositories written here tell people; how this machine reaches a peer stands in git's configuration, because
/// who can push must not decide where a mirror goes.
package struct Fleet: Sendable, Equatable {
  /// Where the document stands under `mirrored/`.
  package static let path = "fleet.json"

  /// The document, members that this version does not know included.
  private var document: JSONObject

  /// A new fleet with one region, which is its primary.
  package init(primary: RegionName, repository: String, epochID: String) {
    document = [
      "epoch": ["id": .string(epochID), "number": 1],
      "primary": .string(primary.text),
      "regions": [:],
    ]
    setRepository(repository, of: primary)
  }

  /// Reads the document.
  /// - Throws: `RegionError` (`.badDocument`) naming the line or the member.
  package init(bytes: [UInt8]) throws(RegionError) {
    let value: JSONValue
    do { value = try JSONValue.parse(bytes) } catch {
      throw RegionError(.badDocument, "mirrored/\(Self.path):\(error)")
    }
    guard let object = value.objectValue, let primary = object["primary"]?.stringValue,
      RegionName(primary) != nil,
      let regions = object["regions"]?.objectValue, regions[primary] != nil
    else {
      throw RegionError(.badDocument, "mirrored/\(Self.path) names no primary among its regions")
    }
    for (name, region) in regions {
      guard RegionName(name) != nil, region["repository"]?.stringValue != nil else {
        throw RegionError(
          .badDocument, "mirrored/\(Self.path): region '\(name)' is no region with a repository")
      }
    }
    document = object
  }

  /// The document as it stands in the tree.
  package func canonicalBytes() -> [UInt8] { JSONValue.object(document).canonicalBytes() }

  /// The region that takes changes.
  package var primary: RegionName? { document["primary"]?.stringValue.flatMap { RegionName($0) } }

  /// How often the fleet had a primary named: a number that only rises, and a random id.
  package var epoch: (number: Int64, id: String) {
    (document["epoch"]?["number"]?.int64Value ?? 0, document["epoch"]?["id"]?.stringValue ?? "")
  }

  /// The regions with their repositories, by name.
  package var regions: [(name: RegionName, repository: String)] {
    (document["regions"]?.objectValue ?? [:]).compactMap { name, region in
      guard let name = RegionName(name), let repository = region["repository"]?.stringValue else {
        return nil
      }
      return (name, repository)
    }
  }

  /// Adds a region, or says where one is now.
  package mutating func setRepository(_ repository: String, of name: RegionName) {
    var regions = document["regions"]?.objectValue ?? [:]
    var region = regions[name.text]?.objectValue ?? [:]
    region["repository"] = .string(repository)
    regions[name.text] = .object(region)
    document["regions"] = .object(regions)
  }

  /// Whether a region's account shall follow by itself what was pushed and mirrored (`"apply": "after-mirror"`).
  ///
  /// This says when, never where to: the account is named by the configuration of the region's own repository, which may
  /// also say no.
  package func appliesAfterMirror(_ name: RegionName) -> Bool {
    document["regions"]?.objectValue?[name.text]?.objectValue?["apply"]?.stringValue == Self.afterMirror
  }

  /// Says whether a region's account shall follow by itself.
  package mutating func setAppliesAfterMirror(_ follows: Bool, of name: RegionName) {
    guard var regions = document["regions"]?.objectValue, var region = regions[name.text]?.objectValue else {
      return
    }
    region["apply"] = follows ? .string(Self.afterMirror) : nil
    regions[name.text] = .object(region)
    document["regions"] = .object(regions)
  }

  private static let afterMirror = "after-mirror"

  /// Takes a region out.
  /// - Throws: `RegionError` (`.refused`) for the primary, (`.unknownResource`) for a region that is not in the fleet.
  package mutating func remove(_ name: RegionName) throws(RegionError) {
    var regions = document["regions"]?.objectValue ?? [:]
    guard regions[name.text] != nil else {
      throw RegionError(.unknownResource, "region \(name) is not in the fleet", hint: "lockstep fleet list")
    }
    guard primary != name else {
      throw RegionError(.refused, "region \(name) is the primary of the fleet and cannot be taken out")
    }
    regions[name.text] = nil
    document["regions"] = .object(regions)
  }
}

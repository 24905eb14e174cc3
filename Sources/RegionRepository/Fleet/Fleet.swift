import CanonicalJSON
import Git

/// `mirrored/fleet.json`: the regions of a fleet, who of them is primary, and how players come to them.
///
///     {
///       "epoch": { "id": "5e3f…", "number": 3 },
///       "fence": "strict",
///       "primary": "east",
///       "regions": {
///         "east": {
///           "apply": "after-mirror", "repository": "/srv/east",
///           "targets": { "keyDelivery": "https://keys-east.example.net", "origin": "https://origin-east.example.net" }
///         },
///         "west": { "repository": "ssh://west/srv/west" }
///       },
///       "traffic": {
///         "origin": { "hostName": "media.example.com", "path": "/", "probe": { "path": "/health" } }
///       }
///     }
///
/// The repositories written here tell people; how this machine reaches a peer, and who carries the traffic, stands in git's
/// configuration, because who can push must not decide where a mirror or a player goes.
package struct Fleet: Sendable, Equatable {
  /// Where the document stands under `mirrored/`.
  package static let path = "fleet.json"

  /// The document, members that this version does not know included.
  private(set) var document: JSONObject

  /// A new fleet with one region, which is its primary.
  package init(primary: RegionName, repository: String, epochID: String) {
    self.primary = primary
    document = [
      "epoch": ["id": .string(epochID), "number": 1],
      "primary": .string(primary.text),
      "regions": [:],
    ]
    setRepository(repository, of: primary)
  }

  /// Reads the document.
  /// - Throws: `RegionError` (`.badDocument`) naming the line, the member, and what is wanted there.
  package init(bytes: [UInt8]) throws(RegionError) {
    let value: JSONValue
    do { value = try JSONValue.parse(bytes) } catch {
      throw RegionError(.badDocument, "mirrored/\(Self.path):\(error)")
    }
    if let problem = Self.problems(in: value).first {
      // In other bytes than canonical ones the line would be another one.
      let line =
        value.canonicalBytes() == bytes ? ":\(JSONLines.line(of: problem.pointer, in: value))" : ""
      throw RegionError(.badDocument, "mirrored/\(Self.path)\(line): \(problem.description)")
    }
    guard let object = value.objectValue, let primary = object["primary"]?.stringValue,
      let primary = RegionName(primary)
    else {
      throw RegionError(.badDocument, "mirrored/\(Self.path) names no primary")
    }
    self.primary = primary
    document = object
  }

  /// The document as it stands in the tree.
  package func canonicalBytes() -> [UInt8] { JSONValue.object(document).canonicalBytes() }

  /// The region that takes changes.
  package private(set) var primary: RegionName

  /// Whether a primary that cannot ask one of its peers for its epoch takes no changes (`"fence": "strict"`).
  package var isFenceStrict: Bool { document["fence"]?.stringValue == "strict" }

  /// Says whether a primary that cannot ask one of its peers takes no changes.
  package mutating func setFenceStrict(_ isStrict: Bool) {
    document["fence"] = isStrict ? "strict" : nil
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

  /// The primary's repository as `-C` takes it on its machine, as far as the fleet says: where the fleet is edited.
  package var primaryOption: String {
    let place = regions.first { $0.name == primary }?.repository ?? "FOLDER-OF-\(primary)"
    return "-C \(SSHAddress(place)?.shellPath ?? ShellWord.quoted(place))"
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
  /// - Throws: `RegionError` (`.unknownResource`) for a region that is not in the fleet.
  package mutating func setAppliesAfterMirror(_ follows: Bool, of name: RegionName) throws(RegionError) {
    try editRegion(name) { $0["apply"] = follows ? .string(Self.afterMirror) : nil }
  }

  static let afterMirror = "after-mirror"

  /// Takes a region out.
  /// - Throws: `RegionError` (`.refused`) for the primary, (`.unknownResource`) for a region that is not in the fleet.
  package mutating func remove(_ name: RegionName) throws(RegionError) {
    var regions = document["regions"]?.objectValue ?? [:]
    guard regions[name.text] != nil else {
      throw RegionError(.unknownResource, "region \(name) is not in the fleet")
    }
    guard primary != name else {
      throw RegionError(.refused, "region \(name) is the primary of the fleet and cannot be taken out")
    }
    regions[name.text] = nil
    document["regions"] = .object(regions)
  }

  // MARK: Editing

  /// Changes the document to what must be a fleet again.
  mutating func edit(_ change: (inout JSONObject) -> Void) throws(RegionError) {
    var edited = document
    change(&edited)
    self = try Fleet(bytes: JSONValue.object(edited).canonicalBytes())
  }

  /// Changes what the document says of a region.
  mutating func editRegion(_ name: RegionName, _ change: (inout JSONObject) -> Void) throws(RegionError) {
    guard var regions = document["regions"]?.objectValue, var region = regions[name.text]?.objectValue else {
      throw RegionError(.unknownResource, "region \(name) is not in the fleet")
    }
    change(&region)
    regions[name.text] = .object(region)
    try edit { $0["regions"] = .object(regions) }
  }
}

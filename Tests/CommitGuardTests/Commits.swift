import CanonicalJSON
import CommitGuard
import Git
import MediaResources
import RegionRepository
import Support

/// A region whose commits stand in a pack that is never finished.
struct Commits {
  let folder: TemporaryFolder
  let region: RegionRepository
  let pack: PackWriter

  init() throws {
    folder = try TemporaryFolder()
    region = try RegionRepository.create(
      at: folder["east"], name: RegionName(checking: "east"), account: .folder(path: folder["account"]),
      bare: true, bindings: Bindings(["storage.main": "eaststorage"]), user: ("Tess Ter", "tess@example.com"))
    pack = try PackWriter(repository: region.git)
  }

  /// Writes a commit on top of others; the tree is that of the first one, with changes.
  /// - Parameter taking: a resource that is taken out.
  func commit(
    on parents: [ObjectID], _ resources: [Resource] = [], taking: [ResourceID] = [],
    _ message: String = "By hand\n"
  ) throws -> ObjectID {
    let old = try parents.first.map { try pack.regionTree(of: $0) }
    var edits: [String: (mode: UInt32, id: ObjectID)?] = [:]
    for resource in resources {
      let blob = try pack.write(.blob, resource.canonicalBytes(), replacing: nil)
      edits[ResourcePath.path(of: resource.id)] = (TreeMode.file, blob)
    }
    for id in taking { edits.updateValue(nil, forKey: ResourcePath.path(of: id)) }
    let mirrored = try TreeEditor.apply(edits, to: old?.mirrored, source: pack, sink: pack)
    let root = try pack.write(
      .tree, RegionTree(mirrored: mirrored, local: old?.local).encoded(), replacing: nil)
    let line = Array("Tess Ter <tess@example.com> 1700000000 +0000".utf8)
    return try region.writeCommit(
      tree: root, parents: parents, message: message, by: CommitSignatures(author: line, committer: line),
      into: pack)
  }

  /// The rules that commits break, by name.
  func rules(
    _ commits: [ObjectID], live: ObjectID? = nil, index: RegionIndex? = nil
  ) throws -> [String] {
    try CommitGuard(source: pack, region: region.name, index: index).findings(in: commits, live: live)
      .map(\.rule.rawValue)
  }

  // MARK: Resources

  static func asset(_ name: String) throws -> Resource {
    try Resource(
      document: ["name": .string(name), "properties": ["storageAccountName": "${storage.main}"]], kind: .asset
    )
  }

  static func filter(_ name: String) throws -> Resource {
    try Resource(document: ["name": .string(name), "properties": [:]], kind: .accountFilter)
  }

  static func locator(
    _ name: String, id: Int, asset: String = "film", filters: [String] = []
  ) throws -> Resource {
    let digits = String(id)
    let guid = "00000000-0000-4000-8000-" + String(repeating: "0", count: 12 - digits.count) + digits
    var properties: JSONObject = [
      "assetName": .string(asset), "streamingLocatorId": .string(guid),
      "streamingPolicyName": "Predefined_ClearStreamingOnly",
    ]
    if !filters.isEmpty { properties["filters"] = .array(filters.map { .string($0) }) }
    return try Resource(
      document: ["name": .string(name), "properties": .object(properties)], kind: .streamingLocator)
  }

  static func id(_ kind: ResourceKind, _ name: String) -> ResourceID {
    ResourceID(kind: kind, assetName: nil, name: name)
  }
}

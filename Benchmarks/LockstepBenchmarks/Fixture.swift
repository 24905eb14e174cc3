import CanonicalJSON
import Foundation
import Git
import MediaResources
import RegionRepository
import Sealing
import Support

/// Regions of any size, written straight as git objects.
enum Fixture {
  /// Makes a bare region with a number of resources (assets and locators in turn) in one commit.
  ///
  /// Key values stand there as sealed values do, or in clear for a rotation to seal them.
  static func region(
    _ name: String, in folder: TemporaryFolder, resources count: Int, isClear: Bool = false
  ) throws -> RegionRepository {
    let region = try RegionRepository.create(
      at: folder[name], name: RegionName(checking: name), account: .folder(path: folder["\(name)-account"]),
      bare: true, bindings: Bindings(["storage.main": "\(name)storage"]),
      user: ("Benchmark", "benchmark@example.com"))
    if count > 0 { try commit(Array(0..<count), round: 0, to: region, isClear: isClear) }
    return region
  }

  /// Commits another form of some resources.
  static func commit(
    _ numbers: [Int], round: Int, to region: RegionRepository, isClear: Bool = false
  ) throws {
    let pack = try PackWriter(repository: region.git)
    let head = try region.head()
    let new = try append(numbers, round: round, onto: head, of: region, pack: pack, isClear: isClear)
    try pack.finish()
    try region.git.setReference(region.branchReference(), to: new, expecting: head, log: "benchmark")
  }

  /// Makes a commit that no ref names yet, as a push brings it.
  /// - Returns: the head, and the commit on top of it.
  static func detachedCommit(
    _ numbers: [Int], round: Int, to region: RegionRepository
  ) throws -> (old: ObjectID, new: ObjectID) {
    let pack = try PackWriter(repository: region.git)
    guard let head = try region.head() else { throw CocoaError(.fileNoSuchFile) }
    let new = try append(numbers, round: round, onto: head, of: region, pack: pack)
    try pack.finish()
    return (head, new)
  }

  /// Commits what locators refer to beside their assets: the content key policy, and files in the place of the data keys
  /// that the values of some of them are sealed with.
  static func commitWhatLocatorsNeed(_ numbers: [Int], to region: RegionRepository) throws {
    let pack = try PackWriter(repository: region.git)
    let policy = try Resource(
      document: ["name": "multi-drm", "properties": ["options": []]], kind: .contentKeyPolicy)
    var edits: [String: (mode: UInt32, id: ObjectID)?] = [
      ResourcePath.path(of: policy.id): (
        TreeMode.file, try pack.write(.blob, policy.canonicalBytes(), replacing: nil)
      )
    ]
    for number in numbers {
      for fingerprint in SealedValues.fingerprints(in: try resource(number, round: 0, isClear: false)) {
        let blob = try pack.write(.blob, Array("\(fingerprint)\n".utf8), replacing: nil)
        edits[SealingFiles.path(of: fingerprint)] = (TreeMode.file, blob)
      }
    }
    try region.commit(edits, on: region.head(), message: "What locators need\n", log: "benchmark", pack: pack)
  }

  /// Commits a history, all of it in one pack.
  static func commit(rounds: [[Int]], to region: RegionRepository) throws {
    let pack = try PackWriter(repository: region.git)
    let old = try region.head()
    var head = old
    for (round, numbers) in rounds.enumerated() {
      head = try append(numbers, round: round + 1, onto: head, of: region, pack: pack)
    }
    try pack.finish()
    guard let head else { return }
    try region.git.setReference(region.branchReference(), to: head, expecting: old, log: "benchmark")
  }

  private static func append(
    _ numbers: [Int], round: Int, onto head: ObjectID?, of region: RegionRepository, pack: PackWriter,
    isClear: Bool = false
  ) throws -> ObjectID {
    var edits: [String: (mode: UInt32, id: ObjectID)?] = [:]
    edits.reserveCapacity(numbers.count)
    for number in numbers {
      let resource = try resource(number, round: round, isClear: isClear)
      let blob = try pack.write(.blob, resource.canonicalBytes(), replacing: nil)
      edits[ResourcePath.path(of: resource.id)] = (TreeMode.file, blob)
    }
    let halves = try head.map { try pack.regionTree(of: $0) }
    let mirrored = try TreeEditor.apply(edits, to: halves?.mirrored, source: pack, sink: pack)
    let root = try pack.write(
      .tree, RegionTree(mirrored: mirrored, local: halves?.local).encoded(), replacing: nil)
    let line = Array("Benchmark <benchmark@example.com> \(1_700_000_000 + round) +0000".utf8)
    return try region.writeCommit(
      tree: root, parents: head.map { [$0] } ?? [], message: "Round \(round)\n",
      by: CommitSignatures(author: line, committer: line), into: pack)
  }

  /// A resource of about 600 bytes: an asset for even numbers, its locator for odd ones.
  static func resource(
    _ number: Int, round: Int, storage: String = "${storage.main}", isClear: Bool = true
  ) throws -> Resource {
    let asset = "asset-\(number / 2)"
    guard number % 2 == 1 else {
      return try Resource(
        document: [
          "name": .string(asset),
          "properties": [
            "alternateId": .string("catalogue-\(number)"),
            "container": .string("container-\(guid(number, 1))"),
            "description": .string(
              "Round \(round): " + String(repeating: "a film of some length, ", count: 16)),
            "storageAccountName": .string(storage),
          ],
        ], kind: .asset)
    }
    return try locator(number, named: "locator-\(number / 2)", of: asset, round: round, isClear: isClear)
  }

  /// One locator of many that assets have in turn.
  static func locator(_ number: Int, ofAsset asset: Int) throws -> Resource {
    // Numbers of their own, so that no id is one of `resource`.
    try locator(
      1_000_000 + number, named: "locator-\(number)", of: "asset-\(asset)", round: 0, isClear: true,
      contentKeyPolicy: nil)
  }

  private static func locator(
    _ number: Int, named name: String, of asset: String, round: Int, isClear: Bool,
    contentKeyPolicy: String? = "multi-drm"
  ) throws -> Resource {
    let keys = (0..<2).map { index -> JSONValue in
      [
        "id": .string(guid(number, 2 + index)),
        "labelReferenceInStreamingPolicy": .string(index == 0 ? "cencKeyDefault" : "cbcsKeyDefault"),
        "value": .string(value(guid(number, 4 + index), isClear: isClear)),
      ]
    }
    var properties: JSONObject = [
      "alternativeMediaId": .string("round-\(round)"), "assetName": .string(asset),
      "contentKeys": .array(keys), "streamingLocatorId": .string(guid(number, 9)),
      "streamingPolicyName": "Predefined_MultiDrmStreaming",
    ]
    properties["defaultContentKeyPolicyName"] = contentKeyPolicy.map { .string($0) }
    return try Resource(
      document: ["name": .string(name), "properties": .object(properties)], kind: .streamingLocator)
  }

  /// A key's value: 16 bytes in base64, or what looks as if they were sealed.
  private static func value(_ seed: String, isClear: Bool) -> String {
    guard !isClear else { return Data(seed.utf8.prefix(16)).base64EncodedString() }
    let sealed = Data((seed + seed).utf8.prefix(48)).base64EncodedString()
    return "sealed:\(seed.filter { $0 != "-" }):\(sealed)"
  }

  /// A GUID that is a function of two numbers.
  private static func guid(_ a: Int, _ b: Int) -> String {
    var generator = SeededGenerator(seed: UInt64(a) << 8 | UInt64(b))
    return UUID(
      uuid: withUnsafeBytes(of: (generator.next(), generator.next())) { $0.load(as: uuid_t.self) }
    ).uuidString.lowercased()
  }
}

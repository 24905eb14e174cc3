import CanonicalJSON
import FolderAccount
import Foundation
import Git
import LiveAccount
import MediaResources
import RegionRepository
import Sealing
import Support

@testable import Replay

/// A fleet of real regions beside the model of it.
final class World {
  let folder: TemporaryFolder
  let names: [String]
  var random: SeededGenerator
  var model: Model
  let keys: WorldKeys
  private var regions: [String: RegionRepository] = [:]
  /// The commits of each region's branch, with the state that each has.
  var lines: [String: [(commit: ObjectID, state: RegionState)]] = [:]
  private var count = 0
  /// The regions that lost their refs.
  var forgetful: Set<String> = []
  /// The forms of documents that were read.
  private var read: [ObjectID: Form] = [:]

  init(seed: UInt64, regions count: Int) throws {
    folder = try TemporaryFolder()
    keys = try WorldKeys()
    names = Array(["east", "west", "north"].prefix(count))
    random = SeededGenerator(seed: seed)
    model = Model(regions: names, primary: "east")
    for name in names {
      _ = try FolderAccount.create(folder["\(name)-account"], now: { 0 })
      let region = try RegionRepository.create(
        at: folder[name], name: RegionName(checking: name),
        account: AccountLocation("folder:\(folder["\(name)-account"])", relativeTo: "/"), bare: true,
        bindings: Bindings(["storage.main": "\(name)storage"]),
        user: (name: "Tess", email: "tess@example.com"))
      try region.noteEmptyAccount()
      regions[name] = region
      lines[name] = []
      model.live[name] = .empty
      try note(name)
    }
  }

  func region(_ name: String) throws -> RegionRepository {
    guard let region = regions[name] else { throw Wrong("no region \(name)") }
    return region
  }

  /// A step that did not do what the model says.
  struct Wrong: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
  }

  // MARK: Commits

  func pick<T>(_ values: [T]) throws -> T {
    guard let value = values.randomElement(using: &random) else { throw Wrong("nothing to choose from") }
    return value
  }

  func head(_ name: String) throws -> ObjectID {
    guard let head = try region(name).head() else { throw Wrong("\(name) has no head") }
    return head
  }

  func note(_ name: String) throws {
    lines[name, default: []].append((commit: try head(name), state: model[name]))
  }

  func nextNumber() -> Int {
    count += 1
    return count
  }

  /// What a region's branch holds.
  func forms(of name: String) throws -> [String: Form] {
    let region = try region(name)
    var found: [String: Form] = [:]
    try TreeWalk.changes(from: nil, to: region.mirrored(of: head(name)), in: region.git) { change in
      guard let entry = change.new, ResourcePath.kind(ofPath: change.path) != nil else { return }
      let bytes = try region.git.read(entry.id).bytes
      let resource = try MirroredDocument.resource(bytes: bytes, path: change.path)
      let form = try read[entry.id] ?? Self.form(resource, keys.keyring)
      read[entry.id] = form
      found[resource.id.name] = form
    }
    return found
  }

  /// A document of a region's own.
  private static func endpoint(_ number: Int) throws -> [UInt8] {
    try Resource(
      document: [
        "location": "here", "name": "default",
        "properties": ["maxCacheAge": .number(.int64(Int64(number))), "scaleUnits": 1],
      ], kind: .streamingEndpoint
    ).canonicalBytes()
  }

  /// Writes a commit on some parents, with the first one's tree but for some edits.
  /// - Parameter words: the resources for which it says that their identity may change.
  func write(
    _ name: String, parents: [ObjectID], _ forms: [String: Form?], allowing words: Set<String> = [],
    local: Int? = nil, pack: PackWriter
  ) throws -> ObjectID {
    let region = try region(name)
    let old = try pack.regionTree(of: parents[0])
    let edits = try edits(forms, besides: pack.sealingFiles(in: old.mirrored), pack)
    let mirrored = try TreeEditor.apply(edits, to: old.mirrored, source: pack, sink: pack)
    var halves = RegionTree(mirrored: mirrored, local: old.local)
    if let local {
      let blob = try pack.write(.blob, Self.endpoint(local), replacing: nil)
      halves = RegionTree(
        mirrored: mirrored,
        local: try TreeEditor.apply(
          ["streaming-endpoints/default.json": (mode: TreeMode.file, id: blob)], to: old.local, source: pack,
          sink: pack))
    }
    let line = Array(
      "Tess <t@x> \(1_700_000_000 + Int.random(in: -9_999...9_999, using: &random)) +0130".utf8)
    let trailers = try words.sorted().map { "\(IdentityChange.allowingTrailer): \(try Self.id($0))\n" }
    return try region.writeCommit(
      tree: pack.write(.tree, halves.encoded(), replacing: nil), parents: parents,
      message: "Change \(nextNumber())\n" + (trailers.isEmpty ? "" : "\n" + trailers.joined()),
      by: CommitSignatures(author: line, committer: line), into: pack)
  }

  func move(_ name: String, to commit: ObjectID, pack: PackWriter) throws {
    try region(name).finish(
      RegionRepository.HeadMove(old: head(name), new: commit, log: "test"), pack: pack)
    try note(name)
  }
}

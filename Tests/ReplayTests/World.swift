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
  private var regions: [String: RegionRepository] = [:]
  /// The commits of each region's branch, with the state that each has.
  private var lines: [String: [(commit: ObjectID, state: RegionState)]] = [:]
  private var accounts: [String: [String: Int]] = [:]
  private var live: [String: RegionState] = [:]
  private var count = 0
  /// The regions that lost their refs.
  private var forgetful: Set<String> = []

  init(seed: UInt64, regions count: Int) throws {
    folder = try TemporaryFolder()
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
      accounts[name] = [:]
      live[name] = .empty
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

  static let nobody = Identities { () throws(SealingError) in
    throw SealingError(.noIdentity, "nobody is here")
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

  private func note(_ name: String) throws {
    lines[name, default: []].append((commit: try head(name), state: model[name]))
  }

  static func document(_ name: String, _ value: Int) -> [UInt8] {
    JSONValue.object(["name": .string(name), "properties": ["n": .number(.int64(Int64(value)))]])
      .canonicalBytes()
  }

  private func edits(_ values: [String: Int?], _ pack: PackWriter) throws -> [String: (
    mode: UInt32, id: ObjectID
  )?] {
    var edits: [String: (mode: UInt32, id: ObjectID)?] = [:]
    for (name, value) in values {
      let entry = try value.map {
        (mode: TreeMode.file, id: try pack.write(.blob, Self.document(name, $0), replacing: nil))
      }
      edits.updateValue(entry, forKey: "account-filters/\(name).json")
    }
    return edits
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
  private func write(
    _ name: String, parents: [ObjectID], _ values: [String: Int?], local: Int? = nil, pack: PackWriter
  ) throws -> ObjectID {
    let region = try region(name)
    let old = try pack.regionTree(of: parents[0])
    let mirrored = try TreeEditor.apply(edits(values, pack), to: old.mirrored, source: pack, sink: pack)
    var halves = RegionTree(mirrored: mirrored, local: old.local)
    if let local {
      let blob = try pack.write(.blob, Self.endpoint(local), replacing: nil)
      halves = RegionTree(
        mirrored: mirrored,
        local: try TreeEditor.apply(
          ["streaming-endpoints/default.json": (mode: TreeMode.file, id: blob)], to: old.local, source: pack,
          sink: pack))
    }
    count += 1
    let line = Array(
      "Tess <t@x> \(1_700_000_000 + Int.random(in: -9_999...9_999, using: &random)) +0130".utf8)
    return try region.writeCommit(
      tree: pack.write(.tree, halves.encoded(), replacing: nil), parents: parents,
      message: "Change \(count)\n", by: CommitSignatures(author: line, committer: line), into: pack)
  }

  private func move(_ name: String, to commit: ObjectID, pack: PackWriter) throws {
    try region(name).finish(
      RegionRepository.HeadMove(old: head(name), new: commit, log: "test"), pack: pack)
    try note(name)
  }

  private func randomEdits() -> [String: Int?] {
    var edits: [String: Int?] = [:]
    for _ in 0..<Int.random(in: 1...2, using: &random) {
      count += 1
      let value: Int? = Int.random(in: 0...4, using: &random) == 0 ? nil : count
      edits.updateValue(value, forKey: "f\(Int.random(in: 0...5, using: &random))")
    }
    return edits
  }

  // MARK: Steps

  func beginFleet() throws {
    var fleet = Fleet(primary: try RegionName(checking: "east"), repository: "/east", epochID: "one")
    for name in names { fleet.setRepository("/\(name)", of: try RegionName(checking: name)) }
    let region = try region("east")
    let pack = try PackWriter(repository: region.git)
    let blob = try pack.write(.blob, fleet.canonicalBytes(), replacing: nil)
    try region.commit(
      [Fleet.path: (mode: TreeMode.file, id: blob)], on: region.head(), message: "Fleet\n", log: "test",
      pack: pack)
    model.commit("east", [:])
    model.fleet = model["east"].known.max()
    try note("east")
  }

  func commit(_ name: String) throws {
    let pack = try PackWriter(repository: region(name).git)
    let edits = randomEdits()
    let commit = try write(name, parents: [head(name)], edits, pack: pack)
    model.commit(name, edits)
    try move(name, to: commit, pack: pack)
  }

  func empty(_ name: String) throws {
    let pack = try PackWriter(repository: region(name).git)
    let commit = try write(name, parents: [head(name)], [:], pack: pack)
    model.commit(name, [:])
    try move(name, to: commit, pack: pack)
  }

  func local(_ name: String) throws {
    let pack = try PackWriter(repository: region(name).git)
    let commit = try write(name, parents: [head(name)], [:], local: count, pack: pack)
    try move(name, to: commit, pack: pack)
  }

  /// Commits on older ones, merged at once by a commit that says what stands then; an octopus now and then.
  func sideMerge(_ name: String) throws {
    let pack = try PackWriter(repository: region(name).git)
    var state = model[name]
    var parents = [try head(name)]
    for _ in 0..<Int.random(in: 1...2, using: &random) {
      let old = try pick(Array((lines[name] ?? []).suffix(6)))
      let edits = randomEdits()
      parents.append(try write(name, parents: [old.commit], edits, pack: pack))
      var side = old.state
      side.known.insert(model.change())
      for (name, value) in edits { side.values[name] = value }
      model.note(side)
      state.known.formUnion(side.known)
    }
    let edits = randomEdits()
    let commit = try write(name, parents: parents, edits, pack: pack)
    state.known.insert(model.change())
    for (name, value) in edits { state.values[name] = value }
    model.set(name, state)
    try move(name, to: commit, pack: pack)
  }

  /// Somebody changes the account, and it is captured.
  func capture(_ name: String) async throws {
    let account = try FolderAccount.open(folder["\(name)-account"], now: { 0 })
    for (name, value) in randomEdits() {
      let id = ResourceID(kind: .accountFilter, assetName: nil, name: name)
      guard let value else {
        try await account.delete(id)
        continue
      }
      let document = try JSONValue.parse(Self.document(name, value)).objectValue ?? [:]
      try await account.replace(Resource(document: document, kind: .accountFilter))
    }
    var held: [String: Int] = [:]
    for listed in try await account.list(.accountFilter) {
      guard let document = try await account.read(listed), let name = document["name"]?.stringValue else {
        continue
      }
      held[name] = document["properties"]?["n"]?.int64Value.map { Int($0) }
    }
    let (mine, start) = (model[name], live[name] ?? .empty)
    let expected = Model.merge(base: start.values, ours: mine.values, theirs: held, prefer: .none)
    let before = try head(name)
    do {
      _ = try await Capture(
        region: region(name), account: account, identities: Self.nobody, cancellation: Cancellation()
      ).run()
    } catch let error as RegionError where error.code == .conflict {
      guard expected == nil, try head(name) == before else {
        throw Wrong("capture \(name): \(error.message)")
      }
      // A person takes the account's side back.
      try await restore(account, held: held, to: start.values)
      return
    }
    guard let expected else { throw Wrong("capture \(name) saw no conflict") }
    guard try held != start.values || before != head(name) else { return }
    var captured = start
    captured.known.formUnion([model.change()])
    captured.values = held
    model.note(captured)
    live[name] = captured
    var state = mine
    state.known.formUnion(captured.known)
    if state.known != captured.known || expected != held { state.known.insert(model.change()) }
    state.values = expected
    model.set(name, state)
    try note(name)
  }

  private func restore(_ account: FolderAccount, held: [String: Int], to values: [String: Int]) async throws {
    for name in Set(held.keys).union(values.keys) where held[name] != values[name] {
      guard let value = values[name] else {
        try await account.delete(ResourceID(kind: .accountFilter, assetName: nil, name: name))
        continue
      }
      let document = try JSONValue.parse(Self.document(name, value)).objectValue ?? [:]
      try await account.replace(Resource(document: document, kind: .accountFilter))
    }
  }

  func rollback(_ name: String) throws {
    let line = lines[name] ?? []
    guard line.count > 1 else { return }
    let index = Int.random(in: 1..<line.count, using: &random)
    let region = try region(name)
    let parent = try RawCommit(bytes: region.git.read(line[index].commit).bytes).parents.first
    // What stands before a commit is what its first parent has, which the line of an earlier head need not end with.
    guard let before = line.last(where: { $0.commit == parent }) else { return }
    let isPoint = Bool.random(using: &random)
    let state = model[name]
    let expected =
      isPoint
      ? line[index].state.values
      : Model.merge(
        base: line[index].state.values, ours: state.values, theirs: before.state.values, prefer: .none)
    guard try line[index].commit == head(name) || region.git.isAncestor(line[index].commit, of: head(name))
    else {
      return
    }
    let rollback = Rollback(region: region, identities: Self.nobody, allowingIdentityChanges: [])
    do {
      let prepared = try rollback.prepare(isPoint ? .to(line[index].commit) : .commit(line[index].commit))
      guard let expected, expected != state.values else {
        throw Wrong("rollback in \(name) should have been refused")
      }
      try prepared.finish()
      var next = state
      next.known.insert(model.change())
      next.values = expected
      model.set(name, next)
      try note(name)
    } catch let error as RegionError {
      guard expected == nil && error.code == .conflict || expected == state.values && error.code == .refused
      else {
        throw Wrong("rollback in \(name): \(error.message)")
      }
    }
  }

  @discardableResult
  func mirror(_ source: String, to target: String, prefer: Model.Prefer) throws -> Expected {
    let before = try head(target)
    let preference: Preference =
      switch prefer {
      case .none: .none
      case .source: Preference(all: .source)
      case .target: Preference(all: .target)
      }
    var next = model
    let expected = next.mirror(source, to: target, prefer: prefer)
    let found: Expected
    do {
      let report = try Mirror(
        from: .local(region(source)), to: region(target), identities: Self.nobody,
        options: Mirror.Options(preference: preference)
      ).run()
      found =
        switch report.outcome {
        case .current: .current
        case .forwarded: .forwarded
        case .joined: .joined
        case .waiting: .waiting
        }
    } catch is JoinConflicts {
      found = .conflict
    } catch let error as ReplayError where error.code == .edited {
      found = .refused
    } catch let error as ReplayError where error.code == .unusableSource && forgetful.contains(source) {
      // A clone lacks the originals of third regions until those are mirrored into it once more.
      return .refused
    }
    model = next
    guard found == expected else {
      throw Wrong("mirror \(source) to \(target): \(found) instead of \(expected)")
    }
    let isMoved = try head(target) != before
    guard isMoved == (found == .forwarded || found == .joined) else {
      throw Wrong("mirror \(source) to \(target): \(found), and the branch \(isMoved ? "moved" : "stayed")")
    }
    if isMoved { try note(target) }
    return found
  }

  /// A mirror that is cut off right before the branch moves: the refs that keep originals have moved.
  func cutOff(_ source: String, to target: String) throws {
    let (old, state) = (try head(target), model[target])
    try mirror(source, to: target, prefer: .none)
    guard try head(target) != old else { return }
    let region = try region(target)
    try region.git.setReference(
      region.branchReference(), to: old, expecting: head(target), log: "test: cut off")
    model.set(target, state)
    lines[target]?.removeLast()
  }

  /// A repository that was made anew from a clone has no refs but its branch.
  func forget(_ name: String) throws {
    forgetful.insert(name)
    let git = try region(name).git
    for (reference, id) in try git.references(beneath: RegionRepository.sourceReferences) {
      try git.setReference(reference, to: nil, expecting: id, log: "test: forget")
    }
  }
}

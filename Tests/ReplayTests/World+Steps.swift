import CanonicalJSON
import FolderAccount
import Git
import LiveAccount
import MediaResources
import RegionRepository
import Sealing
import Support

@testable import Replay

/// What may happen to a fleet.
extension World {
  func beginFleet() throws {
    var fleet = Fleet(primary: try RegionName(checking: "east"), repository: "/east", epochID: "one")
    for name in names { fleet.setRepository("/\(name)", of: try RegionName(checking: name)) }
    let region = try region("east")
    let pack = try PackWriter(repository: region.git)
    let blob = try pack.write(.blob, fleet.canonicalBytes(), replacing: nil)
    try region.commit(
      [Fleet.path: (mode: TreeMode.file, id: blob)], on: region.head(), message: "Fleet\n", log: "test",
      pack: pack)
    let state = model.change(on: [model["east"]], model["east"].values)
    model.set("east", state)
    model.fleet = state.tip
    try note("east")
  }

  func commit(_ name: String) throws {
    let state = model[name]
    let (edits, words) = (randomEdits(of: state.values), randomWords())
    try commit(name, edits, allowing: words)
  }

  func empty(_ name: String) throws { try commit(name, [:]) }

  private func commit(_ name: String, _ edits: [String: Form?], allowing words: Set<String> = []) throws {
    let pack = try PackWriter(repository: region(name).git)
    let commit = try write(name, parents: [head(name)], edits, allowing: words, pack: pack)
    let state = model[name]
    model.set(name, model.change(on: [state], Model.applying(edits, to: state.values), allowing: words))
    try move(name, to: commit, pack: pack)
  }

  func local(_ name: String) throws {
    let pack = try PackWriter(repository: region(name).git)
    let commit = try write(name, parents: [head(name)], [:], local: nextNumber(), pack: pack)
    try move(name, to: commit, pack: pack)
  }

  /// Commits on older ones, merged at once by a commit that says what stands then; an octopus now and then.
  func sideMerge(_ name: String) throws {
    let pack = try PackWriter(repository: region(name).git)
    var states = [model[name]]
    var parents = [try head(name)]
    for _ in 0..<Int.random(in: 1...2, using: &random) {
      let old = try pick(Array((lines[name] ?? []).suffix(6)))
      let (edits, words) = (randomEdits(of: old.state.values), randomWords())
      parents.append(try write(name, parents: [old.commit], edits, allowing: words, pack: pack))
      states.append(
        model.change(on: [old.state], Model.applying(edits, to: old.state.values), allowing: words))
    }
    let (edits, words) = (randomEdits(of: states[0].values), randomWords())
    let commit = try write(name, parents: parents, edits, allowing: words, pack: pack)
    model.set(name, model.change(on: states, Model.applying(edits, to: states[0].values), allowing: words))
    try move(name, to: commit, pack: pack)
  }

  /// The account is made to match the region.
  func apply(_ name: String) throws {
    let region = try region(name)
    try region.git.setReference(
      RegionRepository.liveReference, to: head(name), expecting: region.live(), log: "test: apply")
    model.live[name] = model[name]
  }

  /// Somebody changes the account, and it is captured.
  func capture(_ name: String) async throws {
    let account = try FolderAccount.open(folder["\(name)-account"], now: { 0 })
    for (name, form) in filterEdits() { try await put(name, form, into: account) }
    var held: [String: Form] = [:]
    for listed in try await account.list(.accountFilter) {
      guard let document = try await account.read(listed), let name = document["name"]?.stringValue else {
        continue
      }
      held[name] = try Self.form(Resource(document: document, kind: .accountFilter), keys.keyring)
    }
    let (mine, start) = (model[name], model.live[name] ?? .empty)
    let expected = Model.merge(base: start.values, ours: mine.values, theirs: held)
    let before = try head(name)
    do {
      _ = try await Capture(
        region: region(name), account: account, identities: keys.identities, cancellation: Cancellation()
      ).run()
    } catch let error as RegionError where error.code == .conflict {
      guard expected == nil, try head(name) == before else {
        throw Wrong("capture \(name): \(error.message)")
      }
      // A person takes the account's side back.
      for other in Set(held.keys).union(start.values.keys) where held[other] != start.values[other] {
        try await put(other, start.values[other], into: account)
      }
      return
    }
    guard let expected else { throw Wrong("capture \(name) saw no conflict") }
    guard try held != start.values || before != head(name) else { return }
    let captured = model.change(on: [start], held)
    model.live[name] = captured
    let isMerged = !mine.known.isSubset(of: captured.known) || expected != held
    model.set(name, isMerged ? model.change(on: [mine, captured], expected) : captured)
    try note(name)
  }

  private func put(_ name: String, _ form: Form?, into account: FolderAccount) async throws {
    guard let form else { return try await account.delete(Self.id(name)) }
    try await account.replace(Self.resource(name, form))
  }

  func rollback(_ name: String) throws {
    let line = lines[name] ?? []
    guard line.count > 1 else { return }
    let index = Int.random(in: 1..<line.count, using: &random)
    let region = try region(name)
    let parents = try RawCommit(bytes: region.git.read(line[index].commit).bytes).parents
    let parent = parents.first
    // What stands before a commit is what its first parent has, which the line of an earlier head need not end with.
    guard let before = line.last(where: { $0.commit == parent }) else { return }
    let isPoint = Bool.random(using: &random)
    let state = model[name]
    var theirs = isPoint ? line[index].state.values : before.state.values
    if !isPoint, parents.count > 1, line[index].state.values == before.state.values {
      guard let left = model.leftOut(by: line[index].state, besides: before.state) else { return }
      theirs = left
    }
    let merged =
      isPoint ? theirs : Model.merge(base: line[index].state.values, ours: state.values, theirs: theirs)
    guard try line[index].commit == head(name) || region.git.isAncestor(line[index].commit, of: head(name))
    else {
      return
    }
    let words = isLucky(1, of: 2) ? Form.identified : []
    let isSound = merged.map { Model.problems(in: $0, of: [state.values, theirs]).isEmpty } ?? false
    let isRefused =
      merged == state.values
      || model.rollbackBreaks(
        state, into: merged ?? [:], hiding: line[index].state.known, live: model.live[name], allowing: words)
    let rollback = Rollback(
      region: region, identities: keys.identities, allowingIdentityChanges: Set(try words.map(Self.id)))
    do {
      let prepared = try rollback.prepare(isPoint ? .to(line[index].commit) : .commit(line[index].commit))
      guard let merged, isSound, !isRefused else {
        throw Wrong("rollback in \(name) should have been refused")
      }
      try prepared.finish()
      model.set(name, model.change(on: [state], merged, allowing: words))
      try note(name)
    } catch let error as RegionError {
      guard error.code == .conflict && !isSound || error.code == .refused && isSound && isRefused else {
        throw Wrong("rollback in \(name): \(error.message)")
      }
    }
  }

  @discardableResult
  func mirror(
    _ source: String, to target: String, prefer: Model.Prefer, allowing words: Set<String> = []
  ) throws -> Expected {
    let before = try head(target)
    func side(_ side: Model.Prefer.Side) -> Preference.Side { side == .source ? .source : .target }
    var preference = Preference(all: prefer.all.map(side))
    for (name, chosen) in prefer.named { preference.named[try Self.id(name)] = side(chosen) }
    var next = model
    let expected = next.mirror(source, to: target, prefer: prefer, allowing: words)
    let found: Expected
    do {
      let report = try Mirror(
        from: .local(region(source)), to: region(target), identities: keys.identities,
        options: Mirror.Options(
          preference: preference, allowances: Allowances(identityChanges: Set(try words.map(Self.id))))
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
    } catch let error as ReplayError where error.code == .identity {
      found = .identity
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
    try mirror(source, to: target, prefer: .none, allowing: Form.identified)
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

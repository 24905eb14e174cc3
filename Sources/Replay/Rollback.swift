import CommitGuard
package import Git
package import MediaResources
package import RegionRepository
package import Sealing

/// Takes commits back by ordinary revert commits: three-way, resource by resource, sealed under the current data key.
///
/// `local/`, `sealing/` and `fleet.json` stay as they are. What would change identity is refused, and what a later change
/// built upon. Costs what was changed since.
package struct Rollback {
  /// What is taken back.
  package enum Scope: Sendable, Equatable {
    /// One commit; of a merge what it brought to its first parent, or, where that is nothing, what it left out.
    case commit(ObjectID)
    /// The commits of the branch's own line after one and up to another, the newest first.
    case range(after: ObjectID, through: ObjectID)
    /// Everything since a commit, at once.
    case to(ObjectID)
  }

  /// The trailers of the commits that are made.
  package static let revertsTrailer = "Lockstep-Reverts"
  package static let rollsBackToTrailer = "Lockstep-Rolls-Back-To"

  private let region: RegionRepository
  private let identities: Identities
  /// Resources whose identity may change.
  private let allowed: Set<ResourceID>

  package init(
    region: RegionRepository, identities: Identities, allowingIdentityChanges allowed: Set<ResourceID>
  ) {
    self.region = region
    self.identities = identities
    self.allowed = allowed
  }

  /// One commit to be made.
  private struct Step {
    let message: String
    /// What stands where the change was made, and what stood before it.
    let base: ObjectID?
    let theirs: ObjectID?
    /// The commit that is taken back, or gone back to.
    let commit: ObjectID
    /// What the range that takes it back together with others begins after; nil for what comes before the commit.
    var first: ObjectID?
    /// What was merged, where it is taken back that a merge left some of it out: sound by itself, and maybe not together.
    var merged: [ObjectID?] = []
  }

  /// Makes the commits in a pack, and moves nothing yet.
  ///
  /// The caller holds the region's lock if it is going to finish what it gets.
  /// - Throws: `RegionError` (`.conflict`, `.refused`), `SealingError`, `GitError`.
  package func prepare(_ scope: Scope) throws -> PreparedRollback {
    guard let head = try region.head() else {
      throw RegionError(.badDocument, "region \(region.name) has no commit", hint: "lockstep init")
    }
    _ = try region.document()
    let pack = try PackWriter(repository: region.git)
    let start = try pack.regionTree(of: head)
    var mirrored = start.mirrored
    var tip = head
    var reverted: [PreparedRollback.Revert] = []
    let identity = try RollbackIdentity(
      region: region, identities: identities, allowed: allowed, head: head, command: command(scope))
    for step in try steps(scope, head: head, pack: pack) {
      let next = try merge(step, into: mirrored, head: head, pack: pack)
      if next == mirrored { continue }
      try identity.check(edits(from: mirrored, to: next, pack: pack), takingBack: step.commit)
      let tree = try pack.write(
        .tree, RegionTree(mirrored: next, local: start.local).encoded(), replacing: nil)
      tip = try region.writeCommit(
        tree: tree, parents: [tip], message: step.message + trailers(), by: region.signatures(), into: pack)
      mirrored = next
      reverted.append(PreparedRollback.Revert(of: step.commit, as: tip))
    }
    guard !reverted.isEmpty else {
      throw RegionError(
        .refused,
        "there is nothing to take back: mirrored/ is as it would be afterwards (the fleet, data keys and recipients stay"
          + " in every rollback)",
        hint:
          "see what the commits change: lockstep log -C \(region.shellPlace); what stands under local/ goes back by"
          + " git -C \(region.shellPlace) revert COMMIT")
    }
    if let (path, reason) = try MirroredDocument.unreadable(from: start.mirrored, to: mirrored, in: pack) {
      throw RegionError(
        .refused,
        "that would bring back a document that cannot be read: \(reason.message); nothing was changed",
        hint: "take the commit back, too, that broke it: git -C \(region.shellPlace) log -- mirrored/\(path)")
    }
    return PreparedRollback(
      region: region, pack: pack, oldHead: head, newHead: tip, reverts: reverted,
      edits: try edits(from: start.mirrored, to: mirrored, pack: pack))
  }

  private func command(_ scope: Scope) -> String {
    let what =
      switch scope {
      case .commit(let id): id.abbreviated
      case .range(let first, let last): "\(first.abbreviated)..\(last.abbreviated)"
      case .to(let id): "--to \(id.abbreviated)"
      }
    return "lockstep rollback \(what) -C \(region.shellPlace)"
  }

  private func trailers() -> String {
    allowed.sorted().map { "\(IdentityChange.allowingTrailer): \($0)\n" }.joined()
  }

  // MARK: What is taken back

  private func steps(_ scope: Scope, head: ObjectID, pack: PackWriter) throws -> [Step] {
    switch scope {
    case .commit(let id):
      try checkHeld(id, by: head)
      return [try choiceStep(takingBack: id, pack: pack) ?? step(takingBack: id)]
    case .range(let first, let last):
      try checkHeld(last, by: head)
      if first != last, try region.git.isAncestor(last, of: first) {
        throw RegionError(
          .refused, "the range begins with \(first), which is newer than \(last) at its end",
          hint:
            "turn it round: lockstep rollback \(last.abbreviated)..\(first.abbreviated) -C \(region.shellPlace)"
        )
      }
      return try line(from: last, downTo: first).map { id in
        var step = try step(takingBack: id)
        step.first = first
        return step
      }
    case .to(let id):
      try checkHeld(id, by: head)
      let subject = try commit(id).subject
      let trees = try (region.mirrored(of: head), region.mirrored(of: id))
      return [
        Step(
          message: "Roll back to \"\(subject)\"\n\nThis takes back everything since commit \(id).\n\n"
            + "\(Self.rollsBackToTrailer): \(id)\n", base: trees.0, theirs: trees.1, commit: id)
      ]
    }
  }

  private func step(takingBack id: ObjectID) throws -> Step {
    let commit = try commit(id)
    let subject = commit.subject
    let note = commit.parents.count > 1 ? ", and with it what the merge brought in" : ""
    return Step(
      message:
        "Revert \"\(subject)\"\n\nThis reverts commit \(id)\(note).\n\n\(Self.revertsTrailer): \(id)\n",
      base: try region.mirrored(of: id), theirs: try region.mirrored(of: commit.parents.first), commit: id)
  }

  /// What brings in what a merge left out, where it brought its first parent nothing; nil where it is no such merge.
  ///
  /// By itself alone: in a range the first parents say what stands before it.
  private func choiceStep(takingBack id: ObjectID, pack: PackWriter) throws -> Step? {
    let commit = try commit(id)
    let mirrored = try region.mirrored(of: id)
    guard commit.parents.count > 1, try region.mirrored(of: commit.parents.first) == mirrored else {
      return nil
    }
    var edits: [String: (mode: UInt32, id: ObjectID)?] = [:]
    for choice in try region.git.choices(of: commit, in: "mirrored") {
      let path = String(choice.path.dropFirst("mirrored/".count))
      // A data key that was left out, too, counts where there is none.
      guard ResourcePath.kind(ofPath: path) != nil || SealingFiles.isOne(path) else { continue }
      edits.updateValue(choice.other.entry.map { (mode: $0.mode, id: $0.id) }, forKey: path)
    }
    guard edits.keys.contains(where: { !SealingFiles.isOne($0) }) else { return nil }
    return Step(
      message:
        "Revert \"\(commit.subject)\"\n\nThis reverts what commit \(id) left out of what it merged.\n\n"
        + "\(Self.revertsTrailer): \(id)\n",
      base: mirrored, theirs: try TreeEditor.apply(edits, to: mirrored, source: pack, sink: pack), commit: id,
      first: id, merged: try commit.parents.map { try region.mirrored(of: $0) })
  }

  private func commit(_ id: ObjectID) throws -> RawCommit { try RawCommit(bytes: region.git.read(id).bytes) }

  private func checkHeld(_ id: ObjectID, by head: ObjectID) throws {
    guard try id != head && !region.git.isAncestor(id, of: head) else { return }
    throw RegionError(
      .refused, "commit \(id) is not in the branch of region \(region.name)",
      hint: "see what is: lockstep log -C \(region.shellPlace)")
  }

  /// The commits of the branch's own line, the newest first.
  private func line(from last: ObjectID, downTo first: ObjectID) throws -> [ObjectID] {
    var line: [ObjectID] = []
    var id = last
    while id != first {
      line.append(id)
      guard let parent = try commit(id).parents.first else {
        throw RegionError(
          .refused,
          "commit \(first) is not on the line of first parents that leads to \(last), so it cannot begin a range",
          hint: "choose one that is: git -C \(region.shellPlace) log --first-parent --oneline")
      }
      id = parent
    }
    return line
  }

  // MARK: One commit

  private func merge(_ step: Step, into mirrored: ObjectID?, head: ObjectID, pack: PackWriter) throws
    -> ObjectID?
  {
    let merge = MirroredMerge(pack: pack, identities: identities, trust: region.git.trust, keys: .ours)
    switch try merge.merge(base: step.base, ours: mirrored, theirs: step.theirs) {
    case .conflicts(let paths): throw try conflict(paths, step, head: head)
    case .merged(let tree):
      let problems = try CommitGuard.findings(
        inMerge: tree, of: step.merged + [mirrored, step.theirs], in: pack)
      guard problems.isEmpty else {
        throw try refused(
          .conflict, step, problems.map(\.message),
          hint: step.merged.isEmpty
            ? "take back what needs it first, or together with it: "
              + together(step, head: head, through: problems.flatMap(\.resources).map(ResourcePath.path))
            : "bring in by hand what goes together; to see what was left out: lockstep diff"
              + " \(step.commit.abbreviated) \(step.commit.abbreviated)^2 -C \(region.shellPlace)")
      }
      return tree
    }
  }

  private func conflict(_ paths: [String], _ step: Step, head: ObjectID) throws -> RegionError {
    let lines = try paths.prefix(Self.shown).map { path in
      let later = try lastChange(of: path, from: head, since: step.commit)
      let by =
        try later.map { " by commit \($0.hex.prefix(10)) \"\(try commit($0).subject)\"" } ?? ""
      return "mirrored/\(path) was changed later\(by)"
    }
    return try refused(
      .conflict, step, lines + Self.more(paths.count),
      hint: "take those back first\(step.merged.isEmpty ? ", or together with it" : ""): "
        + together(step, head: head, through: paths))
  }

  /// The newest commit since another one that changed a file.
  private func lastChange(of path: String, from head: ObjectID, since old: ObjectID) throws -> ObjectID? {
    for id in try region.git.commits(reachableFrom: [head], hiding: [old]).reversed() {
      let now = try region.git.entry(path, in: region.mirrored(of: id))
      let parents = try commit(id).parents
      if try parents.allSatisfy({ try region.git.entry(path, in: region.mirrored(of: $0)) != now }) {
        return id
      }
    }
    return nil
  }

  private func refused(_ code: RegionError.Code, _ step: Step, _ lines: [String], hint: String) -> RegionError
  {
    RegionError(
      code,
      "commit \(step.commit) cannot be taken back: " + lines.joined(separator: "; ")
        + "; nothing was changed",
      hint: hint)
  }

  /// The command that takes back a commit with what later changes made of some files.
  private func together(_ step: Step, head: ObjectID, through paths: [String]) throws -> String {
    let range = try RollbackRange(region: region, head: head)
      .text(takingBack: step.commit, after: step.first, through: paths)
    return "lockstep rollback \(range) -C \(region.shellPlace)"
  }

  private static let shown = 10

  private static func more(_ count: Int) -> [String] {
    count > shown ? ["and \(count - shown) more"] : []
  }

  // MARK: The whole

  private func edits(from old: ObjectID?, to new: ObjectID?, pack: PackWriter) throws -> [PreparedRollback
    .Edit]
  {
    var edits: [PreparedRollback.Edit] = []
    try TreeWalk.changes(from: old, to: new, in: pack) { change in
      func form(_ entry: TreeEntry?) throws -> Resource? {
        guard let entry else { return nil }
        return try? MirroredDocument.resource(bytes: pack.read(entry.id).bytes, path: change.path)
      }
      guard ResourcePath.kind(ofPath: change.path) != nil else { return }
      edits.append(
        PreparedRollback.Edit(path: change.path, old: try form(change.old), new: try form(change.new)))
    }
    return edits
  }
}

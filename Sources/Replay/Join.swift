import CommitGuard
import Git
import MediaResources
import RegionRepository
import Sealing

/// Closes a divergence: one merge commit of the target's head and of what was replayed beside it.
///
/// Three-way, resource by resource; what both sides changed to different ends is for a person to settle, and so is what
/// is sound on either side and not together. Writes into the pack only.
struct Join {
  /// The commit that a join became, and the choices that it took.
  struct Result {
    let commit: ObjectID
    let preferencesUsed: Set<ResourceID>
    /// Whether a choice for the fleet's document was one of them.
    let isFleetChosen: Bool
  }

  /// The choices for single resources that something came of.
  private final class Uses {
    var resources: Set<ResourceID> = []
    var fleet = false
    /// Resources that nobody named, and which go with one that was.
    var implied: Set<ResourceID> = []
  }

  let source: RegionName
  /// Where the source is, as `lockstep mirror` takes it.
  let place: String
  let target: RegionRepository
  let pack: PackWriter
  /// The target's head.
  let head: ObjectID
  /// What was replayed.
  let replayed: Replay.Result
  let identities: Identities
  let preference: Preference
  private let uses = Uses()

  init(
    source: RegionName, place: String, target: RegionRepository, pack: PackWriter, head: ObjectID,
    replayed: Replay.Result, identities: Identities, preference: Preference
  ) {
    self.source = source
    self.place = place
    self.target = target
    self.pack = pack
    self.head = head
    self.replayed = replayed
    self.identities = identities
    self.preference = preference
  }

  /// The side whose edits of the fleet a person chose.
  /// - Throws: `RegionError` (`.refused`) where edits would come in by a join, which nobody signs, and an administrator has to.
  private func fleetSide() throws -> Preference.Side? {
    if preference.fleet != nil { uses.fleet = true }
    guard let side = preference.fleet ?? preference.all else { return nil }
    guard try side == .target || Administrators(of: target).isEmpty else {
      throw RegionError(
        .refused,
        "only an administrator of region \(target.name) changes the fleet, and a join carries no signature: what"
          + " \(source) edited of it cannot come in so",
        hint:
          "leave it out, --prefer fleet=target, and let an administrator edit the fleet again: lockstep fleet -C"
          + " \(target.shellPlace)")
    }
    return side
  }

  /// The side that a person chose for a resource.
  private func side(of id: ResourceID?) -> Preference.Side? {
    if let id, preference.named[id] != nil { uses.resources.insert(id) }
    return preference.side(of: id)
  }

  /// The three trees that are brought together.
  private struct Sides {
    /// Where they parted.
    let parted: [ObjectID]
    let base: ObjectID?
    let source: ObjectID?
    let target: ObjectID?
  }

  /// Makes the join of `tip`, the newest image.
  /// - Throws: `JoinConflicts`; `SealingError` where secrets must be compared and no key is at hand.
  func commit(with tip: ObjectID) throws -> Result {
    let bases = try target.git.mergeBases(head, replayed.ground)
    let sides = Sides(
      parted: bases,
      base: try MergeBase(repository: target.git, pack: pack, identities: identities).tree(of: bases),
      source: try pack.regionTree(of: tip).mirrored, target: try pack.regionTree(of: head).mirrored)
    let mirrored = try sound(merge(sides), sides)
    let tree = RegionTree(mirrored: mirrored, local: try pack.regionTree(of: head).local)
    let root = try pack.write(.tree, tree.encoded(), replacing: nil)
    func write(allowing resources: [ResourceID]) throws -> ObjectID {
      try target.writeCommit(
        tree: root, parents: [head, tip], message: message(allowing: resources), by: target.signatures(),
        into: pack)
    }
    let join = try write(allowing: [])
    let changed = try identityChanges(of: join, sides)
    let commit = changed.isEmpty ? join : try write(allowing: changed)
    return Result(commit: commit, preferencesUsed: uses.resources, isFleetChosen: uses.fleet)
  }

  private func message(allowing resources: [ResourceID]) -> String {
    let count = replayed.images.count
    var paragraphs = ["Join \(Count.text(count, "change")) of \(source)"]
    let preferences =
      (preference.all.map { ["Prefer the \($0.rawValue) where both changed a resource."] } ?? [])
      + preference.named.sorted { $0.key < $1.key }.map { "Prefer the \($0.value.rawValue) in \($0.key)." }
      + (preference.fleet.map { ["Prefer the \($0.rawValue) in the fleet."] } ?? [])
    if !preferences.isEmpty { paragraphs.append(preferences.joined(separator: "\n")) }
    if !resources.isEmpty {
      paragraphs.append(
        resources.map { "\(IdentityChange.allowingTrailer): \($0)" }.joined(separator: "\n"))
    }
    return paragraphs.joined(separator: "\n\n") + "\n"
  }

  // MARK: Identity

  /// The resources of which the join changes the identity that one side has, and which a person named.
  /// - Throws: `JoinConflicts` with those that nobody named: a word for all resources is none for a locator's id.
  private func identityChanges(of join: ObjectID, _ sides: Sides) throws -> [ResourceID] {
    let judge = CommitGuard(source: pack, region: nil, rules: [.identity])
    // Together with all that came since both parted, as another region will judge it: what was taken out counts, too.
    let since = try target.git.commits(reachableFrom: [head] + replayed.ground, hiding: sides.parted)
    let findings = try judge.findings(
      in: since + replayed.images.map(\.image) + [join], live: target.live()
    ) { [head] id in id == head || id == join }
    .filter { $0.commit == join }
    let unnamed = findings.filter {
      $0.resources.contains { preference.named[$0] == nil && !uses.implied.contains($0) }
    }
    guard unnamed.isEmpty else {
      throw try conflicts(entries(unnamed, isIdentity: true, sides), sides)
    }
    let changed = Set(findings.flatMap(\.resources))
    uses.resources.formUnion(changed)
    return changed.sorted()
  }

  // MARK: Merging

  private func merge(_ sides: Sides) throws -> ObjectID? {
    switch try merged(sides, otherwise: nil) {
    case .merged(let tree): return tree
    case .conflicts(let paths):
      let changed = try paths.sorted().map { try conflict(at: $0, sides, reason: nil) }
      let unsound = try entries(further(sides), isIdentity: false, sides)
      throw try conflicts(
        changed + unsound.filter { entry in !changed.contains { $0.path == entry.path } }, sides)
    }
  }

  /// Merges both sides.
  /// - Parameter fallback: the side that counts where a person chose none; nil for a conflict there.
  private func merged(_ sides: Sides, otherwise fallback: Preference.Side?) throws -> MergeOutcome {
    let merge = MirroredMerge(pack: pack, identities: identities, trust: target.git.trust) {
      path, _, target, source in
      let chosen =
        path == Fleet.path ? try fleetSide() : try side(of: resource(at: path, among: [source, target]))
      switch chosen ?? fallback {
      case .source?: return .entry(source)
      case .target?: return .entry(target)
      case nil: return .conflict
      }
    }
    return try merge.merge(base: sides.base, ours: sides.target, theirs: sides.source)
  }

  /// What does not go together besides, whichever side is chosen of what both changed: a person hears of all of it at once.
  private func further(_ sides: Sides) throws -> [CommitGuard.Finding] {
    var common: [CommitGuard.Finding]?
    for fallback in [Preference.Side.target, .source] {
      guard case .merged(let tree) = try merged(sides, otherwise: fallback) else { return [] }
      let found = try CommitGuard.findings(inMerge: tree, of: [sides.target, sides.source], in: pack)
      let messages = Set(found.map(\.message))
      common = common?.filter { messages.contains($0.message) } ?? found
    }
    return (common ?? []).filter { $0.resources.allSatisfy { side(of: $0) == nil } }
  }

  /// The resource that a file of either side holds; nil where none can be read.
  private func resource(at path: String, among entries: [TreeEntry?]) throws -> ResourceID? {
    for entry in entries {
      guard let entry, !entry.isTree else { continue }
      let bytes = try pack.read(entry.id).bytes
      if let resource = try? MirroredDocument.resource(bytes: bytes, path: path) { return resource.id }
    }
    return nil
  }

  /// What does not go together, each resource with both sides; one that several findings name counts once.
  private func entries(
    _ findings: [CommitGuard.Finding], isIdentity: Bool, _ sides: Sides
  ) throws -> [JoinConflict] {
    var found: [JoinConflict] = []
    for finding in findings {
      let reason = JoinConflict.Reason(
        message: finding.message, resources: finding.resources, isIdentity: isIdentity)
      for id in finding.resources where !found.contains(where: { $0.resource == id }) {
        found.append(try conflict(at: ResourcePath.path(of: id), of: id, sides, reason: reason))
      }
    }
    return found
  }

  private func conflict(
    at path: String, of id: ResourceID? = nil, _ sides: Sides, reason: JoinConflict.Reason?
  ) throws -> JoinConflict {
    func form(_ tree: ObjectID?) throws -> Resource? {
      guard let bytes = try pack.file(path, in: tree) else { return nil }
      return try? MirroredDocument.resource(bytes: bytes, path: path)
    }
    func isThere(_ tree: ObjectID?) throws -> Bool { try pack.entry(path, in: tree) != nil }
    let (base, mine, yours) = (try form(sides.base), try form(sides.target), try form(sides.source))
    return JoinConflict(
      path: path, resource: id ?? (yours ?? mine ?? base)?.id, base: base, source: yours, target: mine,
      fleet: path == Fleet.path ? try fleets(sides) : nil,
      isThere: (try isThere(sides.base), try isThere(sides.source), try isThere(sides.target)),
      reason: reason)
  }

  /// What both sides made of the fleet; nil where neither can be chosen: both are of one epoch.
  private func fleets(_ sides: Sides) throws -> JoinConflict.Fleets? {
    guard let base = try pack.fleet(in: sides.base), let source = try pack.fleet(in: sides.source),
      let target = try pack.fleet(in: sides.target), source.epoch.number != target.epoch.number
    else { return nil }
    return JoinConflict.Fleets(base: base, source: source, target: target)
  }

  private func conflicts(_ found: [JoinConflict], _ sides: Sides) throws -> JoinConflicts {
    let unknown = try preference.named.keys.filter { id in
      try ![sides.base, sides.source, sides.target].contains {
        try pack.entry(ResourcePath.path(of: id), in: $0) != nil
      }
    }
    return JoinConflicts(
      source: source, target: target.name, places: (source: place, target: target.place), conflicts: found,
      unknownPreferences: unknown.sorted())
  }

  // MARK: Soundness

  /// The merged tree with every preference that mends what is not sound; as it is where nothing is wrong.
  private func sound(_ merged: ObjectID?, _ sides: Sides) throws -> ObjectID? {
    var tree = merged
    var settled: Set<String> = []
    while true {
      let problems = try CommitGuard.findings(inMerge: tree, of: [sides.target, sides.source], in: pack)
      guard !problems.isEmpty else { return tree }
      var edits: [String: (mode: UInt32, id: ObjectID)?] = [:]
      let implied = impliedSides(in: problems)
      for id in Set(problems.flatMap(\.resources)).sorted() {
        guard let side = preference.named[id] ?? implied[id] ?? preference.all else { continue }
        let open = Self.paths(of: id).filter { settled.insert($0).inserted }
        for path in open {
          let entry = try pack.entry(path, in: side == .source ? sides.source : sides.target)
          edits.updateValue(entry.map { (mode: $0.mode, id: $0.id) }, forKey: path)
        }
        if preference.named[id] != nil {
          uses.resources.insert(id)
        } else if implied[id] != nil, !open.isEmpty {
          uses.implied.insert(id)
        }
      }
      guard !edits.isEmpty else {
        throw try conflicts(entries(problems, isIdentity: false, sides), sides)
      }
      tree = try TreeEditor.apply(edits, to: tree, source: pack, sink: pack)
    }
  }

  /// The sides of resources that nobody named, and which do not go together with some that were named.
  ///
  /// Either side is sound by itself: a word for one of them settles the others.
  private func impliedSides(in problems: [CommitGuard.Finding]) -> [ResourceID: Preference.Side] {
    var sides: [ResourceID: Set<Preference.Side>] = [:]
    for problem in problems {
      let named = problem.resources.compactMap { preference.named[$0] }
      for id in problem.resources where preference.named[id] == nil {
        sides[id, default: []].formUnion(named)
      }
    }
    return sides.compactMapValues { $0.count == 1 ? $0.first : nil }
  }

  /// The files of a resource; an asset's inventory goes with it.
  private static func paths(of id: ResourceID) -> [String] {
    guard id.kind == .asset || id.kind == .content else { return [ResourcePath.path(of: id)] }
    return [ResourceKind.asset, .content].map {
      ResourcePath.path(of: ResourceID(kind: $0, assetName: nil, name: id.name))
    }
  }
}

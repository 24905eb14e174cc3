import CommitGuard
import Git
import MediaResources
import RegionRepository

/// Makes the images of a source's new commits in a target's object store.
///
/// Reads and writes through one pack, so that objects which are not durable yet can be built upon. Nothing moves: what
/// becomes of the result is for the caller to say.
final class Replay {
  /// What a replay led to.
  struct Result {
    /// The target's commit that stands for the source's newest one; nil where that stands for nothing.
    let tip: ObjectID?
    /// The images that were made, parents before children.
    let images: [(source: ObjectID, image: ObjectID)]
    /// The target's older commits on which those images stand that lead to `tip`.
    let ground: [ObjectID]
  }

  private let tip: SourceTip
  private let history: Repository
  private let head: ObjectID
  private let target: RegionRepository
  private let reader: ReplayReader
  private let earlier: EarlierImages
  private let checkpoint: () throws -> Void
  /// A commit of the source of which the target has everything; nil where that is to be found out.
  private let known: ObjectID?

  /// Source commit to the target commit that stands for it; nil where it stands for nothing.
  private var standIns: [ObjectID: ObjectID?] = [:]
  private var made: [(source: ObjectID, image: ObjectID)] = []
  /// Each source commit of which an image was made, with where its change was first made.
  private var origins: [(id: ObjectID, original: ObjectID)] = []
  /// Commits of the target that descend from its old head.
  private var descendants: Set<ObjectID>
  private var new: [ObjectID] = []
  /// The commits of the source of which images were made, and those between them that change `local/` alone.
  private var judged: [ObjectID] = []
  /// Where the source is, as `lockstep mirror` takes it.
  private let place: String
  /// What a person lets through.
  private let allowed: Allowances
  /// The target's newest commit that is more than a change of `local/`.
  private var newestChange: ObjectID?

  private init(
    tip: SourceTip, known: ObjectID?, history: Repository, head: ObjectID, target: RegionRepository,
    pack: PackWriter, place: String, allowed: Allowances, checkpoint: @escaping () throws -> Void
  ) {
    self.tip = tip
    self.place = place
    self.allowed = allowed
    self.known = known
    self.history = history
    self.head = head
    self.target = target
    self.checkpoint = checkpoint
    reader = ReplayReader(source: pack)
    earlier = EarlierImages(head: head, reader: reader)
    descendants = [head]
  }

  /// Replays what is new.
  ///
  /// Costs the source's commits since `known`; all of both histories where the target's branch turns out not to hold
  /// what its refs say (it was set back, or a run was cut off).
  /// - Parameters:
  ///   - known: the source's commit that was mirrored last.
  ///   - place: where the source is, as `lockstep mirror` takes it.
  ///   - allowed: what a person lets through.
  static func run(
    tip: SourceTip, known: ObjectID?, history: Repository, head: ObjectID, target: RegionRepository,
    pack: PackWriter, place: String, allowed: Allowances, checkpoint: @escaping () throws -> Void
  ) throws -> Result {
    func replay(_ known: ObjectID?) throws -> Result {
      try Replay(
        tip: tip, known: known, history: history, head: head, target: target, pack: pack,
        place: place, allowed: allowed, checkpoint: checkpoint
      ).run()
    }
    do { return try replay(known) } catch is Forgotten { return try replay(nil) }
  }

  /// The refs say that the target has a change, and its branch does not.
  private struct Forgotten: Error {}

  private func run() throws -> Result {
    newestChange = try reader.newestChange(from: head)
    if let known, let standIn = try standIn(for: known), try !holds(standIn) { throw Forgotten() }
    new = try history.commits(reachableFrom: [tip.commit], hiding: known.map { [$0] } ?? [])
    let holdings = Holdings(target: target, head: head, images: earlier, isTrusting: known != nil) {
      [unowned self] in try new.compactMap { try SourceTrailer(of: reader.commit($0)) }
    }
    for id in new {
      try checkpoint()
      guard case .change(let commit, let trailer) = try reader.role(of: id) else {
        judged.append(id)
        continue
      }
      let origin = try origin(of: commit, id: id, trailer)
      if try isHeld(origin, holdings) { continue }
      try makeImage(of: commit, id: id, origin: origin, carrying: trailer)
      judged.append(id)
    }
    try judge()
    return try result()
  }

  /// Whether a commit of the target is in its branch; nearly always that is its head, or near it.
  private func holds(_ id: ObjectID) throws -> Bool {
    guard target.git.contains(id) else { return false }
    return try id == head || target.git.isAncestor(id, of: head)
  }

  private func isHeld(_ origin: SourceTrailer, _ holdings: Holdings) throws -> Bool {
    // What the source made itself since the last time is new.
    if origin.region == tip.region, known != nil { return false }
    if try holdings.has(origin) { return true }
    guard origin.region == target.name else { return false }
    throw try lost(origin.commit)
  }

  /// The target's branch does not hold what the source replays: the newest of it that the source knows.
  private func lost(_ commit: ObjectID) throws -> ReplayError {
    let known = try history.reference(RegionRepository.sourceReference(target.name))
    let keeper = known.map { _ in LostCommit.Keeper(git: history, place: place) }
    return try LostCommit(known ?? commit, of: target.name, after: head, in: target.git, keeper: keeper)
      .refusal(at: target.place)
  }

  private func result() throws -> Result {
    guard let standIn = try standIn(for: tip.commit) else { return Result(tip: nil, images: [], ground: []) }
    let images = Set(made.map(\.image))
    var reached: Set<ObjectID> = []
    var ground: Set<ObjectID> = []
    var open = images.contains(standIn) ? [standIn] : []
    while let id = open.popLast() {
      guard reached.insert(id).inserted else { continue }
      for parent in try reader.commit(id).parents {
        if images.contains(parent) { open.append(parent) } else { ground.insert(parent) }
      }
    }
    if let lost = made.first(where: { !reached.contains($0.image) }) {
      throw ReplayError(
        .dishonestTrailer,
        "commit \(lost.source) of region \(tip.region) lies before the replay of a change that region"
          + " \(target.name) has without it",
        hint: "in \(tip.region), make the change again that copies a trailer \(SourceTrailer.name)")
    }
    return Result(tip: standIn, images: made, ground: ground.sorted { $0.hex < $1.hex })
  }

  // MARK: One image

  private func makeImage(
    of commit: RawCommit, id: ObjectID, origin: SourceTrailer, carrying trailer: SourceTrailer?
  ) throws {
    var parents: [ObjectID] = []
    for parent in commit.parents {
      guard let standIn = try standIn(for: parent) else { continue }
      // Commits of the target that change local/ alone stand on what the image needs: they come first.
      let ground = standIn == newestChange ? head : standIn
      if !parents.contains(ground) { parents.append(ground) }
    }
    if parents.isEmpty { parents = try ground().map { [$0] } ?? [] }
    let local = try reader.tree(of: parents.first { descendants.contains($0) } ?? parents.first ?? head).local
    let halves = RegionTree(mirrored: try reader.tree(of: id).mirrored, local: local)
    let root = try reader.source.write(.tree, halves.encoded(), replacing: nil)
    let derived = Image.commit(of: commit, origin: origin, carrying: trailer, tree: root, parents: parents)
    let image = try reader.source.write(.commit, derived.bytes, replacing: nil)
    standIns[id] = image
    made.append((id, image))
    origins.append((id, origin.commit))
    reader.note(halves, of: image)
    if parents.contains(where: { descendants.contains($0) }) { descendants.insert(image) }
  }

  /// What a commit is placed on whose parents stand for nothing: the target's head while that has no change of its own,
  /// else where the target began.
  private func ground() throws -> ObjectID? {
    newestChange == nil ? head : try reader.beginning(of: head)
  }

  /// So many commits of a first mirror are judged one by one.
  static let judgedAtOnce = 256

  /// No secret goes on in clear from one region to the next, and identity changes nowhere silently.
  ///
  /// What is new is judged, however much it is. Only a region that begins with another one's long history takes it over as
  /// it is: judging that costs several times what replaying it does, and it was judged commit by commit as it came to be.
  private func judge() throws {
    guard newestChange != nil || made.count <= Self.judgedAtOnce else { return }
    for (id, _) in made {
      guard let finding = try ClearSecrets.found(in: id, source: reader.source).first else { continue }
      throw ReplayError(
        .clearSecret, "commit \(id) of region \(tip.region), \(finding.path): \(finding.message)",
        hint:
          "seal it where it was committed, in the commit itself (lockstep seal FILE; git rebase), and replace that"
          + " secret at its source")
    }
    // Where nothing was, nothing changes.
    guard newestChange != nil else { return }
    try judgeFleet()
    let judge = CommitGuard(source: reader.source, region: nil, rules: [.identity, .epoch])
    // What is replayed beside the target's branch is compared with its account by the join.
    let findings = try judge.findings(in: judged, live: target.live()) { [unowned self] id in
      guard let standIn = try standIn(for: id) else { return false }
      return descendants.contains(standIn) || standIn == newestChange
    }
    // What no resource is named for, such as the epoch, nobody can allow.
    guard
      let finding = findings.first(where: {
        $0.resources.isEmpty || !allowed.identityChanges.isSuperset(of: $0.resources)
      })
    else { return }
    let allowing = finding.resources.map { " --allow-identity-change \($0)" }.joined()
    let otherwise =
      allowing.isEmpty
      ? ""
      : "; where other regions have that commit already, let it through: lockstep mirror \(place)"
        + " \(target.place)\(allowing)"
    throw ReplayError(
      .identity,
      "commit \(finding.commit?.hex ?? "") of region \(tip.region), \(finding.path): \(finding.message)",
      hint: finding.mend(from: [tip.commit]) + otherwise)
  }

  /// The fleet says who is primary: where the target has administrators, one of them has signed what changes it.
  private func judgeFleet() throws {
    let unsigned = try CommitGuard.unsigned(origins, for: target, source: reader.source, history: history)
    guard let (commit, problem) = unsigned.first(where: { !allowed.unsigned.contains($0.commit) }) else {
      return
    }
    throw ReplayError(
      .unsignedFleet,
      "commit \(commit) of region \(tip.region), mirrored/\(Fleet.path): only an administrator of region"
        + " \(target.name) changes it, and \(problem)",
      hint: "where an administrator stands by it, let it through: lockstep mirror \(ShellWord.quoted(place))"
        + " \(target.shellPlace) --allow-unsigned \(commit); else take the commit out of region \(tip.region). So that"
        + " none comes in there: git config --add \(RegionConfiguration.administrator) KEY, in its repository"
    )
  }

  /// Where the change of a commit was first made; a trailer that says so must be honest.
  private func origin(of commit: RawCommit, id: ObjectID, _ trailer: SourceTrailer?) throws -> SourceTrailer {
    guard let trailer else { return SourceTrailer(region: tip.region, commit: id) }
    guard reader.source.contains(trailer.commit) else {
      throw ReplayError(
        .unusableSource,
        "commit \(id) of region \(tip.region) replays \(trailer), and that original is not in its repository",
        hint:
          "where the source is a clone, bring them in it: git fetch origin"
          + " '\(RegionRepository.sourceReferences)*:\(RegionRepository.sourceReferences)*'; else mirror"
          + " \(trailer.region) into \(tip.region) once more; then run this again"
      )
    }
    guard try Image.isHonest(commit, trailer: trailer, in: reader.source) else {
      throw ReplayError(
        .dishonestTrailer,
        "commit \(id) of region \(tip.region) carries the trailer \(SourceTrailer.name): \(trailer), but is not the"
          + " replay of that commit (cherry-picks and amends copy trailers)",
        hint:
          "make the change again in \(tip.region) without that trailer: take the commit out, and commit its tree"
      )
    }
    return trailer
  }

  // MARK: What came before

  /// The target's commit that stands for a source commit; nil for one that stands for nothing.
  /// - Throws: `Forgotten` where the target should have one and has not.
  private func standIn(for id: ObjectID) throws -> ObjectID? {
    var passed: [ObjectID] = []
    var id = id
    var found: ObjectID?
    walk: while true {
      if let known = standIns[id] {
        found = known
        break
      }
      passed.append(id)
      switch try reader.role(of: id) {
      case .nothing: break walk
      case .local(let parent): id = parent
      case .change(_, let trailer):
        let origin = trailer ?? SourceTrailer(region: tip.region, commit: id)
        guard let image = origin.region == target.name ? origin.commit : try earlier.image(of: origin) else {
          throw Forgotten()
        }
        found = image
        break walk
      }
    }
    for id in passed { standIns[id] = .some(found) }
    return found
  }
}

import Git
import MediaResources
import RegionRepository

/// The primary as a standby sees it now: by asking it, or by what it heard before where it does not answer.
struct PrimaryView {
  /// The primary.
  let primary: RegionName
  /// The primary's repository, where it is on this machine.
  let local: RegionRepository?
  /// Where the primary's commits can be read.
  let repository: Repository
  /// The primary's newest `mirrored/` tree that is known.
  let mirrored: ObjectID?
  /// The primary's commits that the standby does not have, oldest first.
  let missing: [(id: ObjectID, subject: String, seconds: Int64)]
  /// Why the primary did not answer; nil where it did.
  let silence: String?
  private let standby: RegionRepository
  /// The primary's commit that was mirrored last.
  private let known: ObjectID?

  /// - Parameter keepsCommits: whether commits of a primary on this machine are kept as what was heard of it, with all that they
  ///   reach: where it is gone later they can still be named.
  init(of standby: RegionRepository, fleet: Fleet, keepsCommits: Bool) throws {
    self.standby = standby
    primary = fleet.primary
    let peers = try FleetPeers(of: standby)
    let patience = try RegionConfiguration.duration(
      RegionConfiguration.fenceWait, usualSeconds: Fence.usualPatienceSeconds, in: standby.git)
    let known = try standby.git.reference(RegionRepository.sourceReference(primary))
    let primary = fleet.primary
    let asked = Result {
      let answer = try PeerQuestion(region: standby, peers: peers, patience: patience).ask(primary)
      let local = peers.isRemote(primary) ? nil : try RegionRepository.open(at: peers.place(of: primary))
      return (answer, local)
    }
    let tip: ObjectID?
    let source: Repository
    switch asked {
    case .success(let (answer, found)):
      tip = answer.head
      source = answer.repository
      silence = nil
      local = found
    case .failure(let error):
      tip = try Self.newestHeard(of: primary, in: standby.git)
      source = standby.git
      silence = "\(error)"
      local = nil
    }
    let own = try standby.mirrored(of: standby.head())
    let mirrored = try tip.map { try source.regionTree(of: $0).mirrored } ?? own
    let mark = known.flatMap { source.contains($0) ? $0 : nil }
    missing =
      if let tip, mirrored != own {
        try Self.missing(from: tip, known: mark, standby: standby.name, in: source)
      } else {
        []
      }
    self.mirrored = mirrored
    self.known = mark
    repository = source
    // Who cannot keep it now may be able to the next time.
    if keepsCommits, local != nil, !missing.isEmpty, let tip { try? keep(tip) }
  }

  /// The newest commit of a region that a repository holds: what it heard of, mirrored, or what a person fetched.
  private static func newestHeard(of region: RegionName, in repository: Repository) throws -> ObjectID? {
    let own = [RegionRepository.peerReference(region), RegionRepository.sourceReference(region)]
    var heard = try own.compactMap { try repository.reference($0) }
    heard += try repository.references(beneath: "refs/remotes/").map(\.id).filter {
      (try? repository.regionDocument(of: $0))?.name == region
    }
    return try heard.filter { repository.contains($0) }.reduce(nil) { newest, next in
      guard let newest else { return next }
      return try newest != next && repository.isAncestor(newest, of: next) ? next : newest
    }
  }

  /// Brings a commit of the primary, and what it reaches, and keeps it as the newest that was heard of.
  private func keep(_ tip: ObjectID) throws {
    let git = standby.git
    let reference = RegionRepository.peerReference(primary)
    let old = try git.reference(reference)
    guard old != tip else { return }
    let pack = try PackWriter(repository: git)
    _ = try ObjectTransfer.copy(
      reachableFrom: [tip], have: known.map { [$0] } ?? [], from: repository, to: git, into: pack)
    try pack.finish()
    try git.setReference(reference, to: tip, expecting: old, log: "lockstep: heard of \(primary)")
  }

  /// The commits that change something for other regions, and are no replays of the standby's own.
  private static func missing(
    from tip: ObjectID, known: ObjectID?, standby: RegionName, in repository: Repository
  ) throws -> [(id: ObjectID, subject: String, seconds: Int64)] {
    try repository.commits(reachableFrom: [tip], hiding: known.map { [$0] } ?? []).compactMap { id in
      let commit = try RawCommit(bytes: repository.read(id).bytes)
      guard SourceTrailer(of: commit)?.region != standby else { return nil }
      let tree = try repository.regionTree(of: id).mirrored
      let parents = try commit.parents.map { try repository.regionTree(of: $0).mirrored }
      guard parents.isEmpty ? tree != nil : !parents.contains(tree) else { return nil }
      return (id, commit.subject, commit.committer.seconds)
    }
  }

  /// What is lost if the primary dies now.
  func recoveryPoint(uncaptured: [String]?) throws -> RecoveryPoint {
    var resources: [String] = []
    if !missing.isEmpty {
      let before = try known.map { try repository.regionTree(of: $0).mirrored } ?? nil
      try TreeWalk.changes(from: before, to: mirrored, in: repository) {
        resources.append(try summary(of: $0, in: repository))
      }
    }
    return RecoveryPoint(
      primary: primary, commits: missing.map { ($0.id, $0.subject) }, resources: resources.sorted(),
      uncaptured: uncaptured, silence: silence)
  }

  /// A changed file as the resource that it holds.
  func summary(of change: TreeChange, in source: some ObjectSource) throws -> String {
    let how = change.old == nil ? "added" : change.new == nil ? "removed" : "changed"
    guard let entry = change.new ?? change.old, ResourcePath.kind(ofPath: change.path) != nil,
      let resource = try? MirroredDocument.resource(bytes: source.read(entry.id).bytes, path: change.path)
    else { return "\(how) \(change.path)" }
    return "\(how) \(resource.id.summary)"
  }
}

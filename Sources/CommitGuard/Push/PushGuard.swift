package import Git
package import RegionRepository

/// Judges a push: which refs it moves, and every commit that it brings.
///
///     let findings = try PushGuard(region: region).findings(in: updates) { commit, trailer in … }
///     findings.isEmpty                          // git may move the refs
///
/// Costs what is new in the push; the region's index is brought to where its branch is, and built where there is none.
package struct PushGuard {
  private typealias Finding = CommitGuard.Finding

  private let region: RegionRepository
  private let say: (String) -> Void

  /// - Parameters:
  ///   - say: tells who waits what takes long.
  package init(
    region: RegionRepository, say: @escaping (String) -> Void = { _ in }
  ) {
    self.region = region
    self.say = say
  }

  /// Whether a commit is the image that its trailer says.
  package typealias Honesty = (_ commit: RawCommit, _ trailer: SourceTrailer) throws -> Bool

  /// What the push brings that the rules forbid.
  /// - Throws: `GitError`, `RegionError`, `RegionIndexError`; then nothing must be accepted.
  package func findings(
    in updates: [RefUpdate], isHonest: Honesty
  ) throws -> [CommitGuard.Finding] {
    let refs = RefRules(region: region)
    var findings: [CommitGuard.Finding] = []
    for update in updates {
      let (target, refused) = try refs.judge(update)
      findings += refused
      guard let tip = update.new, let target else { continue }
      switch target {
      case .branch: findings += try branch(update, tip: tip, isHonest)
      case .originals(let name): findings += try originals(of: name, tip: tip)
      }
    }
    return findings
  }

  // MARK: The region's branch

  private func branch(
    _ update: RefUpdate, tip: ObjectID, _ isHonest: Honesty
  ) throws -> [CommitGuard.Finding] {
    // The originals of other regions are not judged as this region's commits, and do not count as such.
    let known = try known {
      !$0.hasPrefix(RegionRepository.sourceReferences) && !$0.hasPrefix(RegionRepository.peerReferences)
    }
    let commits = try region.git.commits(reachableFrom: [tip], hiding: known)
    var findings = try judged(commits)
    let limits = CommitGuard(source: region.git, region: region.name)
    if !commits.contains(tip) { findings += try limits.claimFindings(of: tip) }
    if let old = update.old {
      findings += try limits.losses(from: old, to: tip)
    }
    findings += try TrailerRule(region: region).judge(commits, isHonest)
    findings += try AdministratorRule(region: region).judge(commits, isHonest)
    return findings
  }

  private func judged(_ commits: [ObjectID]) throws -> [CommitGuard.Finding] {
    guard !commits.isEmpty else { return [] }
    func judge() throws -> [CommitGuard.Finding] {
      let index = try region.index {
        say("the index of region \(region.name) is built, once: every resource is read")
      }
      return try CommitGuard(
        source: region.git, region: region.name, index: index
      )
      .findings(in: commits, live: region.live())
    }
    do { return try judge() } catch let error as RegionIndexError where error.code == .unusable {
      // Damage that shows only while reading.
      RegionIndex.delete(at: try region.indexPath())
      return try judge()
    }
  }

  // MARK: Other regions' own commits

  private func originals(of name: RegionName, tip: ObjectID) throws -> [CommitGuard.Finding] {
    let commits = try region.git.commits(reachableFrom: [tip], hiding: known { _ in true })
    let limits = CommitGuard(source: region.git, region: name, rules: CommitGuard.Rule.ofOriginals)
    return try limits.findings(in: commits) + (commits.contains(tip) ? [] : limits.claimFindings(of: tip))
      + strangers(to: name, tip: tip)
  }

  /// What is no commit of a region on this machine, and would have every mirror from it say that it was rewritten.
  private func strangers(to name: RegionName, tip: ObjectID) throws -> [CommitGuard.Finding] {
    guard let place = try RegionConfiguration.peers(of: region.git)[name], FilePaths.exists(place),
      let peer = try? RegionRepository.open(at: place), peer.name == name, let head = try? peer.head()
    else { return [] }
    if tip == head || (try? peer.git.contains(tip) && peer.git.isAncestor(tip, of: head)) == true {
      return []
    }
    let reference = RegionRepository.sourceReference(name)
    return [
      Finding(
        .ref, commit: tip, path: reference,
        "region \(name) does not have that commit, and its own ones alone stand there",
        mend: "leave that ref out; lockstep mirror brings it")
    ]
  }

  /// The commits that refs name already; what is there and is no commit hides nothing.
  private func known(_ counts: (String) -> Bool) throws -> [ObjectID] {
    try region.git.references(beneath: "refs/").compactMap { reference in
      counts(reference.name) ? try? region.git.commit(named: reference.id.hex) : nil
    }
  }
}

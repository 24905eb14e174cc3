import Git
import RegionRepository

/// Asks peers for their newest commits, and for the fleets that they have.
///
/// A peer on this machine is opened. Of one on another machine git asks which commit its HEAD names, and only where that
/// commit is not here yet it is fetched, and kept as the newest that this region heard of (`refs/lockstep/peers/<region>`).
struct PeerQuestion {
  let region: RegionRepository
  let peers: FleetPeers
  /// How long a peer on another machine may take to answer.
  let patience: Duration

  /// What a peer said.
  struct Answer {
    let head: ObjectID
    /// Where the commit and what it reaches can be read.
    let repository: Repository
    let fleet: Fleet?
  }

  /// Asks a peer.
  /// - Throws: `RegionError`, `GitError`, `FailoverError` (`.unreachable`) where it does not answer, or is another region.
  func ask(_ peer: RegionName) throws -> Answer { try ask([peer]).map { try $0.answer.get() }[0] }

  /// Asks peers; those on other machines all at once, so that several that are silent take no longer than one.
  func ask(_ names: [RegionName]) throws -> [(peer: RegionName, answer: Result<Answer, any Error>)] {
    let deadline = ContinuousClock.now.advanced(by: patience)
    let isLate: @Sendable () -> Bool = { ContinuousClock.now >= deadline }
    let places = names.map { name in Result { try peers.place(of: name) } }
    let remote = places.compactMap { try? $0.get() }.filter(FleetPeers.isRemote)
    let heads = GitProgram.heads(of: Set(remote), as: region.git, stopping: isLate)
    return zip(names, places).map { name, place in
      (
        name,
        Result {
          let place = try place.get()
          guard let head = heads[place] else { return try answer(askLocal(name, place)) }
          return try answer(askRemote(name, place, head, isLate))
        }
      )
    }
  }

  private func answer(_ found: (head: ObjectID, repository: Repository)) throws -> Answer {
    let (head, repository) = found
    let mirrored = try repository.regionTree(of: head).mirrored
    return Answer(head: head, repository: repository, fleet: try repository.fleet(in: mirrored))
  }

  private func askLocal(_ peer: RegionName, _ place: String) throws -> (ObjectID, Repository) {
    let found = try RegionRepository.open(at: place)
    guard found.name == peer else { throw other(peer, place, found.name.text) }
    guard let head = try found.head() else { throw empty(peer, place) }
    return (head, found.git)
  }

  private func askRemote(
    _ peer: RegionName, _ url: String, _ found: Result<ObjectID?, GitError>, _ isLate: @escaping () -> Bool
  ) throws -> (ObjectID, Repository) {
    let git = region.git
    do {
      guard let head = try found.get() else { throw empty(peer, url) }
      let reference = RegionRepository.peerReference(peer)
      if !git.contains(head) {
        try GitProgram.fetch(into: git, url: url, refspecs: ["+HEAD:\(reference)"], stopping: isLate)
      }
      let heard = git.contains(head) ? head : try git.reference(reference) ?? head
      if let known = try git.reference(reference), known != heard {
        // Another process that asked at the same time has said it, or says it next time.
        try? git.setReference(reference, to: heard, expecting: known, log: "lockstep: heard of \(peer)")
      } else if try git.reference(reference) == nil {
        try? git.setReference(reference, to: heard, expecting: nil, log: "lockstep: heard of \(peer)")
      }
      let local = try git.regionTree(of: heard).local
      let name = try git.file("region.json", in: local).map { try RegionDocument(bytes: $0).name }
      guard name == peer else { throw other(peer, url, name?.text ?? "no region") }
      return (heard, git)
    } catch let error as GitError where isLate() {
      throw FailoverError(
        .unreachable, "\(url) did not answer within \(patience.components.seconds) s",
        hint: error.hint)
    }
  }

  private func other(_ peer: RegionName, _ place: String, _ found: String) -> FailoverError {
    FailoverError(.unreachable, "\(place) is \(found), not region \(peer)")
  }

  private func empty(_ peer: RegionName, _ place: String) -> FailoverError {
    FailoverError(.unreachable, "region \(peer) at \(place) has no commit")
  }
}

package import Git
package import RegionRepository

/// The regions whose histories can be read from a repository: its own, those of peers on this machine, and in a clone
/// those of its remotes.
package struct RegionTrails {
  private let trails: [RegionTrail]
  /// The region that the repository's own history belongs to, or nil where its tree does not say.
  package let own: RegionName?

  /// Finds them; reads a few refs of each, and opens the peers.
  package init(of repository: Repository, head: ObjectID) throws {
    var trails: [RegionTrail] = []
    var known: Set<RegionName> = []
    own = Self.region(of: head, in: repository)
    let remotes = try Self.remotes(of: repository)
    if let own {
      let remote = remotes.first { $0.region == own }
      let audit = try repository.reference(AuditLog.reference) ?? remote?.audit
      trails.append(
        try RegionTrail(
          region: own, heads: [head] + (remote?.heads ?? []), audit: audit, source: repository))
      known.insert(own)
    }
    for remote in remotes where known.insert(remote.region).inserted {
      trails.append(
        try RegionTrail(region: remote.region, heads: remote.heads, audit: remote.audit, source: repository))
    }
    for (name, place) in try RegionConfiguration.peers(of: repository).sorted(by: { $0.key < $1.key }) {
      guard !known.contains(name), FilePaths.exists(place),
        let peer = try? RegionRepository.open(at: place), peer.name == name, let peerHead = try? peer.head()
      else { continue }
      known.insert(name)
      trails.append(
        try RegionTrail(
          region: name, heads: [peerHead], audit: peer.git.reference(AuditLog.reference), source: peer.git))
    }
    self.trails = trails
  }

  /// Where a change is, region by region.
  func places(of origin: ObjectID, seconds: Int64) throws -> [ChangePlace] {
    try trails.compactMap { try $0.place(of: origin, seconds: seconds) }
  }

  /// The region that a commit's tree says it belongs to.
  private static func region(of commit: ObjectID, in source: any ObjectSource) -> RegionName? {
    (try? source.regionDocument(of: commit))?.name
  }

  /// What was fetched of another repository.
  private struct Remote {
    let region: RegionName
    let heads: [ObjectID]
    let audit: ObjectID
  }

  /// The remotes whose audit log came along, as a plain clone brings it.
  private static func remotes(of repository: Repository) throws -> [Remote] {
    let prefix = "refs/remotes/"
    let suffix = "/" + AuditLog.reference.dropFirst("refs/heads/".count)
    return try repository.references(beneath: prefix).compactMap { reference in
      guard reference.name.hasSuffix(suffix), repository.contains(reference.id) else { return nil }
      let remote = reference.name.dropLast(suffix.count)
      var reader = AuditReader(tip: reference.id, source: repository)
      guard let region = try reader.next()?.record.region else { return nil }
      let heads = try ["HEAD", "main"].compactMap { try repository.reference("\(remote)/\($0)") }
      return Remote(region: region, heads: heads, audit: reference.id)
    }
  }
}

import Git

extension RegionConfiguration {
  /// What came of telling regions how to reach each other.
  package struct Telling: Sendable {
    /// The regions that were told something.
    package var told: [RegionName] = []
    /// The regions that could not be told, with the reason.
    package var failures: [(region: RegionName, reason: String)] = []
  }

  /// Tells the regions of a fleet on this machine how to reach one of them, and that one how to reach the others.
  ///
  /// A way that a configuration knows already stays, but for one that leads to where the region was before.
  /// - Parameters:
  ///   - place: the region's repository; nil where it has left the fleet, and the way to it is to be forgotten.
  ///   - former: where it was before.
  ///   - others: the other regions with their repositories, as they are reached from this machine.
  package static func tell(
    of name: RegionName, at place: String?, formerly former: String?, among others: [RegionName: String]
  ) -> Telling {
    var telling = Telling()
    for (other, otherPlace) in others.sorted(by: { $0.key < $1.key }) {
      telling.note(other) { try set(name, place, formerly: former, in: other, otherPlace) }
    }
    if let place {
      for (other, otherPlace) in others.sorted(by: { $0.key < $1.key }) {
        telling.note(name) { try set(other, otherPlace, formerly: nil, in: name, place) }
      }
    }
    return telling
  }

  /// - Returns: whether something was set.
  private static func set(
    _ peer: RegionName, _ peerPlace: String?, formerly former: String?, in region: RegionName, _ place: String
  ) throws -> Bool {
    guard FilePaths.exists(place) else { return false }
    let repository = try RegionRepository.open(at: place)
    let key = peerRepository(peer)
    let known = try repository.git.ownConfigValue(key)
    guard repository.name == region, known != peerPlace, known == nil || known == former else { return false }
    try repository.git.setConfigValue(key, peerPlace)
    return true
  }
}

extension RegionConfiguration.Telling {
  fileprivate mutating func note(_ region: RegionName, _ set: () throws -> Bool) {
    do {
      if try set(), !told.contains(region) { told.append(region) }
    } catch { failures.append((region, "\(error)")) }
  }
}

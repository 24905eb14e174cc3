package import Git

extension ObjectSource {
  /// The fleet as a `mirrored/` tree has it, or nil where there is none.
  package func fleet(in mirrored: ObjectID?) throws -> Fleet? {
    try file(Fleet.path, in: mirrored).map { bytes in try Fleet(bytes: bytes) }
  }
}

extension RegionRepository {
  /// The fleet as the region's newest commit has it, or nil where there is none.
  package func fleet() throws -> Fleet? {
    try git.fleet(in: mirrored(of: head()))
  }

  /// Commits another fleet.
  ///
  /// The caller holds the region's lock.
  package func commit(_ fleet: Fleet, message: String) throws {
    let pack = try PackWriter(repository: git)
    let blob = try pack.write(.blob, fleet.canonicalBytes(), replacing: nil)
    try commit(
      [Fleet.path: (mode: TreeMode.file, id: blob)], on: head(), message: message + "\n",
      log: "lockstep fleet: \(message)", pack: pack)
  }
}

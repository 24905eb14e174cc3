import Git
package import RegionRepository

extension RegionRepository {
  /// The fleet as the region's newest commit has it, or nil where there is none.
  package func fleet() throws -> Fleet? {
    guard let bytes = try git.file(Fleet.path, in: mirrored(of: head())) else { return nil }
    return try Fleet(bytes: bytes)
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

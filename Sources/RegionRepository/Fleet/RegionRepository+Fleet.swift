package import Git

extension ObjectSource {
  /// The fleet as a `mirrored/` tree has it, or nil where there is none.
  package func fleet(in mirrored: ObjectID?) throws -> Fleet? {
    try file(Fleet.path, in: mirrored).map { bytes in try Fleet(bytes: bytes) }
  }
}

extension RegionRepository {
  /// The fleet as the region's newest commit has it, or nil where there is none.
  /// - Throws: `RegionError` (`.badDocument`) naming the line, and the command that takes its last change back.
  package func fleet() throws -> Fleet? {
    do { return try git.fleet(in: mirrored(of: head())) } catch let error as RegionError
      where error.code == .badDocument
    {
      let repository = "git -C \(shellPlace)"
      throw RegionError(
        .badDocument, error.message,
        hint: "take its last change back: \(repository) revert --no-edit"
          + " $(\(repository) log -1 --format=%h -- mirrored/\(Fleet.path))")
    }
  }

  /// Why something that is a fleet's cannot be done in a region that is in none.
  package var noFleet: RegionError {
    let known = (try? RegionConfiguration.peers(of: git))?.min { $0.key < $1.key }
    return RegionError(
      .badConfiguration, "region \(name) is in no fleet yet",
      hint: "where it has been added to one, bring that here: lockstep mirror"
        + " \(known.map { ShellWord.quoted($0.value) } ?? "PRIMARY") \(shellPlace); to begin one with \(name) as"
        + " primary: lockstep fleet add NAME REPOSITORY -C \(shellPlace)")
  }
}

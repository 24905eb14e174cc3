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
    guard let head = try head() else {
      throw RegionError(.badDocument, "region \(name) has no commit", hint: "lockstep init")
    }
    let halves = try git.regionTree(of: head)
    let pack = try PackWriter(repository: git)
    let blob = try pack.write(.blob, fleet.canonicalBytes(), replacing: nil)
    let mirrored = try TreeEditor.apply(
      [Fleet.path: (mode: TreeMode.file, id: blob)], to: halves.mirrored, source: pack, sink: pack)
    guard mirrored != halves.mirrored else { return }
    let root = try pack.write(
      .tree, RegionTree(mirrored: mirrored, local: halves.local).encoded(), replacing: nil)
    let commit = try writeCommit(
      tree: root, parents: [head], message: message + "\n", by: signatures(), into: pack)
    try finish(HeadMove(old: head, new: commit, log: "lockstep fleet: \(message)"), pack: pack)
  }
}

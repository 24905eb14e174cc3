package import Git
package import RegionRepository

/// Commits of this machine that change what is an administrator's: signed, where administrators are configured.
package enum AdministratorCommit {
  /// Commits another fleet.
  ///
  /// Where administrators are configured git signs the commit by its own settings (`gpg.format`, `user.signingKey`), and
  /// the signature must be one of theirs. The caller holds the region's lock.
  /// - Parameters:
  ///   - message: the subject, or more; without the end of its last line.
  ///   - trailers: lines for the end of the message, each with the end of its line.
  /// - Returns: the commit, or nil where the fleet is as it was.
  /// - Throws: `RegionError` (`.refused`), `GitError` (`.signature`); nothing has changed then.
  @discardableResult
  package static func make(
    _ fleet: Fleet, message: String, trailers: String = "", in region: RegionRepository
  ) throws -> ObjectID? {
    guard let head = try region.head() else {
      throw RegionError(.badDocument, "region \(region.name) has no commit", hint: "lockstep init")
    }
    let text = message + "\n" + (trailers.isEmpty ? "" : "\n" + trailers)
    let log = "lockstep fleet: \(message.prefix { !$0.isNewline })"
    let pack = try PackWriter(repository: region.git)
    let halves = try region.git.regionTree(of: head)
    let blob = try pack.write(.blob, fleet.canonicalBytes(), replacing: nil)
    let mirrored = try TreeEditor.apply(
      [Fleet.path: (mode: TreeMode.file, id: blob)], to: halves.mirrored, source: pack, sink: pack)
    guard mirrored != halves.mirrored else { return nil }
    let tree = try pack.write(
      .tree, RegionTree(mirrored: mirrored, local: halves.local).encoded(), replacing: nil)
    let administrators = try Administrators(of: region)
    guard !administrators.isEmpty else {
      let commit = try region.writeCommit(
        tree: tree, parents: [head], message: text, by: region.signatures(), into: pack)
      try region.finish(RegionRepository.HeadMove(old: head, new: commit, log: log), pack: pack)
      return commit
    }
    // git signs what it can read.
    try pack.finish()
    let commit = try signed(tree, after: head, text, by: administrators, in: region)
    try region.finish(
      RegionRepository.HeadMove(old: head, new: commit, log: log),
      pack: PackWriter(repository: region.git))
    return commit
  }

  /// Finds out whether git signs here with the key of an administrator, where administrators are configured: lets it sign a
  /// commit that nobody keeps.
  /// - Parameter scratch: where nothing stands, and a copy of the repository may stand until somebody removes it.
  /// - Returns: whether a signature is needed at all.
  /// - Throws: what `make` throws where git does not.
  package static func tryOut(in region: RegionRepository, scratch: String) throws -> Bool {
    let administrators = try Administrators(of: region)
    guard !administrators.isEmpty, let head = try region.head() else { return false }
    let copy = try region.rehearsal(at: scratch)
    let tree = try RawCommit(bytes: copy.git.read(head).bytes).tree
    _ = try signed(tree, after: head, "Try to sign\n", by: administrators, in: copy, for: region)
    return true
  }

  /// - Parameter original: the region that a copy stands for.
  private static func signed(
    _ tree: ObjectID, after head: ObjectID, _ text: String, by administrators: Administrators,
    in region: RegionRepository, for original: RegionRepository? = nil
  ) throws -> ObjectID {
    let place = (original ?? region).shellPlace
    let commit = try GitProgram.signedCommit(tree: tree, parent: head, message: text, in: region.git)
    guard let signature = try GitProgram.signatures(of: [commit], in: region.git)[commit],
      administrators.contains(signature)
    else {
      throw RegionError(
        .refused, "only an administrator changes the fleet, and git does not sign with the key of one here",
        hint: "an administrator runs this, or says what git signs with: git -C \(place) config"
          + " user.signingKey KEY (their keys: git -C \(place) config --get-all \(RegionConfiguration.administrator))"
      )
    }
    return commit
  }
}

import Git
import RegionRepository

/// Who is in the fleet, who may open secrets and what the region is: where administrators are configured, one of them
/// signs each commit that changes it.
struct AdministratorRule {
  let region: RegionRepository

  /// The commits that change such a file without the signature of an administrator.
  ///
  /// An image carries no signature: that of the commit which it replays counts.
  func judge(_ commits: [ObjectID], _ isHonest: PushGuard.Honesty) throws -> [CommitGuard.Finding] {
    let administrators = try Administrators(of: region)
    guard !administrators.isEmpty else { return [] }
    let guarded = AdministratorChanges(source: region.git, history: region.git, isFleetAlone: false)
    let changes = try guarded.find(in: commits)
    let originals = try changes.map { try original(of: $0.commit, isHonest) }
    let signatures = try GitProgram.signatures(of: originals, in: region.git)
    return zip(changes, originals).flatMap { change, original -> [CommitGuard.Finding] in
      guard let problem = administrators.problem(with: signatures[original]) else { return [] }
      return change.paths.map {
        CommitGuard.Finding(
          .administrator, commit: change.commit, path: $0,
          "only an administrator changes it, and \(problem)",
          mend: "an administrator signs the commit: git commit --amend -S"
            + " (their keys: git config --get-all \(RegionConfiguration.administrator), in the region's repository)"
        )
      }
    }
  }

  /// The commit that a commit is the image of, or the commit itself.
  private func original(of id: ObjectID, _ isHonest: PushGuard.Honesty) throws -> ObjectID {
    let commit = try RawCommit(bytes: region.git.read(id).bytes)
    guard let trailer = SourceTrailer(of: commit), try isHonest(commit, trailer) else { return id }
    return trailer.commit
  }
}

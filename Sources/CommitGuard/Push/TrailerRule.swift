import Git
import RegionRepository

/// Who says where a change was first made says the truth.
struct TrailerRule {
  let region: RegionRepository

  /// The commits whose trailer is none, or does not derive.
  func judge(_ commits: [ObjectID], _ isHonest: PushGuard.Honesty) throws -> [CommitGuard.Finding] {
    try commits.compactMap { id in
      let commit = try RawCommit(bytes: region.git.read(id).bytes)
      guard let text = commit.trailers(named: SourceTrailer.name).last,
        let problem = try problem(commit, text, isHonest)
      else { return nil }
      return CommitGuard.Finding(
        .trailer, commit: id, path: "message",
        "the trailer \(SourceTrailer.name): \(text) \(problem)",
        mend: "take the trailer out of the message: git commit --amend, or git rebase -i")
    }
  }

  private func problem(
    _ commit: RawCommit, _ text: String, _ isHonest: PushGuard.Honesty
  ) throws -> String? {
    guard let trailer = SourceTrailer(text) else { return "is none of the form region@commit" }
    guard trailer.region != region.name else {
      return "names this region itself, which has the change already (cherry-picks and amends copy trailers)"
    }
    guard region.git.contains(trailer.commit) else {
      return "names a commit that is not known here: mirror it with lockstep mirror"
    }
    guard try !isHonest(commit, trailer) else { return nil }
    return "does not tell where the commit comes from (cherry-picks and amends copy trailers)"
  }
}

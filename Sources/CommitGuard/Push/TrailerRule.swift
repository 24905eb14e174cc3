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
        let (problem, mend) = try problem(commit, text, isHonest)
      else { return nil }
      return CommitGuard.Finding(
        .trailer, commit: id, path: "message",
        "the trailer \(SourceTrailer.name): \(text) \(problem)",
        mend: mend)
    }
  }

  private static let takeOut = "take the trailer out of the message: git commit --amend"

  private func problem(
    _ commit: RawCommit, _ text: String, _ isHonest: PushGuard.Honesty
  ) throws -> (problem: String, mend: String)? {
    guard let trailer = SourceTrailer(text) else {
      return ("is none of the form region@commit", Self.takeOut)
    }
    guard trailer.region != region.name else {
      return (
        "names this region itself, which has the change already (cherry-picks and amends copy trailers)",
        Self.takeOut
      )
    }
    guard region.git.contains(trailer.commit) else {
      let originals = RegionRepository.sourceReference(trailer.region)
      return (
        "names a commit that is not known here",
        "where lockstep mirror made this commit, push the original along: git push REMOTE HEAD \(originals); where a"
          + " cherry-pick or an amend copied the trailer, \(Self.takeOut)"
      )
    }
    guard try !isHonest(commit, trailer) else { return nil }
    return (
      "does not tell where the commit comes from (cherry-picks and amends copy trailers)", Self.takeOut
    )
  }
}

import Git
import RegionRepository

/// A commit that was mirrored from a region whose branch no longer holds it.
struct LostCommit {
  /// How the branch came to lack it.
  private enum Loss {
    /// The branch holds nothing that the commit does not.
    case setBack
    /// The branch holds something else instead.
    case rewritten
    /// The region's repository does not have it, and goes with it up to another commit.
    case missing(Keeper, since: ObjectID)
    /// The region's repository has nothing in common with it.
    case anew(Keeper)
  }

  /// The repository that has the commit.
  struct Keeper {
    let git: Repository
    /// Where that is, as git takes it.
    let place: String
  }

  private let commit: ObjectID
  private let region: RegionName
  private let loss: Loss

  /// Compares a branch with what it lacks.
  ///
  /// Costs the commit's history where the region's repository does not have it.
  /// - Parameters:
  ///   - commit: the newest commit that was mirrored.
  ///   - git: the region's repository, or one that has fetched from it.
  ///   - keeper: nil where none is known.
  init(
    _ commit: ObjectID, of region: RegionName, after head: ObjectID, in git: Repository, keeper: Keeper?
  ) throws {
    self.commit = commit
    self.region = region
    if git.contains(commit) {
      // What a mirror has copied may lie there although no branch ever held it.
      if let keeper, try git.mergeBases(head, [commit]).isEmpty {
        loss = .anew(keeper)
      } else {
        loss = try git.isAncestor(head, of: commit) ? .setBack : .rewritten
      }
    } else if let keeper {
      let common = try keeper.git.commits(reachableFrom: [commit], hiding: []).last {
        try git.contains($0) && ($0 == head || git.isAncestor($0, of: head))
      }
      loss = common.map { .missing(keeper, since: $0) } ?? .anew(keeper)
    } else {
      loss = .rewritten
    }
  }

  /// The refusal to mirror, in the same words whichever way a mirror comes upon it.
  /// - Parameter place: the region's folder; nil where it is on another machine.
  func refusal(at place: String?) -> ReplayError {
    let git = place.map { "git -C \(ShellWord.quoted($0))" } ?? "there: git"
    let reference = RegionRepository.sourceReference(region)
    func fetch(_ keeper: Keeper) -> String { "\(git) fetch \(ShellWord.quoted(keeper.place)) \(reference)" }
    let (what, hint) =
      switch loss {
      case .setBack:
        (
          "the branch of region \(region) was set back: it no longer holds",
          "bring it forward again: \(git) merge --ff-only \(commit); to undo a change, revert it"
        )
      case .rewritten:
        (
          "the branch of region \(region) was rewritten: it no longer holds",
          "bring that commit back, \(git) reset --keep \(commit), or keep what the branch has now as a change"
            + " upon it: \(git) merge -s ours \(commit); to undo a change, revert it"
        )
      case .missing(let keeper, let common):
        (
          "the repository of region \(region) does not have",
          "where the region has lost it (an old copy of it was brought back), \(fetch(keeper)) && \(git) merge"
            + " FETCH_HEAD; where it never was that region's (see git log \(common.abbreviated)..\(reference) in"
            + " \(ShellWord.quoted(keeper.place))), put the ref back, in every region that has it: git update-ref"
            + " \(reference) \(common)"
        )
      case .anew(let keeper):
        (
          "the repository of region \(region) was made anew, or is another one: it does not hold",
          "bring its history back from where it was mirrored to: \(fetch(keeper)) && \(git) reset --keep FETCH_HEAD"
        )
      }
    return ReplayError(.rewritten, "\(what) \(commit), which was mirrored", hint: hint)
  }
}

import Git
import RegionRepository

/// Which refs a push may move, and how.
struct RefRules {
  /// What a ref that may be pushed is.
  enum Target {
    /// The region's branch.
    case branch
    /// The own commits of another region.
    case originals(RegionName)
  }

  let region: RegionRepository

  /// What is wrong with the move of a ref, and what the ref is where its commits can be judged.
  func judge(_ update: RefUpdate) throws -> (Target?, [CommitGuard.Finding]) {
    let branch = try region.branchReference()
    func refused(
      _ rule: CommitGuard.Rule, _ message: String, _ mend: String
    ) -> (Target?, [CommitGuard.Finding]) {
      (nil, [CommitGuard.Finding(rule, commit: nil, path: update.name, message, mend: mend)])
    }
    guard let target = target(of: update.name, branch: branch) else {
      return refused(
        .ref, reason(for: update.name, branch: branch),
        "git push REMOTE HEAD:\(branch)")
    }
    guard let new = update.new else {
      return refused(.ref, "it is never deleted", "leave it; a change is taken back by git revert")
    }
    guard try region.git.read(new).kind == .commit else {
      return refused(.ref, "it would name something that is no commit", "push commits")
    }
    guard try region.git.reference(update.name) == update.old else {
      return refused(
        .history, "somebody else pushed first: it is no longer what this push began with",
        "git pull --rebase, then push again")
    }
    guard let old = update.old, old != new else { return (target, []) }
    guard try region.git.isAncestor(old, of: new) else {
      return (
        target,
        [
          CommitGuard.Finding(
            .history, commit: new, path: update.name,
            "history is not rewritten: \(old.abbreviated), which is there, is no longer in it",
            mend: "git pull --rebase, or git merge what is there, then push again")
        ]
      )
    }
    return (target, [])
  }

  private func target(of name: String, branch: String) -> Target? {
    if name == branch { return .branch }
    guard name.hasPrefix(RegionRepository.sourceReferences),
      let other = RegionName(String(name.dropFirst(RegionRepository.sourceReferences.count))),
      other != region.name
    else { return nil }
    return .originals(other)
  }

  private func reason(for name: String, branch: String) -> String {
    switch name {
    case RegionRepository.liveReference:
      return "it says what the live account is, and only lockstep on this machine knows"
    case RegionRepository.sourceReference(region.name):
      return "region \(region.name) keeps its own commits in \(branch)"
    default:
      return "only \(branch) is the region \(region.name), and nothing else is pushed to it"
    }
  }
}

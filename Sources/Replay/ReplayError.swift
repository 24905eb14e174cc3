import Git
import RegionRepository

/// Why a mirror did not happen, in words for the person at the terminal.
package struct ReplayError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What kind of refusal this is.
  package enum Code: Sendable {
    /// The source's history no longer holds what was mirrored before.
    case rewritten
    /// The target has changes of its own in `mirrored/`.
    case edited
    /// A commit carries a trailer that deriving it again does not confirm.
    case dishonestTrailer
    /// Source and target are one region.
    case sameRegion
    /// The source cannot be read as a region.
    case unusableSource
    /// A commit brings a secret in clear.
    case clearSecret
    /// Everything was mirrored, and the tag of the tip could not be signed.
    case unsigned
    /// Another region was made primary since, or two were at once.
    case promotion
    /// A commit changes what players and licences rely on, and does not say so.
    case identity
    /// A commit changes the fleet, and no administrator has signed it.
    case unsignedFleet
  }

  /// The kind of refusal.
  package let code: Code
  /// What happened, to what, and why.
  package let message: String
  /// The command or action that mends it.
  package let hint: String?

  package init(_ code: Code, _ message: String, hint: String? = nil) {
    self.code = code
    self.message = message
    self.hint = hint
  }

  package var description: String { message }
}

extension ReplayError {
  /// How a branch came to lack what was mirrored from it.
  enum Loss {
    /// It holds nothing that the lost commit does not.
    case setBack
    /// It holds something else instead.
    case rewritten
    /// Its repository has nothing in common with the commit; another one has it.
    /// - Parameter keeper: where that is, as git takes it.
    case gone(keeper: String)

    /// Compares a branch with what it lacks.
    /// - Parameter keeper: the repository that has the commit; nil where none is known.
    init(_ commit: ObjectID, after head: ObjectID, in git: Repository, keeper: String?) throws {
      // What a mirror has copied may lie there although no branch holds it.
      if let keeper, try !git.contains(commit) || git.mergeBases(head, [commit]).isEmpty {
        self = .gone(keeper: keeper)
      } else {
        self = try git.contains(commit) && git.isAncestor(head, of: commit) ? .setBack : .rewritten
      }
    }
  }

  /// A branch that lost what was mirrored from it; in the same words, whichever way a mirror comes upon it.
  /// - Parameters:
  ///   - commit: the newest commit that was mirrored.
  ///   - place: the region's folder; nil where it is on another machine.
  static func lost(
    _ commit: ObjectID, from region: RegionName, at place: String?, _ loss: Loss
  ) -> ReplayError {
    let git = place.map { "git -C \(ShellWord.quoted($0))" } ?? "there: git"
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
      case .gone(let keeper):
        (
          "the repository of region \(region) was made anew, or is another one: it does not hold",
          "bring its history back from where it was mirrored to: \(git) fetch \(ShellWord.quoted(keeper))"
            + " \(RegionRepository.sourceReference(region)) && \(git) reset --keep FETCH_HEAD"
        )
      }
    return ReplayError(.rewritten, "\(what) \(commit), which was mirrored", hint: hint)
  }
}

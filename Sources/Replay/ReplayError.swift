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
  /// A branch that lost what was mirrored from it; in the same words, whichever way a mirror comes upon it.
  /// - Parameters:
  ///   - commit: the newest commit that was mirrored.
  ///   - place: the region's folder; nil where it is on another machine.
  ///   - isSetBack: whether the branch holds nothing that `commit` does not.
  static func lost(
    _ commit: ObjectID, from region: RegionName, at place: String?, isSetBack: Bool
  ) -> ReplayError {
    let git = place.map { "git -C \(ShellWord.quoted($0))" } ?? "there: git"
    return ReplayError(
      .rewritten,
      "the branch of region \(region) was \(isSetBack ? "set back" : "rewritten"): it no longer holds \(commit),"
        + " which was mirrored",
      hint: isSetBack
        ? "bring it forward again: \(git) merge --ff-only \(commit); to undo a change, revert it"
        : "bring that commit back, \(git) reset --keep \(commit), or keep what the branch has now as a change"
          + " upon it: \(git) merge -s ours \(commit); to undo a change, revert it")
  }
}

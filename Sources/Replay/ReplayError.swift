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

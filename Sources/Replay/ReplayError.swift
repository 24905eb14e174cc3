/// Why a mirror did not happen, in words for the person at the terminal.
package struct ReplayError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What kind of refusal this is; new codes may be added.
  package struct Code: Sendable, Equatable {
    private enum Value {
      case rewritten, edited, dishonestTrailer, sameRegion, unusableSource, clearSecret, identity,
        promotion
    }
    private let value: Value

    /// The source's history no longer holds what was mirrored before.
    package static let rewritten = Code(value: .rewritten)
    /// The target has changes of its own in `mirrored/`.
    package static let edited = Code(value: .edited)
    /// A commit carries a trailer that deriving it again does not confirm.
    package static let dishonestTrailer = Code(value: .dishonestTrailer)
    /// Source and target are one region.
    package static let sameRegion = Code(value: .sameRegion)
    /// The source cannot be read as a region.
    package static let unusableSource = Code(value: .unusableSource)
    /// A commit brings a secret in clear.
    package static let clearSecret = Code(value: .clearSecret)
    /// Another region was made primary since, or two were at once.
    package static let promotion = Code(value: .promotion)
    /// A commit changes what players and licences rely on, and does not say so.
    package static let identity = Code(value: .identity)
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

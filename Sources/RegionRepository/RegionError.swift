/// What went wrong with a region repository, in words for the person at the terminal.
package struct RegionError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What kind of failure this is; new codes may be added.
  package struct Code: Sendable, Equatable {
    private enum Value {
      case notARegion, alreadyARegion, wrongRegion, badConfiguration, badDocument, binding, locked, conflict,
        localEdits, unknownResource, refused
    }
    private let value: Value

    /// The folder is no region repository.
    package static let notARegion = Code(value: .notARegion)
    /// The folder holds a region repository already.
    package static let alreadyARegion = Code(value: .alreadyARegion)
    /// A tree claims another region than the repository's configuration.
    package static let wrongRegion = Code(value: .wrongRegion)
    /// A `lockstep.*` setting is missing or unusable.
    package static let badConfiguration = Code(value: .badConfiguration)
    /// A document in a tree is not what its place demands.
    package static let badDocument = Code(value: .badDocument)
    /// A binding is missing, ambiguous or malformed.
    package static let binding = Code(value: .binding)
    /// Another process works on this region.
    package static let locked = Code(value: .locked)
    /// Two sides changed one resource to different ends.
    package static let conflict = Code(value: .conflict)
    /// The working tree has edits that the operation would touch.
    package static let localEdits = Code(value: .localEdits)
    /// No such resource.
    package static let unknownResource = Code(value: .unknownResource)
    /// A guard refused.
    package static let refused = Code(value: .refused)
  }

  /// The kind of failure.
  package let code: Code
  /// What happened, to what, and why; one sentence without a final full stop.
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

/// Why a region must not change, in words for the person at the terminal.
package struct FailoverError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What kind of refusal this is; new codes may be added.
  package struct Code: Sendable, Equatable {
    private enum Value { case superseded, contested, unfenced, unreachable, unknownRegion }
    private let value: Value

    /// Another region was made primary since.
    package static let superseded = Code(value: .superseded)
    /// Two regions were made primary by people who did not know of each other.
    package static let contested = Code(value: .contested)
    /// A peer cannot be asked, and the fence is strict.
    package static let unfenced = Code(value: .unfenced)
    /// A peer does not answer.
    package static let unreachable = Code(value: .unreachable)
    /// No such region in the fleet, or not one that this can be asked of.
    package static let unknownRegion = Code(value: .unknownRegion)
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

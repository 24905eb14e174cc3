/// Why a region must not change, in words for the person at the terminal.
package struct FailoverError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What kind of refusal this is.
  package enum Code: Sendable {
    /// Another region was made primary since.
    case superseded
    /// Two regions were made primary by people who did not know of each other.
    case contested
    /// A peer cannot be asked, and the fence is strict.
    case unfenced
    /// A region is being handed over.
    case draining
    /// A region is not as it must be to take over, or to let another one take over.
    case notReady
    /// A peer does not answer.
    case unreachable
    /// No such region in the fleet, or not one that this can be asked of.
    case unknownRegion
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

/// Why another program could not be run, in words for the person at the terminal.
package struct ProgramError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What kind of failure this is.
  package enum Code: Sendable {
    /// The program is not installed, or not on the path.
    case notFound
    /// The system said no.
    case system
  }

  /// The kind of failure.
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

  /// What the system said when one of its calls failed.
  static func system(_ what: String, _ number: Int32) -> ProgramError {
    ProgramError(.system, "\(what): \(SystemText.error(number))")
  }
}

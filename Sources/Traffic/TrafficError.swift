/// What went wrong with the traffic in front of the regions, in words for the person at the terminal.
package struct TrafficError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What kind of failure this is.
  package enum Code: Sendable {
    /// A setting or the fleet's document is missing something or says what cannot be.
    case badConfiguration
    /// What carries traffic did not answer.
    case unreachable
    /// What carries traffic answered what nobody can work with, or said no.
    case unusable
    /// A guard refused; nothing was changed.
    case refused
    /// A move failed on its way, and all that it had changed was changed back.
    case undone
    /// A move failed on its way, and not all that it had changed could be changed back.
    case incomplete
  }

  /// The kind of failure.
  package let code: Code
  /// What happened, to what, and why; without a final full stop.
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

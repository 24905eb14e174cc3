/// What went wrong with the traffic in front of the regions, in words for the person at the terminal.
package struct TrafficError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What kind of failure this is; new codes may be added.
  package struct Code: Sendable, Equatable {
    private enum Value { case badConfiguration, unreachable, unusable, refused, undone, incomplete }
    private let value: Value

    /// A setting or the fleet's document is missing something or says what cannot be.
    package static let badConfiguration = Code(value: .badConfiguration)
    /// What carries traffic did not answer.
    package static let unreachable = Code(value: .unreachable)
    /// What carries traffic answered what nobody can work with, or said no.
    package static let unusable = Code(value: .unusable)
    /// A guard refused; nothing was changed.
    package static let refused = Code(value: .refused)
    /// A move failed on its way, and all that it had changed was changed back.
    package static let undone = Code(value: .undone)
    /// A move failed on its way, and not all that it had changed could be changed back.
    package static let incomplete = Code(value: .incomplete)
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

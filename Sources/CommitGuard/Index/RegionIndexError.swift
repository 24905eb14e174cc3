/// Why an index cannot be used, in words for the person at the terminal.
package struct RegionIndexError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What kind of failure this is; new codes may be added.
  package struct Code: Sendable, Equatable {
    private enum Value { case unusable, locked, io }
    private let value: Value

    /// What the file holds is no index, or a damaged one: it can be taken away and built anew.
    package static let unusable = Code(value: .unusable)
    /// Another process writes to it.
    package static let locked = Code(value: .locked)
    /// The system said no.
    package static let io = Code(value: .io)
  }

  /// The kind of failure.
  package let code: Code
  /// What happened, to what, and why.
  package let message: String
  /// The command or action that mends it.
  package let hint: String?

  init(_ code: Code, _ message: String, hint: String? = nil) {
    self.code = code
    self.message = message
    self.hint = hint
  }

  package var description: String { message }
}

/// Why an index cannot be used, in words for the person at the terminal.
package struct RegionIndexError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What kind of failure this is.
  package enum Code: Sendable {
    /// What the file holds is no index, or a damaged one: it can be taken away and built anew.
    case unusable
    /// Another process writes to it.
    case locked
    /// The system said no.
    case io
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

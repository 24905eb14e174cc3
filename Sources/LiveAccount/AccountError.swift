/// Why an account could not do what was asked, in words for the person at the terminal.
package struct AccountError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What kind of failure this is; new codes may be added.
  package struct Code: Sendable, Equatable {
    private enum Value {
      case missing, exists, invalid, unsupported, notEncrypted, drifted, refused, interrupted, incomplete, io
    }
    private let value: Value

    /// Something that is needed is not there.
    package static let missing = Code(value: .missing)
    /// Something else is there already.
    package static let exists = Code(value: .exists)
    /// A resource or an option is not valid.
    package static let invalid = Code(value: .invalid)
    /// This kind of account cannot hold that.
    package static let unsupported = Code(value: .unsupported)
    /// Media under an encrypting policy is not encrypted with the locator's keys.
    package static let notEncrypted = Code(value: .notEncrypted)
    /// The account is not what it was last known to be.
    package static let drifted = Code(value: .drifted)
    /// A guard refused.
    package static let refused = Code(value: .refused)
    /// A person stopped it; running it again goes on from there.
    package static let interrupted = Code(value: .interrupted)
    /// Part of the work was done; running it again goes on from there.
    package static let incomplete = Code(value: .incomplete)
    /// The system said no.
    package static let io = Code(value: .io)
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
}

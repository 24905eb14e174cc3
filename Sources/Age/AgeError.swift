/// What went wrong with an age file, a recipient or an identity, in words for the person at the terminal.
///
/// A message never repeats a secret: not a line of an identity file, not a passphrase, not plaintext.
package struct AgeError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What kind of failure this is; new codes may be added.
  package struct Code: Sendable, Equatable {
    private enum Value {
      case malformed, unsupportedVersion, noMatch, wrongPassphrase, corrupt, badRecipient, badIdentity,
        program, tooMuchWork
    }
    private let value: Value

    /// The file is no age file, or its header or armor is not as the format demands.
    package static let malformed = Code(value: .malformed)
    /// The file is of a version of the format that is not known here.
    package static let unsupportedVersion = Code(value: .unsupportedVersion)
    /// The file is for others: no identity opens it, or it wants a passphrase instead of an identity.
    package static let noMatch = Code(value: .noMatch)
    /// The passphrase does not open the file.
    package static let wrongPassphrase = Code(value: .wrongPassphrase)
    /// The file was changed, or is cut off.
    package static let corrupt = Code(value: .corrupt)
    /// Something is no recipient, or the recipients cannot be used together.
    package static let badRecipient = Code(value: .badRecipient)
    /// Something is no identity.
    package static let badIdentity = Code(value: .badIdentity)
    /// The `age` program is not there, or failed.
    package static let program = Code(value: .program)
    /// A passphrase takes more work to try than is allowed.
    package static let tooMuchWork = Code(value: .tooMuchWork)
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

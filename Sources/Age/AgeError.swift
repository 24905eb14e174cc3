/// What went wrong with an age file, a recipient or an identity, in words for the person at the terminal.
///
/// A message never repeats a secret: not a line of an identity file, not a passphrase, not plaintext.
package struct AgeError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What kind of failure this is.
  package enum Code: Sendable {
    /// The file is no age file, or its header or armor is not as the format demands.
    case malformed
    /// The file is of a version of the format that is not known here.
    case unsupportedVersion
    /// The file is for others: no identity opens it, or it wants a passphrase instead of an identity.
    case noMatch
    /// The passphrase does not open the file.
    case wrongPassphrase
    /// The file was changed, or is cut off.
    case corrupt
    /// Something is no recipient, or the recipients cannot be used together.
    case badRecipient
    /// Something is no identity.
    case badIdentity
    /// The `age` program is not there, or failed.
    case program
    /// A passphrase takes more work to try than is allowed.
    case tooMuchWork
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

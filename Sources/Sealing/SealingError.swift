/// Why a value could not be sealed or opened, or a key not be had, in words for the person at the terminal.
///
/// Never holds a secret.
package struct SealingError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What kind of failure this is.
  package enum Code: Sendable {
    /// A text begins like a sealed value and is none.
    case malformed
    /// A sealed value does not open where it stands: it was damaged, or sealed for another place.
    case notAuthentic
    /// There is no data key to seal with, or not the one that a value was sealed with.
    case noKey
    /// There is no identity on this machine.
    case noIdentity
    /// The identity is there, and the data key is not wrapped for it.
    case notARecipient
    /// The identity cannot be used: others can read its file, or it cannot be understood.
    case badIdentity
    /// The file of a data key cannot be understood.
    case badKeyFile
    /// The list of recipients cannot be understood or is not authentic.
    case badRecipients
    /// A person said no, or was not asked.
    case refused
    /// A person stopped it.
    case interrupted
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

  /// Whether another identity, and nothing else, would mend it.
  package var isLackOfKey: Bool { code == .noIdentity || code == .notARecipient }

  /// The same with what it happened to before the message.
  package func about(_ what: String) -> SealingError {
    SealingError(code, "\(what): \(message)", hint: hint)
  }

  package var description: String { message }
}

/// Why a value could not be sealed or opened, or a key not be had, in words for the person at the terminal.
///
/// Never holds a secret.
package struct SealingError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What kind of failure this is; new codes may be added.
  package struct Code: Sendable, Equatable {
    private enum Value {
      case malformed, notAuthentic, noKey, noIdentity, notARecipient, badIdentity, badKeyFile,
        badRecipients,
        refused, interrupted
    }
    private let value: Value

    /// A text begins like a sealed value and is none.
    package static let malformed = Code(value: .malformed)
    /// A sealed value does not open where it stands: it was damaged, or sealed for another place.
    package static let notAuthentic = Code(value: .notAuthentic)
    /// There is no data key to seal with, or not the one that a value was sealed with.
    package static let noKey = Code(value: .noKey)
    /// There is no identity on this machine.
    package static let noIdentity = Code(value: .noIdentity)
    /// The identity is there, and the data key is not wrapped for it.
    package static let notARecipient = Code(value: .notARecipient)
    /// The identity cannot be used: others can read its file, or it cannot be understood.
    package static let badIdentity = Code(value: .badIdentity)
    /// The file of a data key cannot be understood.
    package static let badKeyFile = Code(value: .badKeyFile)
    /// The list of recipients cannot be understood or is not authentic.
    package static let badRecipients = Code(value: .badRecipients)
    /// A person said no, or was not asked.
    package static let refused = Code(value: .refused)
    /// A person stopped it.
    package static let interrupted = Code(value: .interrupted)
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

package import MediaResources

/// Why an account could not do what was asked, in words for the person at the terminal.
package struct AccountError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What kind of failure this is.
  package enum Code: Sendable {
    /// Something that is needed is not there.
    case missing
    /// Something else is there already.
    case exists
    /// A resource or an option is not valid.
    case invalid
    /// This kind of account cannot hold that.
    case unsupported
    /// Media under an encrypting policy is not encrypted with the locator's keys.
    case notEncrypted
    /// The account is not what it was last known to be.
    case drifted
    /// A guard refused.
    case refused
    /// A person stopped it; running it again goes on from there.
    case interrupted
    /// Part of the work was done; running it again goes on from there.
    case incomplete
    /// The system said no.
    case io
  }

  /// The kind of failure.
  package let code: Code
  /// What happened, to what, and why.
  package let message: String
  /// The command or action that mends it.
  package let hint: String?
  /// The resources that it is about, each with what is wrong with it, where who asked was to bring about others.
  package let causes: [ResourceID: String]

  package init(_ code: Code, _ message: String, hint: String? = nil, causes: [ResourceID: String] = [:]) {
    self.code = code
    self.message = message
    self.hint = hint
    self.causes = causes
  }

  package var description: String { message }
}

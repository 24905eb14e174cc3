/// Why files could not be moved by rclone, in words for the person at the terminal; never with a secret in them.
package struct RcloneError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What kind of failure this is.
  package enum Code: Sendable {
    /// The program is not there.
    case notInstalled
    /// The container is not there.
    case notFound
    /// The place that is written to is full.
    case noSpace
    /// A file changed while it was copied, or its bytes arrived as others.
    case changed
    /// A person stopped it.
    case interrupted
    /// A name or a setting that cannot be used.
    case invalid
    /// The storage asks for fewer requests.
    case busy
    /// The storage or the network said no.
    case failed
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

/// Why files could not be moved by rclone, in words for the person at the terminal; never with a secret in them.
package struct RcloneError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What kind of failure this is; new codes may be added.
  package struct Code: Sendable, Equatable {
    private enum Value { case notInstalled, notFound, noSpace, changed, interrupted, invalid, failed }
    private let value: Value

    /// The program is not there.
    package static let notInstalled = Code(value: .notInstalled)
    /// The container is not there.
    package static let notFound = Code(value: .notFound)
    /// The place that is written to is full.
    package static let noSpace = Code(value: .noSpace)
    /// A file changed while it was copied, or its bytes arrived as others.
    package static let changed = Code(value: .changed)
    /// A person stopped it.
    package static let interrupted = Code(value: .interrupted)
    /// A name or a setting that cannot be used.
    package static let invalid = Code(value: .invalid)
    /// The storage or the network said no.
    package static let failed = Code(value: .failed)
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

/// What went wrong with a repository, in words for the person at the terminal.
package struct GitError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What kind of failure this is.
  package enum Code: Sendable {
    /// An object, a ref or a file is not there.
    case notFound
    /// Something is there already.
    case exists
    /// Another process holds a lock.
    case locked
    /// Stored bytes are not what they must be.
    case corrupt
    /// A commit lies beyond where the history of a shallow clone ends.
    case shallow
    /// An argument or an object is malformed.
    case invalid
    /// The folder is no git repository, or one that this user must not use.
    case notARepository
    /// A ref has another value than the one that was read.
    case referenceMoved
    /// The system said no.
    case io
    /// The disk is full.
    case noSpace
    /// The repository uses something that Lockstep does not read.
    case unsupported
    /// The `git` program could not fetch or push.
    case transport
    /// The `git` program could not sign.
    case signature
  }

  /// The kind of failure.
  package let code: Code
  /// What happened, to what, and why.
  package let message: String
  /// libgit2's name for the part of it that failed, such as `odb`; nil for failures of our own.
  package let libraryClass: String?
  /// The command or action that mends it.
  package let hint: String?

  package init(_ code: Code, _ message: String, libraryClass: String? = nil, hint: String? = nil) {
    self.code = code
    self.message = message
    self.libraryClass = libraryClass
    self.hint = hint
  }

  package var description: String { message }
}

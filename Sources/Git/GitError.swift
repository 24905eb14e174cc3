/// What went wrong with a repository, in words for the person at the terminal.
package struct GitError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What kind of failure this is; new codes may be added.
  package struct Code: Sendable, Equatable {
    private enum Value {
      case notFound, exists, locked, corrupt, invalid, notARepository, referenceMoved, io, noSpace,
        unsupported, transport, signature
    }
    private let value: Value

    /// An object, a ref or a file is not there.
    package static let notFound = Code(value: .notFound)
    /// Something is there already.
    package static let exists = Code(value: .exists)
    /// Another process holds a lock.
    package static let locked = Code(value: .locked)
    /// Stored bytes are not what they must be.
    package static let corrupt = Code(value: .corrupt)
    /// An argument or an object is malformed.
    package static let invalid = Code(value: .invalid)
    /// The folder is no git repository, or one that this user must not use.
    package static let notARepository = Code(value: .notARepository)
    /// A ref has another value than the one that was read.
    package static let referenceMoved = Code(value: .referenceMoved)
    /// The system said no.
    package static let io = Code(value: .io)
    /// The disk is full.
    package static let noSpace = Code(value: .noSpace)
    /// The repository uses something that Lockstep does not read.
    package static let unsupported = Code(value: .unsupported)
    /// The `git` program could not fetch or push.
    package static let transport = Code(value: .transport)
    /// The `git` program could not sign.
    package static let signature = Code(value: .signature)
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

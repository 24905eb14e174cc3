/// What went wrong with a region repository, in words for the person at the terminal.
package struct RegionError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What kind of failure this is.
  package enum Code: Sendable {
    /// The folder is no region repository.
    case notARegion
    /// The folder holds a region repository already.
    case alreadyARegion
    /// A tree claims another region than the repository's configuration.
    case wrongRegion
    /// A `lockstep.*` setting is missing or unusable.
    case badConfiguration
    /// The system refused to read, write or remove a file or a folder.
    case fileSystem
    /// A document in a tree is not what its place demands.
    case badDocument
    /// A binding is missing, ambiguous or malformed.
    case binding
    /// Another process works on this region.
    case locked
    /// Two sides changed one resource to different ends.
    case conflict
    /// The working tree has edits that the operation would touch.
    case localEdits
    /// No such resource.
    case unknownResource
    /// A guard refused.
    case refused
  }

  /// The kind of failure.
  package let code: Code
  /// What happened, to what, and why; one sentence without a final full stop.
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

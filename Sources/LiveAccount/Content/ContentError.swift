package import Rclone

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Why files could not be read, copied or published, in words for the person at the terminal.
package struct ContentError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What kind of failure this is.
  package enum Code: Sendable {
    /// A file or folder is not there.
    case notFound
    /// A file changed while it was read or copied.
    case changed
    /// A link, device, socket or pipe stands where a file must be.
    case linkOrSpecial
    /// A path leads outside its root.
    case unsafePath
    /// The disk is full.
    case noSpace
    /// The place cannot be written.
    case readOnly
    /// Bytes are not what the inventory says.
    case corrupt
    /// The system said no.
    case io
    /// Media is not encrypted with the keys that it must be encrypted with.
    case encryption
    /// A folder that must always be there is gone.
    case lost
    /// A person stopped it.
    case interrupted
    /// Storage elsewhere, or what reaches it, said no.
    case unreachable
    /// Storage elsewhere asks for fewer requests.
    case busy
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

  /// A file that is there, and is not the one that an inventory describes.
  static func notDescribed(_ place: String, _ why: String) -> ContentError {
    ContentError(
      .corrupt, "\(place) is not the file that the inventory describes: \(why)",
      hint: "capture its region again, then mirror")
  }

  /// What rclone said.
  package init(_ error: RcloneError) {
    let code: Code =
      switch error.code {
      case .notFound: .notFound
      case .noSpace: .noSpace
      case .changed: .changed
      case .interrupted: .interrupted
      case .failed: .unreachable
      case .busy: .busy
      default: .io
      }
    self.init(code, error.message, hint: error.hint)
  }

  /// What the system said of a failed call.
  static func system(_ what: String) -> ContentError {
    let number = errno
    let reason = String(cString: strerror(number))
    switch number {
    case ENOENT, ENOTDIR: return ContentError(.notFound, "\(what): \(reason)")
    case ELOOP:
      return ContentError(
        .linkOrSpecial, "\(what): a link stands there, and links are never followed",
        hint: "put the file itself in the link's place")
    case ENOSPC, EDQUOT:
      return ContentError(
        .noSpace, "\(what): \(reason)", hint: "free some space, then run this again; it goes on from here")
    case EROFS, EACCES, EPERM:
      return ContentError(.readOnly, "\(what): \(reason)", hint: "make the folder writable for this user")
    default: return ContentError(.io, "\(what): \(reason)")
    }
  }
}

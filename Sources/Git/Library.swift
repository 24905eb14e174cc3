import CLibgit2

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The one door to libgit2's errors.
enum Library {
  /// libgit2, initialised once for the process; refs and loose objects are flushed to disk.
  static let isReady: Bool = {
    git_libgit2_init()
    _ = lockstep_enable_fsync(1)
    _ = lockstep_enable_strict_creation(0)
    return true
  }()

  /// Turns a failed call into an error.
  ///
  /// Must follow the call on the same thread: libgit2's message is thread-local.
  static func check(_ status: Int32, _ what: @autoclosure () -> String) throws(GitError) {
    guard status < 0 else { return }
    throw error(status, what())
  }

  static func error(_ status: Int32, _ what: String) -> GitError {
    let last = git_error_last()
    let reason = last.flatMap { $0.pointee.message }.map { String(cString: $0) } ?? "libgit2 error \(status)"
    let area = last.map { Self.className(Int($0.pointee.klass)) }
    let (code, hint) = meaning(of: status, area: area, reason: reason)
    return GitError(code, "\(what): \(reason)", libraryClass: area, hint: hint)
  }

  private static func meaning(of status: Int32, area: String?, reason: String) -> (GitError.Code, String?) {
    switch git_error_code(rawValue: status) {
    case GIT_ENOTFOUND where area == "odb":
      return (
        .corrupt, "an object is missing: git fsck tells which; fetch it from a peer, or restore a backup"
      )
    case GIT_ENOTFOUND: return (.notFound, nil)
    case GIT_EEXISTS: return (.exists, nil)
    case GIT_ELOCKED: return (.locked, nil)
    case GIT_EMODIFIED: return (.referenceMoved, nil)
    case GIT_EINVALIDSPEC, GIT_EINVALID: return (.invalid, nil)
    case GIT_EOWNER:
      return (.notARepository, "if you trust its owner: git config --global --add safe.directory PATH")
    default: break
    }
    if reason.contains("No space left") { return (.noSpace, "free some space, then run this again") }
    if ["odb", "zlib", "object", "tree", "indexer", "sha"].contains(area ?? "") {
      return (.corrupt, "git fsck tells what is damaged; fetch it from a peer, or restore a backup")
    }
    return (.io, nil)
  }

  private static func className(_ number: Int) -> String {
    let names = [
      "none", "memory", "os", "invalid", "reference", "zlib", "repository", "config", "regex", "odb", "index",
      "object",
      "net", "tag", "tree", "indexer", "ssl", "submodule", "thread", "stash", "checkout", "fetchhead",
      "merge", "ssh",
      "filter", "revert", "callback", "cherrypick", "describe", "rebase", "filesystem", "patch", "worktree",
      "sha", "http",
      "internal",
    ]
    return names.indices.contains(number) ? names[number] : "class \(number)"
  }

  /// What the system said of a failed call of our own.
  static func systemError(_ what: String) -> GitError {
    let number = errno
    let reason = String(cString: strerror(number))
    switch number {
    case ENOSPC, EDQUOT:
      return GitError(.noSpace, "\(what): \(reason)", hint: "free some space, then run this again")
    case ENOENT: return GitError(.notFound, "\(what): \(reason)")
    default: return GitError(.io, "\(what): \(reason)")
    }
  }
}

/// A libgit2 object that is owned in one place and freed when it goes out of scope.
struct Handle: ~Copyable {
  let pointer: OpaquePointer
  private let free: @convention(c) (OpaquePointer?) -> Void

  /// Makes an object by a call that stores it through a pointer.
  init(
    freeing free: @escaping @convention(c) (OpaquePointer?) -> Void, _ what: @autoclosure () -> String,
    _ make: (UnsafeMutablePointer<OpaquePointer?>) -> Int32
  ) throws(GitError) {
    var pointer: OpaquePointer?
    let status = make(&pointer)
    try Library.check(status, what())
    guard let pointer else { throw GitError(.io, "\(what()): libgit2 gave nothing back") }
    self.pointer = pointer
    self.free = free
  }

  deinit { free(pointer) }
}

extension ObjectID {
  init(_ id: git_oid) { self = withUnsafeBytes(of: id) { ObjectID(raw: $0.baseAddress.unsafelyUnwrapped) } }

  /// libgit2's form.
  var libraryID: git_oid {
    var bytes: [UInt8] = []
    appendRaw(to: &bytes)
    var id = git_oid()
    withUnsafeMutableBytes(of: &id) { $0.copyBytes(from: bytes) }
    return id
  }
}

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The right to change a region, held by one process at a time.
///
/// An advisory lock on a file beside the repository: it goes with the process that held it, so a crash leaves nothing
/// to clean up. The file names its holder for the message that the second one sees.
package final class RegionLock: Sendable {
  private let descriptor: Int32

  /// Takes the lock, or says who has it.
  /// - Throws: `RegionError` (`.locked`) at once when another process holds it.
  package init(path: String, region: RegionName, purpose: String) throws(RegionError) {
    let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard descriptor >= 0 else {
      let reason = errno
      throw RegionError(
        .badConfiguration, "cannot open the lock file \(path): \(String(cString: strerror(reason)))",
        hint: [EROFS, EACCES, EPERM].contains(reason)
          ? "make the region's repository writable for this user" : nil)
    }
    guard Self.take(descriptor) else {
      close(descriptor)
      let holder = FilePaths.read(path).map { String(decoding: $0, as: UTF8.self) } ?? "another process"
      throw RegionError(
        .locked, "region \(region) is being worked on by \(holder)",
        hint: "wait for it to end, then run this again")
    }
    ftruncate(descriptor, 0)
    let note = "\(purpose) (process \(getpid()))"
    _ = note.withCString { write(descriptor, $0, strlen($0)) }
    self.descriptor = descriptor
  }

  /// Takes the lock; one that is held for a moment only, by somebody who asks whether it is, is waited for.
  private static func take(_ descriptor: Int32) -> Bool {
    for _ in 0..<5 {
      if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { return true }
      usleep(2_000)
    }
    return false
  }

  deinit { close(descriptor) }

  /// Whether a process holds the lock at a path; whoever wants it meanwhile may find it taken for a moment.
  package static func isHeld(_ path: String) -> Bool {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    return flock(descriptor, LOCK_SH | LOCK_NB) != 0
  }
}

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A file that says which lock of git's is about to be taken, held as long as that takes.
///
/// git cannot tell a lock that is held from one whose holder was killed, and so never removes one. The system lets go of
/// the note with the process that held it, however that ended: what a note says that nobody holds was left by a kill of
/// ours, where such a lock appeared right after it.
final class LockNote {
  /// A lock appears within this many seconds of its note, or it is somebody else's.
  private static let windowSeconds = 2

  private let gitDirectory: String
  private let descriptor: Int32

  private init(gitDirectory: String, descriptor: Int32) {
    self.gitDirectory = gitDirectory
    self.descriptor = descriptor
  }

  /// Waits until nobody else holds the note, and takes away the lock that a killed run has left.
  /// - Parameter patience: how long to wait.
  /// - Returns: nil where it cannot be had; then a kill leaves what a person must remove.
  static func hold(in gitDirectory: String, patience: Duration) -> LockNote? {
    let descriptor = open(
      gitDirectory + "/lockstep-lock-note", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard descriptor >= 0 else { return nil }
    let deadline = ContinuousClock.now.advanced(by: patience)
    while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
      guard ContinuousClock.now < deadline else {
        close(descriptor)
        return nil
      }
      usleep(1_000)
    }
    let note = LockNote(gitDirectory: gitDirectory, descriptor: descriptor)
    note.clearUp()
    return note
  }

  deinit {
    // A note that stays is that of a killed run.
    ftruncate(descriptor, 0)
    close(descriptor)
  }

  /// Says that a lock is about to be taken.
  func say(_ lock: String) {
    _ = "\(lock)\n".withCString { pwrite(descriptor, $0, strlen($0), 0) }
  }

  /// Takes away the lock that a killed run left; touches no lock that another program made.
  private func clearUp() {
    var buffer = [UInt8](repeating: 0, count: 8192)
    let count = buffer.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress, $0.count, 0) }
    var noted = stat()
    guard count > 0, fstat(descriptor, &noted) == 0 else { return }
    let text = String(decoding: buffer[..<count], as: UTF8.self)
    // Older versions wrote their process first.
    let path = "\(gitDirectory)/\(text.split(separator: "\n").last ?? "")"
    var found = stat()
    if path.hasSuffix(".lock"), lstat(path, &found) == 0,
      (0...Self.windowSeconds).contains(Self.seconds(found) - Self.seconds(noted))
    {
      unlink(path)
    }
    ftruncate(descriptor, 0)
  }

  private static func seconds(_ info: stat) -> Int {
    #if canImport(Glibc)
      info.st_mtim.tv_sec
    #else
      info.st_mtimespec.tv_sec
    #endif
  }
}

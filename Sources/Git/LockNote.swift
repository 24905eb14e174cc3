#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A file that says which process is about to take which lock of git's.
///
/// git cannot tell a lock that is held from one whose holder was killed, and so never removes one. A note whose process
/// is dead, and a lock that appeared right after the note, are the remains of a kill of ours.
struct LockNote {
  /// A lock appears within this many seconds of its note, or it is somebody else's.
  private static let windowSeconds = 2

  /// The folder of the repository.
  let gitDirectory: String

  private var path: String { gitDirectory + "/lockstep-lock-note" }

  /// Says that this process is about to take a lock.
  func leave(for lock: String) {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard descriptor >= 0 else { return }
    _ = "\(getpid())\n\(lock)\n".withCString { write(descriptor, $0, strlen($0)) }
    close(descriptor)
  }

  /// Takes the note away.
  func remove() { unlink(path) }

  /// Takes away the lock that a killed run left, and its note; touches no lock that another program made.
  func clearUp() {
    guard let noted = Self.modificationSeconds(path), let lines = lines() else { return }
    guard lines.count == 2, let process = pid_t(lines[0]), process > 0 else { return remove() }
    guard kill(process, 0) != 0, errno == ESRCH else { return }
    if let seconds = Self.modificationSeconds("\(gitDirectory)/\(lines[1])"), lines[1].hasSuffix(".lock"),
      (0...Self.windowSeconds).contains(seconds - noted)
    {
      unlink("\(gitDirectory)/\(lines[1])")
    }
    remove()
  }

  private func lines() -> [String]? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var buffer = [UInt8](repeating: 0, count: 8192)
    let count = buffer.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
    guard count >= 0 else { return nil }
    return String(decoding: buffer[..<count], as: UTF8.self).split(separator: "\n").map(String.init)
  }

  private static func modificationSeconds(_ path: String) -> Int? {
    var info = stat()
    guard lstat(path, &info) == 0 else { return nil }
    #if canImport(Glibc)
      return info.st_mtim.tv_sec
    #else
      return info.st_mtimespec.tv_sec
    #endif
  }
}

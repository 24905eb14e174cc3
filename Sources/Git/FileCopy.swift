import Crypto

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Copies of packs and indexes, which end in the SHA-1 of what stands before.
enum FileCopy {
  /// Copies a file durably under a temporary name, checks its last 20 bytes, and gives it its name.
  /// - Throws: `GitError` (`.corrupt`) where the checksum is wrong, (`.noSpace`, `.io`) where the system says no.
  static func copyChecked(_ source: String, to target: String) throws(GitError) {
    let input = open(source, O_RDONLY | O_CLOEXEC)
    guard input >= 0 else { throw Library.systemError("cannot read \(source)") }
    defer { close(input) }
    // A name that git's maintenance takes away when a kill leaves it.
    let folder = target.utf8.lastIndex(of: UInt8(ascii: "/")).map { target[..<$0] } ?? "."
    let temporary = "\(folder)/tmp_pack_\(getpid())_\(UInt32.random(in: 0...UInt32.max))"
    let output = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o444)
    guard output >= 0 else { throw Library.systemError("cannot write \(temporary)") }
    defer { close(output) }
    do throws(GitError) {
      try copy(input, source, to: output, target)
      guard fsync(output) == 0, rename(temporary, target) == 0 else {
        throw Library.systemError("cannot put \(target) in place")
      }
    } catch {
      unlink(temporary)
      throw error
    }
  }

  private static func copy(
    _ input: Int32, _ name: String, to output: Int32, _ target: String
  ) throws(GitError) {
    var hash = Insecure.SHA1()
    var tail: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 20)
    while true {
      let count = buffer.withUnsafeMutableBytes { read(input, $0.baseAddress, $0.count) }
      if count < 0 {
        if errno == EINTR { continue }
        throw Library.systemError("cannot read \(name)")
      }
      if count == 0 { break }
      let chunk = Array(buffer[..<count])
      try PackFile.writeAll(chunk, to: output, target)
      let seen = tail + chunk
      let split = max(0, seen.count - 20)
      hash.update(data: seen[..<split])
      tail = Array(seen[split...])
    }
    guard tail == Array(hash.finalize()) else {
      throw GitError(
        .corrupt, "\(name) is damaged: its checksum is wrong", hint: "git fsck; restore it from a peer")
    }
  }
}

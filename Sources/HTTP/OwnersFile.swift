#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Files with a secret, which nobody but their owner can read.
package enum OwnersFile {
  /// Why a file gives no secret.
  package struct Problem: Error {
    /// What is wrong; never what stands in the file.
    package let message: String
    /// What mends it.
    package let hint: String
  }

  private static let limit = 65_536

  /// The secret in a file, without white space.
  package static func read(_ path: String) throws(Problem) -> String {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      throw Problem(
        message: "cannot read the secret in \(path): \(String(cString: strerror(errno)))",
        hint: "put it there, with mode 600")
    }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      throw Problem(message: "\(path) is no file with a secret", hint: "name a plain file")
    }
    guard status.st_mode & 0o077 == 0 else {
      throw Problem(
        message: "others on this machine can read the secret in \(path)", hint: "chmod 600 \(path)")
    }
    var bytes = [UInt8](repeating: 0, count: limit)
    var count = 0
    while count < limit {
      let got = bytes.withUnsafeMutableBytes {
        pread(descriptor, $0.baseAddress.map { $0 + count }, limit - count, off_t(count))
      }
      if got < 0, errno == EINTR { continue }
      guard got > 0 else { break }
      count += got
    }
    let text = String(decoding: bytes[..<count], as: UTF8.self).split(whereSeparator: \.isWhitespace).joined()
    guard !text.isEmpty else {
      throw Problem(message: "the file \(path) holds no secret", hint: "put it there, with mode 600")
    }
    return text
  }
}

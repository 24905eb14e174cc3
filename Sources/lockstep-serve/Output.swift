#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Data on standard output, words on standard error, each line at once.
enum Output {
  /// Writes a line of data.
  static func print(_ line: String) { write(line, to: STDOUT_FILENO) }

  /// Writes a line for the person.
  static func say(_ line: String) { write(line, to: STDERR_FILENO) }

  private static func write(_ line: String, to descriptor: Int32) {
    var rest = Array((line + "\n").utf8)[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { buffer in
        #if canImport(Glibc)
          Glibc.write(descriptor, buffer.baseAddress, buffer.count)
        #else
          Darwin.write(descriptor, buffer.baseAddress, buffer.count)
        #endif
      }
      if count < 0, errno == EINTR { continue }
      // Nobody reads: serving goes on.
      guard count > 0 else { return }
      rest = rest.dropFirst(count)
    }
  }
}

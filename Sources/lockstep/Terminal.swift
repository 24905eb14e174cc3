import CanonicalJSON

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Where output goes: data on standard output, words on standard error.
enum Terminal {
  /// Writes a line of data.
  static func print(_ line: String) { write(Array((line + "\n").utf8), to: STDOUT_FILENO) }

  /// Writes lines of data, many at once.
  static func print(lines: some Sequence<String>) {
    var bytes: [UInt8] = []
    for line in lines {
      bytes.append(contentsOf: line.utf8)
      bytes.append(UInt8(ascii: "\n"))
    }
    write(bytes, to: STDOUT_FILENO)
  }

  /// Writes data as it is.
  static func print(bytes: [UInt8]) { write(bytes, to: STDOUT_FILENO) }

  /// Writes a JSON document.
  static func print(_ value: JSONValue) { print(bytes: value.canonicalBytes()) }

  /// Writes a line for the person.
  static func say(_ line: String) { write(Array((line + "\n").utf8), to: STDERR_FILENO) }

  /// Whether standard output is a terminal.
  static var isShown: Bool { isatty(STDOUT_FILENO) != 0 }

  /// Whether a person watches standard error.
  static var isWatched: Bool { isatty(STDERR_FILENO) != 0 }

  /// Overwrites the last line of a watched terminal.
  static func progress(_ line: String) { write(Array("\r\u{1B}[2K\(line)".utf8), to: STDERR_FILENO) }

  /// Writes all bytes.
  ///
  /// A reader of the data that went away ends the program quietly, as `head` expects; data that cannot be written ends
  /// it with an error. Words that nobody can read stop nothing.
  private static func write(_ bytes: [UInt8], to descriptor: Int32) {
    var offset = 0
    while offset < bytes.count {
      let count = bytes.withUnsafeBytes { buffer -> Int in
        let start = buffer.baseAddress.map { $0 + offset }
        #if canImport(Glibc)
          return Glibc.write(descriptor, start, bytes.count - offset)
        #else
          return Darwin.write(descriptor, start, bytes.count - offset)
        #endif
      }
      if count < 0 {
        if errno == EINTR { continue }
        guard descriptor == STDOUT_FILENO else { return }
        if errno == EPIPE { exit(0) }
        say("error: cannot write to standard output: \(String(cString: strerror(errno)))")
        exit(ExitStatus.error)
      }
      offset += count
    }
  }
}

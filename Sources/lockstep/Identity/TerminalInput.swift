import LiveAccount

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Lines that a person types.
enum TerminalInput {
  /// The longest line.
  static let longest = 4096

  /// A line from a terminal, without its end.
  ///
  /// The signal of Ctrl-C may reach another thread than this one, so it waits a little at a time.
  /// - Throws: `AccountError` (`.interrupted`) after Ctrl-C.
  static func line(from terminal: Int32) throws(AccountError) -> [UInt8] {
    var line: [UInt8] = []
    // Reserved at once, so that no copy is left behind by growing.
    line.reserveCapacity(longest)
    var byte: UInt8 = 0
    while line.count < longest {
      try Interruption.cancellation.check()
      var waiting = pollfd(fd: terminal, events: Int16(POLLIN), revents: 0)
      guard poll(&waiting, 1, 100) > 0 else { continue }
      let count = read(terminal, &byte, 1)
      if count < 0, errno == EINTR || errno == EAGAIN { continue }
      if count <= 0 || byte == UInt8(ascii: "\n") { break }
      line.append(byte)
    }
    try Interruption.cancellation.check()
    return line
  }
}

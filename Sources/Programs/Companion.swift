#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A program that runs beside this one, reads from it and answers, until one of both ends.
///
/// It runs in a session of its own, so that an interrupted terminal reaches this process alone, and ends by itself when its
/// standard input ends, however this process ends.
package final class Companion: Sendable {
  private let process: pid_t
  private let input: Int32
  private let output: Int32

  /// Starts a program; what it says on standard error goes where ours goes.
  /// - Parameter arguments: the program's name or path, and its arguments.
  /// - Throws: `ProgramError`.
  package init(
    _ arguments: [String], environment: EnvironmentChanges = EnvironmentChanges()
  ) throws(ProgramError) {
    (process, input, output) = try ChildProgram.startCompanion(arguments, environment: environment)
  }

  deinit {
    close(input)
    close(output)
    var ended: Int32 = 0
    while waitpid(process, &ended, 0) < 0, errno == EINTR {}
  }

  /// Writes bytes whole; one writer at a time.
  ///
  /// Waits while the program does not read.
  /// - Returns: whether the program can have got all of them.
  package func send(_ bytes: [UInt8]) -> Bool { QuietWrite.guarding { Self.send(bytes, to: input) } }

  /// Writes bytes whole to a descriptor; false where nobody reads there.
  package static func send(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
    bytes.withUnsafeBytes { buffer in
      var rest = buffer[...]
      while !rest.isEmpty {
        let count = write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
        if count < 0, errno == EINTR { continue }
        guard count > 0 else { return false }
        rest = rest.dropFirst(count)
      }
      return true
    }
  }

  /// Reads bytes, exactly as many as are asked for; one reader at a time.
  ///
  /// Waits for them.
  /// - Returns: nil where the program has ended before.
  package func receive(_ count: Int) -> [UInt8]? { Self.receive(count, from: output) }

  /// Reads bytes from a descriptor, exactly as many as are asked for; nil where it ends before.
  package static func receive(_ count: Int, from descriptor: Int32) -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: count)
    var done = 0
    while done < count {
      let got = bytes.withUnsafeMutableBytes { buffer in
        read(descriptor, buffer.baseAddress.map { $0 + done }, count - done)
      }
      if got < 0, errno == EINTR { continue }
      guard got > 0 else { return nil }
      done += got
    }
    return bytes
  }

  /// Ends the program at once; whoever reads from it sees its end.
  package func end() { kill(process, SIGKILL) }
}

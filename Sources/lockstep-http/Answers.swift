import HTTP
import Programs
import Synchronization

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Standard output, on which answers stand one after the other.
enum Answers {
  private static let turn = Mutex(())

  /// Writes an answer whole; ends the program where nobody reads.
  static func write(_ reply: HTTPReply) {
    guard let bytes = reply.frame.bytes() else { return }
    turn.withLock { _ in
      if !Companion.send(bytes, to: 1) { exit(1) }
    }
  }
}

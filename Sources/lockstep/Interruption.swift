import LiveAccount

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Ctrl-C: the first one asks the work to stop at its next safe point, the second one stops the process.
enum Interruption {
  /// What the work looks at.
  static let cancellation = Cancellation()

  /// Installs the handlers.
  ///
  /// Output into a closed pipe becomes an error of the write, not the end of the process.
  static func install() {
    _ = cancellation
    signal(SIGPIPE, SIG_IGN)
    for number in [SIGINT, SIGTERM] {
      signal(number) { _ in
        if Interruption.cancellation.isCancelled { _exit(130) }
        Interruption.cancellation.cancel()
      }
    }
  }
}

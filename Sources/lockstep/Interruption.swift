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
    // A parent may have it ignored, and then nobody learns how a program ended.
    signal(SIGCHLD, SIG_DFL)
    for number in [SIGINT, SIGTERM] {
      var action = sigaction()
      // Without SA_RESTART: a question at the terminal ends, too.
      action.__sigaction_handler.sa_handler = { _ in
        if Interruption.cancellation.isCancelled {
          TerminalEcho.restore()
          _exit(130)
        }
        Interruption.cancellation.cancel()
      }
      sigaction(number, &action, nil)
    }
  }

  /// Keeps what is in memory out of files that a crash would leave.
  static func forbidCoreFiles() {
    var none = rlimit(rlim_cur: 0, rlim_max: 0)
    #if canImport(Glibc)
      setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none)
    #else
      setrlimit(RLIMIT_CORE, &none)
    #endif
  }
}

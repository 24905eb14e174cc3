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

  /// Asks the work to stop once standard input ends: whoever runs this program on another machine has gone.
  ///
  /// What is read is thrown away.
  static func followInput() {
    #if canImport(Glibc)
      var thread = pthread_t()
      let made = pthread_create(&thread, nil, { _ in Interruption.readToEnd() }, nil)
    #else
      var thread: pthread_t?
      let made = pthread_create(&thread, nil, { _ in Interruption.readToEnd() }, nil)
    #endif
    // Who cannot hear of the end of the one that asked must not begin.
    if made != 0 { cancellation.cancel() }
  }

  private static func readToEnd() -> UnsafeMutableRawPointer? {
    var bytes = [UInt8](repeating: 0, count: 256)
    while true {
      let count = read(STDIN_FILENO, &bytes, bytes.count)
      if count < 0, errno == EINTR || errno == EAGAIN { continue }
      guard count > 0 else { break }
    }
    cancellation.cancel()
    return nil
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

import Synchronization

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// What is typed at a terminal is not shown while a passphrase is; a program that is stopped meanwhile leaves the terminal
/// as it was.
enum TerminalEcho {
  private static let terminal = Atomic<Int32>(-1)
  private static let before = Mutex(termios())

  /// Switches the echo off; false where it is no terminal.
  static func switchOff(_ descriptor: Int32) -> Bool {
    var settings = termios()
    guard tcgetattr(descriptor, &settings) == 0 else { return false }
    before.withLock { $0 = settings }
    settings.c_lflag &= ~tcflag_t(ECHO)
    tcsetattr(descriptor, TCSAFLUSH, &settings)
    terminal.store(descriptor, ordering: .sequentiallyConsistent)
    return true
  }

  /// Brings the terminal back to what it was; nothing where it is.
  static func restore() {
    let descriptor = terminal.exchange(-1, ordering: .sequentiallyConsistent)
    guard descriptor >= 0 else { return }
    before.withLock { settings in _ = tcsetattr(descriptor, TCSANOW, &settings) }
  }
}

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A pipe between this process and a program.
struct Pipe {
  /// The end that stays here, or -1 once it is closed.
  private(set) var ours: Int32
  /// The end that the program inherits, or -1 once it is closed here.
  private(set) var theirs: Int32

  /// Numbers that a program may find its descriptors under; both ends stand above, so that none overwrites another.
  static let firstFree: Int32 = 64

  /// Makes a pipe that no other program inherits.
  ///
  /// Between its two steps a program that another thread starts would inherit it and keep it open: callers hold the
  /// lock under which programs are started.
  /// - Parameter isWaiting: whether our end waits, in place of saying that it would have to.
  init(reading: Bool, isWaiting: Bool = false) throws(ProgramError) {
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { throw ProgramError.system("cannot make a pipe", errno) }
    let low = ends
    let high = low.map { fcntl($0, F_DUPFD_CLOEXEC, Self.firstFree) }
    let failure = errno
    for end in low { close(end) }
    (ours, theirs) = reading ? (high[0], high[1]) : (high[1], high[0])
    guard !high.contains(-1), isWaiting || fcntl(ours, F_SETFL, O_NONBLOCK) == 0 else {
      closeBoth()
      throw ProgramError.system("cannot make a pipe", failure)
    }
  }

  /// No pipe yet.
  static let none = Pipe()

  private init() { (ours, theirs) = (-1, -1) }

  /// Closes our end.
  mutating func closeOurs() {
    if ours >= 0 { close(ours) }
    ours = -1
  }

  /// Closes the end that the program has.
  mutating func closeTheirs() {
    if theirs >= 0 { close(theirs) }
    theirs = -1
  }

  /// Closes both ends.
  mutating func closeBoth() {
    closeOurs()
    closeTheirs()
  }
}

/// Writes to pipes that nobody may read any more, which would end this process by SIGPIPE.
enum QuietWrite {
  /// Runs something on this thread that a broken pipe must not end.
  static func guarding<Result>(_ body: () -> Result) -> Result {
    var signals = sigset_t()
    var before = sigset_t()
    var pending = sigset_t()
    sigemptyset(&signals)
    sigaddset(&signals, SIGPIPE)
    sigemptyset(&pending)
    sigpending(&pending)
    let wasPending = sigismember(&pending, SIGPIPE) == 1
    pthread_sigmask(SIG_BLOCK, &signals, &before)
    let result = body()
    sigpending(&pending)
    if !wasPending, sigismember(&pending, SIGPIPE) == 1 {
      // The signal of a broken pipe goes to the thread that wrote: it is ours to take.
      var taken: Int32 = 0
      sigwait(&signals, &taken)
    }
    pthread_sigmask(SIG_SETMASK, &before, nil)
    return result
  }
}

import Synchronization

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Runs another program.
///
/// What may be secret goes through pipes only: arguments and the environment are open to others on the machine.
package enum ChildProgram {
  /// How a program ended, and what it said.
  package struct Outcome: Sendable {
    /// The exit code, or 128 and the signal's number.
    package let status: Int32
    /// Standard output.
    package let output: [UInt8]
    /// Standard error without its last line ends; no more than about its first 64 KiB.
    package let errors: String
  }

  /// Runs a program to its end.
  /// - Parameters:
  ///   - arguments: the program's name, which is looked for on the path, and its arguments.
  ///   - input: what it reads from standard input; nil for nothing.
  ///   - descriptors: what it reads from the descriptors 3, 4 and so on.
  ///   - isApart: whether it runs in a session of its own, which is ended as a whole.
  ///   - stopping: asked now and then; the program is ended when it says so.
  ///   - hearing: told what the program says on standard error as it says it, all of it.
  ///   - releasing: lets the program read from a pipe that holds nothing, and that ends when this says so, asked now and
  ///     then, or when this process ends in whatever way.
  package static func run(
    _ arguments: [String], input: [UInt8]? = nil, descriptors: [[UInt8]] = [],
    environment: EnvironmentChanges = EnvironmentChanges(), isApart: Bool = false,
    stopping: (() -> Bool)? = nil, hearing: ((ArraySlice<UInt8>) -> Void)? = nil,
    releasing: (() -> Bool)? = nil
  ) throws(ProgramError) -> Outcome {
    guard descriptors.count < Int(Pipe.firstFree) - 3 else {
      throw ProgramError(.system, "\(descriptors.count) descriptors are too many for one program")
    }
    let started = starting.withLock { _ in
      Result { () throws(ProgramError) in
        var loop = PipeLoop()
        do throws(ProgramError) {
          let process = try start(
            arguments, input: input, descriptors: descriptors, isHeld: releasing != nil,
            environment: environment, isApart: isApart, &loop)
          loop.closeTheirs()
          return (process, loop)
        } catch {
          loop.closeAll()
          throw error
        }
      }
    }
    var (process, loop) = try started.get()
    let said = loop.run(stopping: stopping, releasing: releasing) { output, bytes in
      if output == 1 { hearing?(bytes) }
    }
    var ended: Int32 = 0
    var waited: pid_t = 0
    if let stopping { waited = wait(for: process, &ended, isApart: isApart, stopping: stopping) }
    while waited == 0 || (waited < 0 && errno == EINTR) { waited = waitpid(process, &ended, 0) }
    guard waited == process else {
      throw ProgramError.system("nobody can say how the program \(arguments.first ?? "") ended", errno)
    }
    var errors = said[1]
    while errors.last == UInt8(ascii: "\n") { errors.removeLast() }
    let signal = ended & 0x7f
    return Outcome(
      status: signal == 0 ? (ended >> 8) & 0xff : 128 + signal, output: said[0],
      errors: String(decoding: errors, as: UTF8.self))
  }

  /// Starts a program in a session of its own that reads and says nothing, and holds no pipe of ours; nobody waits for it.
  /// - Parameter descriptor: one of ours that stays open in the program, as number 3.
  package static func startDetached(
    _ arguments: [String], environment: EnvironmentChanges = EnvironmentChanges(),
    keeping descriptor: Int32? = nil
  ) throws(ProgramError) {
    let started = starting.withLock { _ in
      keepDescriptors()
      return Result { () throws(ProgramError) in
        try spawn(arguments, environment: environment, isDetached: true) { actions in
          posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
          posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
          posix_spawn_file_actions_adddup2(&actions, 2, 1)
          if let descriptor { posix_spawn_file_actions_adddup2(&actions, descriptor, 3) }
        }
      }
    }
    _ = try started.get()
  }

  /// Starts a program in a session of its own whose input and output stay here.
  static func startCompanion(
    _ arguments: [String], environment: EnvironmentChanges
  ) throws(ProgramError) -> (process: pid_t, input: Int32, output: Int32) {
    let started = starting.withLock { _ in
      keepDescriptors()
      return Result { () throws(ProgramError) in
        var input = try Pipe(reading: false, isWaiting: true)
        var output = Pipe.none
        do throws(ProgramError) {
          output = try Pipe(reading: true, isWaiting: true)
          let process = try spawn(arguments, environment: environment, isDetached: true) { actions in
            posix_spawn_file_actions_adddup2(&actions, input.theirs, 0)
            posix_spawn_file_actions_adddup2(&actions, output.theirs, 1)
          }
          input.closeTheirs()
          output.closeTheirs()
          return (process: process, input: input.ours, output: output.ours)
        } catch {
          input.closeBoth()
          output.closeBoth()
          throw error
        }
      }
    }
    return try started.get()
  }

  /// How long a program that was asked to end is waited for before it is killed, in milliseconds.
  private static let patience = 2_000

  /// Waits for the end of a program that may have to be ended.
  /// - Returns: the process, 0 where it was killed and has only to be waited for, or -1.
  private static func wait(
    for process: pid_t, _ ended: inout Int32, isApart: Bool, stopping: () -> Bool
  ) -> pid_t {
    var asked = 0
    while true {
      let waited = waitpid(process, &ended, WNOHANG)
      if waited != 0, !(waited < 0 && errno == EINTR) {
        // What it left running in its session has nobody else to end it.
        if isApart, asked > 0 { kill(-process, SIGKILL) }
        return waited
      }
      if asked > 0 || stopping() {
        if asked == 0 { kill(isApart ? -process : process, SIGTERM) }
        asked += 10
        if asked > patience {
          kill(isApart ? -process : process, SIGKILL)
          return 0
        }
      }
      usleep(10_000)
    }
  }

  /// Lets no program that is started from now on inherit what others left open in this process.
  private static func keepDescriptors() {
    for descriptor in Int32(3)..<1024 {
      let flags = fcntl(descriptor, F_GETFD)
      if flags >= 0, flags & FD_CLOEXEC == 0 { _ = fcntl(descriptor, F_SETFD, flags | FD_CLOEXEC) }
    }
  }

  /// Held while pipes are made and a program is started: no program may inherit the pipes of another.
  private static let starting = Mutex(())

  private static let errorLimit = 64 * 1024

  /// Makes the pipes and starts a program on them.
  private static func start(
    _ arguments: [String], input: [UInt8]?, descriptors: [[UInt8]], isHeld: Bool,
    environment: EnvironmentChanges, isApart: Bool, _ loop: inout PipeLoop
  ) throws(ProgramError) -> pid_t {
    if let input { loop.addInput(input, try Pipe(reading: false)) }
    for bytes in descriptors { loop.addInput(bytes, try Pipe(reading: false)) }
    if isHeld { loop.hold(try Pipe(reading: false)) }
    loop.addOutput(try Pipe(reading: true))
    loop.addOutput(try Pipe(reading: true), limit: errorLimit)
    let (inputs, outputs) = loop.inherited
    return try spawn(arguments, environment: environment, isDetached: isApart) { actions in
      if input == nil, !isHeld { posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0) }
      let numbers = (input == nil ? [] : [0]) + (3..<3 + Int32(descriptors.count))
      for (theirs, number) in zip(inputs, numbers + (isHeld ? [0] : [])) {
        posix_spawn_file_actions_adddup2(&actions, theirs, number)
      }
      for (theirs, number) in zip(outputs, [1, 2] as [Int32]) {
        posix_spawn_file_actions_adddup2(&actions, theirs, number)
      }
    }
  }

  private static func spawn(
    _ arguments: [String], environment: EnvironmentChanges, isDetached: Bool,
    descriptors: (inout posix_spawn_file_actions_t) -> Void
  ) throws(ProgramError) -> pid_t {
    guard let name = arguments.first else { throw ProgramError(.notFound, "there is no program to run") }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    descriptors(&actions)
    // Worker threads block signals, and a program would inherit that: Ctrl-C must reach it.
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var signals = sigset_t()
    sigemptyset(&signals)
    posix_spawnattr_setsigmask(&attributes, &signals)
    // What this process ignores (broken pipes; a watch the wish to end, which it hears of otherwise) a program may rely on.
    var usual = sigset_t()
    sigemptyset(&usual)
    for signal in [SIGPIPE, SIGINT, SIGTERM] { sigaddset(&usual, signal) }
    posix_spawnattr_setsigdefault(&attributes, &usual)
    let flags = Int16(POSIX_SPAWN_SETSIGMASK) | Int16(POSIX_SPAWN_SETSIGDEF)
    posix_spawnattr_setflags(&attributes, flags | (isDetached ? ownSession : 0))
    var process = pid_t()
    let status = SystemText.withCStrings(arguments) { argv in
      SystemText.withCStrings(environment.variables()) { envp in
        posix_spawnp(&process, name, &actions, &attributes, argv, envp)
      }
    }
    guard status == 0 else {
      throw ProgramError(
        status == ENOENT ? .notFound : .system,
        "the \(name) program cannot be started: \(SystemText.error(status))", hint: "install \(name)")
    }
    return process
  }

  #if canImport(Glibc)
    /// POSIX_SPAWN_SETSID, which Swift does not see.
    private static let ownSession: Int16 = 0x80
  #else
    private static let ownSession = Int16(POSIX_SPAWN_SETSID)
  #endif
}

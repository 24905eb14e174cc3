package import Foundation
import Synchronization

/// A program that runs beside a test.
///
/// Spawned and awaited by the plain system calls: Foundation's `Process` wants a run loop, and tests run on threads
/// that have none.
package final class ChildProcess: Sendable {
  /// The process id.
  package let id: pid_t
  /// Holds the files `input`, `output` and `errors`.
  package let files: TemporaryFolder
  private let ended = Mutex<Int32?>(nil)

  init(
    path: String, arguments: [String], folder: String?, environment: [String: String], files: TemporaryFolder
  ) throws {
    self.files = files
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, files["input"], O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 1, files["output"], O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    posix_spawn_file_actions_addopen(&actions, 2, files["errors"], O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    // Worker threads block signals, and a child inherits that: it could not be stopped by one.
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var signals = sigset_t()
    sigemptyset(&signals)
    posix_spawnattr_setsigmask(&attributes, &signals)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
    // Not every C library lets Swift see how to spawn in another folder; env does it everywhere.
    let command = folder.map { ["/usr/bin/env", "-C", $0, path] } ?? [path]
    let argv = (command + arguments).map { strdup($0) } + [nil]
    let envp = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer { for pointer in argv + envp { free(pointer) } }
    var id = pid_t()
    let status = posix_spawn(&id, command[0], &actions, &attributes, argv, envp)
    guard status == 0 else { throw POSIXError(POSIXErrorCode(rawValue: status) ?? .EIO) }
    self.id = id
  }

  deinit { if ended.withLock({ $0 == nil }) { stop(SIGKILL) } }

  /// Waits for the end: the exit code, or 128 and the signal's number.
  @discardableResult
  package func wait() -> Int32 {
    ended.withLock { ended in
      if let ended { return ended }
      var status: Int32 = 0
      while waitpid(id, &status, 0) < 0, errno == EINTR {}
      let signal = status & 0x7f
      let code = signal == 0 ? (status >> 8) & 0xff : 128 + signal
      ended = code
      return code
    }
  }

  /// What it said and how it ended; waits for the end.
  package func outcome() throws -> Program.Outcome {
    Program.Outcome(status: wait(), output: try files.read("output"), errors: try files.read("errors"))
  }

  /// Whether the program still runs.
  package var isRunning: Bool {
    ended.withLock { ended in
      if ended != nil { return false }
      var status: Int32 = 0
      guard waitpid(id, &status, WNOHANG) == id else { return true }
      let signal = status & 0x7f
      ended = signal == 0 ? (status >> 8) & 0xff : 128 + signal
      return false
    }
  }

  /// Sends a signal and waits for the end.
  @discardableResult
  package func stop(_ signal: Int32 = SIGTERM) -> Int32 {
    if isRunning { kill(id, signal) }
    return wait()
  }
}

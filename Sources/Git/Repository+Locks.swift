#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

extension Repository {
  /// How long a lock of another process is waited for, in seconds; git itself waits as long for a ref.
  private static let patienceSeconds = 1

  /// Takes away a lock of git's that a killed run of ours left.
  package func removeAbandonedLock() { _ = LockNote.hold(in: gitDirectory, patience: .zero) }

  /// Runs what takes a lock file of git's: waits for one that another process holds, as git does, and leaves a note that
  /// lets the next run clear up after a kill.
  /// - Throws: `GitError` (`.locked`) naming the lock file.
  func takingLock<Result>(_ lock: String, _ body: () throws(GitError) -> Result) throws(GitError) -> Result {
    let note = LockNote.hold(in: gitDirectory, patience: .seconds(Self.patienceSeconds))
    defer { withExtendedLifetime(note) {} }
    note?.say(lock)
    let deadline = ContinuousClock.now.advanced(by: .seconds(Self.patienceSeconds))
    var pause: UInt32 = 2_000
    while true {
      do { return try body() } catch  where error.code == .locked {
        guard ContinuousClock.now < deadline else {
          throw GitError(
            .locked, "another process holds \(gitDirectory)/\(lock)",
            hint: "wait for it to end; if no process uses the repository, remove that file")
        }
        usleep(pause)
        pause = min(pause * 2, 100_000)
      }
    }
  }
}

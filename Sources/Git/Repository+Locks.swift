extension Repository {
  /// Takes away a lock of git's that a killed run of ours left.
  package func removeAbandonedLock() { LockNote(gitDirectory: gitDirectory).clearUp() }

  /// Runs what takes a lock file of git's, with a note that lets the next run clear up after a kill.
  func takingLock<Result>(_ lock: String, _ body: () throws(GitError) -> Result) throws(GitError) -> Result {
    let note = LockNote(gitDirectory: gitDirectory)
    note.clearUp()
    note.leave(for: lock)
    defer { note.remove() }
    return try body()
  }
}

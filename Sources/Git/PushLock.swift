import Programs

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Lets one move at a time into a repository with a working tree: a push, or what Lockstep itself commits there.
///
/// git brings the working tree along before it moves the ref (`receive.denyCurrentBranch=updateInstead`): of two moves at
/// once the one that loses the ref may have had the last word in the working tree. So a push holds this lock from before it
/// is judged until the ref has moved, or git has given up; git itself does not know of it, and a program of ours keeps it
/// meanwhile. Lockstep holds it from its look at the working tree until that is brought along.
package final class PushLock {
  /// How long another push is waited for, and the longest that one keeps the lock.
  package static let patienceSeconds = 600

  private let descriptor: Int32

  /// Waits for the lock.
  /// - Parameter willWait: called once, where another push holds it.
  /// - Throws: `GitError` (`.locked`) after ten minutes, (`.io`) where the system says no.
  package init(path: String, willWait: () -> Void = {}) throws(GitError) {
    descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard descriptor >= 0 else { throw Library.systemError("cannot open \(path)") }
    let deadline = ContinuousClock.now.advanced(by: .seconds(Self.patienceSeconds))
    var isFirst = true
    while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
      if isFirst { willWait() }
      isFirst = false
      guard ContinuousClock.now < deadline else {
        close(descriptor)
        throw GitError(.locked, "another push has not ended for a long time", hint: "push again")
      }
      usleep(10_000)
    }
  }

  /// Leaves the lock to a program, which lets go of it by ending.
  package func leave(to arguments: [String]) {
    try? ChildProgram.startDetached(arguments, keeping: descriptor)
  }

  deinit { close(descriptor) }

  /// Whether a process is git that takes a push; its number may be another program's by now.
  package static func isMoving(_ process: Int32) -> Bool {
    guard RunningPrograms.isRunning(process) else { return false }
    let arguments = RunningPrograms.arguments(of: process)
    return arguments.isEmpty || arguments.prefix(2).contains { $0.hasSuffix("receive-pack") }
  }

  /// Waits until a ref names a commit, or a process is gone.
  package static func wait(
    for reference: String, toName new: ObjectID, in repository: Repository, while process: Int32
  ) {
    let deadline = ContinuousClock.now.advanced(by: .seconds(patienceSeconds))
    while ContinuousClock.now < deadline {
      if (try? repository.reference(reference)) == new { return }
      if !RunningPrograms.isRunning(process) { return }
      usleep(5_000)
    }
  }
}

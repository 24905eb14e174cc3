package import Git
import MediaResources

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A push that was cut off after git had begun to bring the working tree along, and before it moved the branch.
package struct CutOffPush: Sendable, Equatable {
  /// The commit that was pushed.
  package let commit: ObjectID
  /// The files that git had brought along, or was about to.
  package let begun: [String]
  /// The files of the same push that somebody has edited since; they stay as they are.
  package let edited: [String]

  /// What is the matter, in words.
  package var message: String {
    let files = begun + edited
    let shown = files.prefix(3).joined(separator: ", ") + (files.count > 3 ? ", …" : "")
    let push = "a push of \(commit.abbreviated) was cut off"
    return begun.isEmpty
      ? "\(push), and somebody has edited \(Count.text(edited.count, "file")) since that it was to change: \(shown)"
      : "\(push) and has left \(Count.text(files.count, "file")) neither as committed nor edited by anybody: \(shown)"
  }

  /// The command that mends it.
  package func mend(in place: String) -> String {
    begun.isEmpty
      ? "git -C \(ShellWord.quoted(place)) stash --include-untracked"
      : "lockstep hooks install -C \(ShellWord.quoted(place))"
  }
}

extension RegionRepository {
  /// The file of the lock that a push into this region holds.
  package func pushLockPath() throws(RegionError) -> String { try stateFolder() + "/push.lock" }

  private func pushNotePath() throws(RegionError) -> String { try stateFolder() + "/push" }

  /// Keeps pushes, and what Lockstep commits, out of this region, once what was cut off is taken back.
  /// - Parameters:
  ///   - willWait: called once, where a push or a mirror is under way.
  ///   - told: called with the push that was cut off, if there was one.
  /// - Throws: `GitError` (`.locked`), and whatever `settlePush` throws.
  package func holdPushes(
    willWait: () -> Void = {}, told: (CutOffPush) -> Void = { _ in }
  ) throws -> PushLock {
    let lock = try PushLock(path: pushLockPath(), willWait: willWait)
    if let push = try settlePush() { told(push) }
    return lock
  }

  /// Notes that git is about to bring the working tree along for a push; the caller holds the lock of pushes.
  ///
  /// Not noted where a file that would change is not as committed: git refuses such a push and touches nothing, and what
  /// somebody has edited must not be taken for what the push did. Costs the files that change, and one flush to disk.
  /// - Throws: `RegionError`, `GitError`.
  package func notePush(of new: ObjectID, by receiver: Int32) throws {
    guard !git.isBare, let old = try head(), old != new else { return }
    guard WorkingTree.isUntouched(try changes(from: old, to: new, in: git), in: git) else { return }
    try PushNote(old: old, new: new, receiver: receiver).write(to: pushNotePath())
  }

  /// Takes back what a push has left in the working tree that was cut off before it moved the branch; the caller holds the
  /// lock of pushes.
  ///
  /// A file is touched only where nothing but that push can have left it so; what somebody has edited since stays. Locks of
  /// git's that the push has left are removed where certainly nobody holds them.
  /// - Returns: what was found, or nil where all is well.
  /// - Throws: `GitError` (`.locked`) where git is still at work or nobody can say; the next one tries again.
  @discardableResult
  package func settlePush() throws -> CutOffPush? {
    let path = try pushNotePath()
    guard FilePaths.exists(path) else { return nil }
    guard let note = PushNote(at: path) else { return drop(path) }
    let branch = try branchReference()
    if PushLock.isMoving(note.receiver) {
      PushLock.wait(for: branch, toName: note.new, in: git, while: note.receiver)
    }
    guard try head() == note.old else { return drop(path) }
    if !note.isTakenBack { try AbandonedLocks(of: git, branch: branch, since: path).remove() }
    guard let (push, begun) = try found(note) else { return drop(path) }
    guard !note.isTakenBack else { return push }
    try WorkingTree.takeBack(begun, in: git)
    guard !push.edited.isEmpty else {
      unlink(path)
      return push
    }
    var rest = note
    rest.isTakenBack = true
    try rest.write(to: path)
    return push
  }

  private func drop(_ path: String) -> CutOffPush? {
    unlink(path)
    return nil
  }

  /// A push that was cut off and that nobody has taken back yet; looks only, and takes no lock.
  package func cutOffPush() throws -> CutOffPush? {
    guard let note = PushNote(at: try pushNotePath()), try head() == note.old,
      try !RegionLock.isHeld(pushLockPath()), !PushLock.isMoving(note.receiver)
    else { return nil }
    return try found(note)?.push
  }

  /// What a push has left; nil where there is nothing, or where its commit never came out of quarantine.
  private func found(_ note: PushNote) throws -> (push: CutOffPush, begun: [TreeChange])? {
    try git.refresh()
    guard git.contains(note.new) else { return nil }
    let found = try WorkingTree.cutOff(changes(from: note.old, to: note.new, in: git), in: git)
    if found.begun.isEmpty && found.edited.isEmpty { return nil }
    return (
      CutOffPush(commit: note.new, begun: found.begun.map(\.path), edited: found.edited), found.begun
    )
  }
}

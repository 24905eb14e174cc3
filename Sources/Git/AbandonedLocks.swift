import Programs

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The locks of git's that a push leaves which is killed while it brings the working tree along or moves the branch.
///
/// git itself removes no lock that it finds, for it cannot tell whose it is. A lock that is not older than the push, in a
/// repository in which no git program is at work, is nobody's.
package struct AbandonedLocks {
  /// How long git is waited for, in seconds.
  private static let patienceSeconds = 10

  private let folders: [String]
  private let locks: [String]
  private let note: String

  /// - Parameters:
  ///   - branch: the ref that the push was to move.
  ///   - note: a file that was written before git began.
  package init(of repository: Repository, branch: String, since note: String) {
    folders = [repository.gitDirectory, repository.workingDirectory].compactMap(\.self)
    locks = ["index", "HEAD", branch].map { "\(repository.gitDirectory)/\($0).lock" }
    self.note = note
  }

  /// Waits until no git program is at work, and removes the locks that are left.
  /// - Throws: `GitError` (`.locked`) where one holds a lock still, or where nobody can say whether one does.
  package func remove() throws(GitError) {
    let deadline = ContinuousClock.now.advanced(by: .seconds(Self.patienceSeconds))
    while true {
      let isAtWork = RunningPrograms.areAtWork(in: folders, holding: locks, where: Self.changesFiles)
      if isAtWork == false { break }
      if isAtWork == nil || ContinuousClock.now >= deadline {
        // Whoever only reads, such as a git log, is not in the way.
        guard let lock = left.first else { return }
        throw GitError(
          .locked,
          isAtWork == nil
            ? "a push was cut off and may have left the lock \(lock)"
            : "a push was cut off, and another process holds \(lock)",
          hint: "wait for it to end; if no process uses the repository, remove that file")
      }
      usleep(20_000)
    }
    for lock in left { unlink(lock) }
  }

  /// The locks that may be the push's.
  private var left: [String] {
    guard let since = Self.modification(note) else { return [] }
    return locks.filter { Self.modification($0).map { $0 >= since } ?? false }
  }

  /// What git runs for others' pushes and fetches, and for its upkeep, changes no file of a working tree.
  private static let harmless: Set<String> = [
    "receive-pack", "upload-pack", "index-pack", "unpack-objects", "pack-objects", "rev-list", "gc",
    "maintenance", "repack",
  ]

  /// Whether a program is git at something that may change the working tree, the index or a ref.
  private static func changesFiles(_ arguments: [String]) -> Bool {
    guard let name = arguments.first?.split(separator: "/").last, name == "git" || name.hasPrefix("git-")
    else { return false }
    return harmless.isDisjoint(with: [name.dropFirst("git-".count).description] + arguments.dropFirst())
  }

  /// When a file was changed, in nanoseconds since 1970.
  private static func modification(_ path: String) -> Int64? {
    var info = stat()
    guard lstat(path, &info) == 0 else { return nil }
    #if canImport(Glibc)
      let time = info.st_mtim
    #else
      let time = info.st_mtimespec
    #endif
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
  }
}

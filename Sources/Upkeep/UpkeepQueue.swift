import CanonicalJSON
import Programs
package import RegionRepository

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// What pushes left to be done, as files beside the repository: `.git/lockstep/queue/<kind>-<region>.json`.
///
/// A wish is on disk before the hook that made it returns. Doing the same twice is harmless, so that a task is done is
/// written without a flush: a power cut may bring it back, and nothing is lost. Each change costs one small file.
package struct UpkeepQueue: Sendable {
  private let folder: String

  /// The queue of a region; the folder is made when something is first wanted.
  /// - Throws: `RegionError` where the folder for Lockstep's own files cannot be made.
  package init(of region: RegionRepository) throws(RegionError) {
    folder = try region.stateFolder() + "/queue"
  }

  /// The tasks, those that are done among them, in a lasting order.
  package func tasks() -> [UpkeepTask] {
    var tasks: [UpkeepTask] = []
    for name in FolderNames.list(folder) where name.hasSuffix(".json") {
      let parts = name.dropLast(".json".count).split(separator: "-", maxSplits: 1).map(String.init)
      guard parts.count == 2, let kind = UpkeepTask.Kind(rawValue: parts[0]),
        let region = RegionName(parts[1])
      else { continue }
      if let task = read(UpkeepTask.ID(kind, region)) { tasks.append(task) }
    }
    return tasks.sorted { $0.id < $1.id }
  }

  /// The tasks that are left to do.
  package func open() -> [UpkeepTask] { tasks().filter(\.isOpen) }

  /// A task, or nil where it was never wanted.
  package func read(_ id: UpkeepTask.ID) -> UpkeepTask? {
    FilePaths.read(path(of: id)).map { UpkeepTask(id: id, bytes: $0) }
  }

  /// Wants tasks done; they are on disk when this returns.
  /// - Returns: the number of each wish.
  /// - Throws: `RegionError` with the system's reason.
  package func want(_ ids: [UpkeepTask.ID], at time: Int64) throws(RegionError) -> [UpkeepTask.ID: Int64] {
    try FilePaths.makeFolder(folder, mode: 0o700)
    let lock = QueueLock(folder + "/lock")
    defer { withExtendedLifetime(lock) {} }
    var numbers: [UpkeepTask.ID: Int64] = [:]
    for id in ids {
      var task = read(id) ?? UpkeepTask(id: id)
      task.wanted += 1
      task.requested = time
      try FilePaths.writeDurably(task.document.canonicalBytes(), to: path(of: id), mode: 0o600)
      numbers[id] = task.wanted
    }
    return numbers
  }

  /// Notes that a wish, and every one before it, is done; a newer one stays.
  package func finish(_ id: UpkeepTask.ID, upTo number: Int64, result: String) {
    change(id) { task in
      guard task.done < number else { return false }
      task.done = number
      task.failure = nil
      task.result = result
      return true
    }
  }

  /// Notes why a wish could not be done; how often and since when counts what failed for the same reason.
  /// - Parameter isBeyondApply: whether an account matched all the same.
  package func fail(
    _ id: UpkeepTask.ID, at number: Int64, _ words: UpkeepCalls.Words, time: Int64,
    isBeyondApply: Bool = false
  ) {
    change(id) { task in
      guard task.done < number else { return false }
      task.tried = max(task.tried, number)
      // That somebody works there just now says nothing of why it failed before.
      if words.isLocked, task.failure != nil {
        task.failure?.attempts += 1
        return true
      }
      let before = task.failure.flatMap { $0.message == words.message ? $0 : nil }
      task.failure = UpkeepTask.Failure(
        message: words.message, hint: words.hint, since: before?.since ?? time,
        attempts: (before?.attempts ?? 0) + 1, isBeyondApply: isBeyondApply,
        needsPerson: words.needsPerson)
      return true
    }
  }

  private func change(_ id: UpkeepTask.ID, _ body: (inout UpkeepTask) -> Bool) {
    let lock = QueueLock(folder + "/lock")
    defer { withExtendedLifetime(lock) {} }
    guard var task = read(id), body(&task) else { return }
    FilePaths.writeLightly(task.document.canonicalBytes(), to: path(of: id))
  }

  private func path(of id: UpkeepTask.ID) -> String { "\(folder)/\(id.kind.rawValue)-\(id.region).json" }
}

/// Held while a file of the queue is read and written again: for moments only, so it is simply waited for.
private final class QueueLock {
  private let descriptor: Int32

  init(_ path: String) {
    descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
    if descriptor >= 0 { while flock(descriptor, LOCK_EX) != 0, errno == EINTR {} }
  }

  deinit { if descriptor >= 0 { close(descriptor) } }
}

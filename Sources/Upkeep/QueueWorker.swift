import LiveAccount
import RegionRepository

/// Does what the queue of a region holds, one worker a region.
///
/// A worker that finds another one at work ends at once: the other one looks again after it has let go, so no wish is left
/// behind. A kill at any instant leaves the wishes where they are; the next push, `watch` or `mirror` fulfils them.
package struct QueueWorker {
  private let place: String
  private let calls: UpkeepCalls
  private let retried: Set<UpkeepTask.Kind>

  /// - Parameters:
  ///   - place: the region's repository.
  ///   - retried: the kinds of task of which those that failed before are tried again; what nobody has tried it always does.
  package init(
    place: String, calls: UpkeepCalls, retrying retried: Set<UpkeepTask.Kind> = Set(UpkeepTask.Kind.allCases)
  ) {
    self.place = place
    self.calls = calls
    self.retried = retried
  }

  /// Works until the queue holds nothing that was not tried.
  /// - Throws: `RegionError`, `GitError` where the region cannot be read.
  package func run() async throws {
    var tried: [UpkeepTask.ID: Int64] = [:]
    while true {
      let region = try RegionRepository.open(at: place)
      let queue = try UpkeepQueue(of: region)
      do {
        let path = try region.stateFolder() + "/worker.lock"
        guard let lock = try? RegionLock(path: path, region: region.name, purpose: "lockstep hook work")
        else {
          return
        }
        defer { withExtendedLifetime(lock) {} }
        while case let tasks = due(queue, tried), !tasks.isEmpty {
          for task in tasks { tried[task.id] = task.wanted }
          try await QueuePass(region: region, queue: queue, tasks: tasks, calls: calls).run()
          try calls.cancellation.check()
        }
      }
      guard !due(queue, tried).isEmpty else { return }
    }
  }

  /// The tasks that are left to do and of which a newer wish is there than those that were tried.
  private func due(_ queue: UpkeepQueue, _ tried: [UpkeepTask.ID: Int64]) -> [UpkeepTask] {
    queue.open().filter { task in
      task.wanted > tried[task.id] ?? 0 && (task.wanted > task.tried || retried.contains(task.id.kind))
    }
  }
}

import LiveAccount
import RegionRepository

/// Does what the queue of a region holds, one worker a region.
///
/// A worker that finds another one at work ends at once: the other one looks again after it has let go, so no wish is left
/// behind. A kill at any instant leaves the wishes where they are; the next push, `watch` or `mirror` fulfils them.
package struct QueueWorker {
  private let place: String
  private let calls: UpkeepCalls

  /// - Parameter place: the region's repository.
  package init(place: String, calls: UpkeepCalls) {
    self.place = place
    self.calls = calls
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
        while case let tasks = queue.open(except: tried), !tasks.isEmpty {
          for task in tasks { tried[task.id] = task.wanted }
          try await QueuePass(region: region, queue: queue, tasks: tasks, calls: calls).run()
          try calls.cancellation.check()
        }
      }
      guard !queue.open(except: tried).isEmpty else { return }
    }
  }
}

extension UpkeepQueue {
  /// The tasks that are left to do and of which a newer wish is there than those.
  fileprivate func open(except tried: [UpkeepTask.ID: Int64]) -> [UpkeepTask] {
    open().filter { $0.wanted > tried[$0.id] ?? 0 }
  }
}

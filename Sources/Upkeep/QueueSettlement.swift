package import RegionRepository

/// Takes out of a queue what somebody else has done meanwhile: `lockstep mirror`, `watch`, `lockstep apply`.
///
/// Made before the work begins: what is wanted after that stays.
package struct QueueSettlement {
  private let queue: UpkeepQueue
  private let tasks: [UpkeepTask]

  /// - Throws: `RegionError` where the folder for Lockstep's own files cannot be made.
  package init(of region: RegionRepository) throws(RegionError) {
    queue = try UpkeepQueue(of: region)
    tasks = queue.open()
  }

  /// Settles the mirrors that an exchange has made, or tried.
  package func settle(_ progress: ExchangeProgress) {
    for task in tasks where task.id.kind == .mirror {
      if let words = progress.failure(of: task.id.region) {
        queue.fail(task.id, at: task.wanted, words, time: UTCText.now)
      } else if progress.has(task.id.region) {
        queue.finish(task.id, upTo: task.wanted, result: progress.summary(of: task.id.region))
      }
    }
  }

  /// Settles one task that is done.
  package func settle(_ id: UpkeepTask.ID, result: String) {
    for task in tasks where task.id == id { queue.finish(id, upTo: task.wanted, result: result) }
  }
}

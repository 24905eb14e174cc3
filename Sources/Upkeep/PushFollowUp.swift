import Failover
package import RegionRepository

/// What a push sets off: wishes in the queue, and what the person who pushed is told.
package struct PushFollowUp {
  /// What was wanted, with the number of each wish.
  package let wishes: [UpkeepTask.ID: Int64]
  /// Lines for the person that need no waiting.
  package let remarks: [String]
  private let queue: UpkeepQueue
  private let shellPlace: String
  private let patience: Duration

  /// Puts everything that follows from a push into the queue; it is on disk when this returns.
  ///
  /// Mirrors to the regions on this machine; a word to those on others, where the configuration has a command for it; and
  /// applies where the fleet, or the machine's own configuration, says so.
  /// - Throws: `RegionError`, `GitError`.
  package init(_ region: RegionRepository) throws {
    let settings = try UpkeepSettings(of: region.git)
    queue = try UpkeepQueue(of: region)
    shellPlace = region.shellPlace
    patience = settings.pushWait
    var ids: [UpkeepTask.ID] = []
    var remarks: [String] = []
    let fleet = try region.fleet()
    if settings.applies(region.name, in: fleet) { ids.append(UpkeepTask.ID(.apply, region.name)) }
    if fleet != nil {
      let peers = try FleetPeers(of: region)
      for other in peers.others {
        if peers.isRemote(other) {
          if settings.notifications[other] != nil {
            ids.append(UpkeepTask.ID(.notify, other))
          } else {
            remarks.append(
              "region \(other) is on another machine and fetches by itself: lockstep watch there")
          }
          continue
        }
        ids.append(UpkeepTask.ID(.mirror, other))
        if Self.applies(other, peers) { ids.append(UpkeepTask.ID(.apply, other)) }
      }
    }
    self.remarks = remarks
    wishes = ids.isEmpty ? [:] : try queue.want(ids, at: UTCText.now)
  }

  /// Whether another region's account follows; one that cannot be asked now is asked again when it is to be applied.
  private static func applies(_ other: RegionName, _ peers: FleetPeers) -> Bool {
    guard let place = try? peers.place(of: other), let region = try? RegionRepository.open(at: place),
      region.name == other, let settings = try? UpkeepSettings(of: region.git)
    else { return peers.fleet.appliesAfterMirror(other) }
    return settings.applies(other, in: peers.fleet)
  }

  /// Says how each wish went as it is fulfilled, for as long as a push may be held.
  package func tell(_ say: (String) -> Void) {
    let deadline = ContinuousClock.now.advanced(by: patience)
    var waiting = wishes
    while !waiting.isEmpty {
      for id in waiting.keys.sorted() {
        guard let number = waiting[id], let task = queue.read(id) else { continue }
        // Why a region was not mirrored says why it is not applied.
        if id.kind == .apply, waiting[UpkeepTask.ID(.mirror, id.region)] != nil { continue }
        if task.done >= number {
          say(task.result ?? task.summary)
        } else if task.tried >= number, let failure = task.failure {
          say(Self.words(id, failure))
          if let hint = failure.hint { say("hint: \(hint)") }
        } else {
          continue
        }
        waiting[id] = nil
      }
      guard !waiting.isEmpty else { return }
      guard ContinuousClock.now < deadline else { break }
      Pause.microseconds(10_000)
    }
    for id in waiting.keys.sorted() {
      say(
        "\(Self.name(id)) goes on after \(UTCText.seconds(patience)) without this push; how it went is seen there:"
          + " lockstep status -C \(shellPlace)")
    }
  }

  private static func words(_ id: UpkeepTask.ID, _ failure: UpkeepTask.Failure) -> String {
    "\(name(id)) failed: \(failure.message); "
      + (failure.needsPerson
        ? "that needs a person, and is not done by itself"
        : "it is done by the next push, lockstep watch or lockstep mirror")
  }

  private static func name(_ id: UpkeepTask.ID) -> String {
    switch id.kind {
    case .mirror: "mirroring with \(id.region)"
    case .apply: "applying in \(id.region)"
    case .notify: "telling \(id.region) to fetch"
    }
  }
}

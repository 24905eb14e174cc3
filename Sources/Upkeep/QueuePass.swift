import Failover
import Git
import LiveAccount
import MediaResources
import RegionRepository
import Replay

/// One pass through the tasks of a queue.
struct QueuePass {
  private let region: RegionRepository
  private let queue: UpkeepQueue
  private let tasks: [UpkeepTask]
  private let calls: UpkeepCalls
  private let settings: UpkeepSettings
  /// The fleet, or nil where the region is in none.
  private let peers: FleetPeers?

  init(region: RegionRepository, queue: UpkeepQueue, tasks: [UpkeepTask], calls: UpkeepCalls) throws {
    self.region = region
    self.queue = queue
    self.tasks = tasks
    self.calls = calls
    settings = try UpkeepSettings(of: region.git)
    peers = try region.fleet() == nil ? nil : FleetPeers(of: region)
  }

  /// Does what there is to do; what fails stays in the queue with its reason.
  func run() async throws {
    dropStrangers()
    let failed = try mirror()
    for task in due(.notify) { notify(task) }
    for task in due(.apply) { await apply(task, behind: failed[task.id.region]) }
  }

  private var known: Set<RegionName> { Set([region.name] + (peers?.others ?? [])) }

  private func due(_ kind: UpkeepTask.Kind) -> [UpkeepTask] {
    let due = tasks.filter { $0.id.kind == kind && known.contains($0.id.region) }
    // The own account first: the others copy content from it.
    return due.filter { $0.id.region == region.name } + due.filter { $0.id.region != region.name }
  }

  /// Regions that have left the fleet, or that nobody knows how to reach any more, are not this one's matter.
  private func dropStrangers() {
    for task in tasks where !known.contains(task.id.region) {
      queue.finish(
        task.id, upTo: task.wanted, result: "region \(task.id.region) is no peer of this one any more")
    }
  }

  // MARK: Mirroring

  /// How often a region has its turn in which new commits keep coming.
  private static let turns = 3

  /// - Returns: why regions' repositories could not be brought into step.
  private func mirror() throws -> [RegionName: UpkeepCalls.Words] {
    guard let peers else { return [:] }
    var open = Dictionary(due(.mirror).map { ($0.id.region, $0) }) { $1 }
    guard !open.isEmpty else { return [:] }
    var progress = ExchangeProgress(of: region)
    let last = lastTargets(peers)
    let exchange = Exchange(peers) { try calls.mirror(from: $0, to: $1, settings: settings) }
    // A push into a region whose turn it is may come between its replay onto the primary and the primary's onto it.
    var turns = Self.turns
    while true {
      turns -= 1
      try exchange.run(Set(open.keys), fetching: false) { result in
        // Whoever ends the worker leaves the rest to the next one.
        try calls.cancellation.check()
        progress.note(result, explain: calls.explain)
        let peer = result.step.region
        guard last[peer] == result.step.to, turns == 0 || !progress.isWaiting(peer),
          let task = open.removeValue(forKey: peer)
        else { return }
        settle(task, progress)
      }
      let waiting = open.keys.filter(progress.isWaiting)
      guard turns > 0, !waiting.isEmpty else { break }
      for peer in waiting { progress.turnAgain(peer) }
    }
    for task in open.values { settle(task, progress) }
    return progress.failures
  }

  /// For each region the target of its last replay.
  private func lastTargets(_ peers: FleetPeers) -> [RegionName: RegionName] {
    let (first, second) = peers.steps(fetching: false)
    return Dictionary((first + second).map { ($0.region, $0.to) }) { $1 }
  }

  private func settle(_ task: UpkeepTask, _ progress: ExchangeProgress) {
    if let words = progress.failure(of: task.id.region) {
      queue.fail(task.id, at: task.wanted, words, time: UTCText.now)
    } else {
      queue.finish(task.id, upTo: task.wanted, result: progress.summary(of: task.id.region))
    }
  }

  // MARK: The rest

  private func notify(_ task: UpkeepTask) {
    let name = task.id.region
    guard let command = settings.notifications[name] else {
      return queue.finish(task.id, upTo: task.wanted, result: "region \(name) fetches by itself")
    }
    let clock = ContinuousClock()
    let start = clock.now
    let cancellation = calls.cancellation
    do throws(UpkeepError) {
      try PeerNotification.send(command, to: name, from: region.name, patience: settings.peerWait) {
        cancellation.isCancelled
      }
      let time = UTCText.seconds(clock.now - start)
      queue.finish(task.id, upTo: task.wanted, result: "told region \(name) to fetch in \(time)")
    } catch {
      queue.fail(
        task.id, at: task.wanted, UpkeepCalls.Words(message: error.message, hint: error.hint),
        time: UTCText.now)
    }
  }

  /// - Parameter behind: why the region has not got the commits that are to be applied.
  private func apply(_ task: UpkeepTask, behind: UpkeepCalls.Words?) async {
    let name = task.id.region
    let clock = ContinuousClock()
    let start = clock.now
    if let behind {
      let words = UpkeepCalls.Words(
        message: "region \(name) has not got the commits that are to be applied", hint: nil,
        needsPerson: behind.needsPerson)
      return queue.fail(task.id, at: task.wanted, words, time: UTCText.now)
    }
    do {
      let place = try peers?.place(of: name) ?? region.place
      // The machine that has the region has the last word, and may not have been there to be asked at the push.
      guard try UpkeepSettings(of: RegionRepository.open(at: place).git).applies(name, in: peers?.fleet)
      else {
        return queue.finish(task.id, upTo: task.wanted, result: "region \(name) is applied by hand")
      }
      let applied = try await calls.retrying(for: settings.lockWait) {
        try await calls.apply(place) { _ in }
      }
      if let problem = applied.problems.first {
        return queue.fail(
          task.id, at: task.wanted,
          UpkeepCalls.Words(message: problem, hint: "lockstep apply -C \(ShellWord.quoted(place))"),
          time: UTCText.now, isBeyondApply: true)
      }
      if let held = applied.heldBack.first(where: { $0.hint != nil }) ?? applied.heldBack.first {
        return queue.fail(task.id, at: task.wanted, held, time: UTCText.now, isBeyondApply: true)
      }
      let steps = Count.text(applied.steps, "step")
      queue.finish(
        task.id, upTo: task.wanted,
        result: applied.steps == 0
          ? "the account of region \(name) holds everything already"
          : "applied \(steps) in region \(name) in \(UTCText.seconds(clock.now - start))")
    } catch {
      let words = calls.explain(error)
      queue.fail(task.id, at: task.wanted, words, time: UTCText.now)
    }
  }
}

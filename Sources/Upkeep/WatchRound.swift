import CanonicalJSON
import Failover
import Git
import LiveAccount
import Logging
import RegionRepository
import Replay

/// The rounds of a watch, with what they remember of the ones before.
struct WatchRound {
  private let name: RegionName
  private let place: String
  private let options: Watch.Options
  private let calls: UpkeepCalls
  private let logger: Logger
  private let emit: @Sendable (WatchEvent) -> Void
  private var patience: Patience
  /// The commit of which peers on other machines were told last.
  private var announced: ObjectID?
  /// The head that an apply began to bring to the account, and did not.
  private var begun: ObjectID?
  /// The region whose task in the queue failed last.
  private var stuck: RegionName?
  /// What the region was in its fleet when that was last told.
  private var standing: Standing?

  init(
    region: RegionName, place: String, options: Watch.Options, calls: UpkeepCalls, logger: Logger,
    emit: @escaping @Sendable (WatchEvent) -> Void
  ) {
    name = region
    self.place = place
    self.options = options
    self.calls = calls
    self.logger = logger
    self.emit = emit
    patience = Patience(interval: options.interval)
  }

  /// The files that change when a branch moves, here or in a peer on this machine.
  func files() -> [String] {
    guard let region = try? RegionRepository.open(at: place) else { return [] }
    let peers = try? FleetPeers(of: region)
    let others = (peers?.others ?? []).compactMap { other -> RegionRepository? in
      guard let place = try? peers?.place(of: other), FilePaths.exists(place) else { return nil }
      return try? RegionRepository.open(at: place)
    }
    return ([region] + others).flatMap(RefStamps.files)
  }

  /// - Parameters:
  ///   - isWhole: whether the account is captured and peers on other machines are fetched from.
  ///   - isMoved: whether a branch has moved, so that what failed is worth another try.
  mutating func run(isWhole: Bool, isMoved: Bool) async {
    do {
      let region = try RegionRepository.open(at: place)
      let settings = try UpkeepSettings(of: region.git)
      let settlement = try QueueSettlement(of: region)
      try tellStanding(of: region, asking: isWhole ? .everywhere : .thisMachine)
      if options.captures, isWhole, isDue("capture", isMoved) { await capture(settings) }
      guard !calls.cancellation.isCancelled else { return }
      if let fleet = try region.fleet(), !fleet.regions.isEmpty {
        try exchange(region, settings, settlement, fetching: isWhole, isMoved: isMoved)
        announce(region, try FleetPeers(of: region), settings, isMoved: isMoved)
      }
      guard !calls.cancellation.isCancelled else { return }
      if options.applies, isDue("apply", isMoved) {
        if await apply(region, settings) {
          settlement.settle(UpkeepTask.ID(.apply, region.name), result: "applied by lockstep watch")
        }
      }
      guard !calls.cancellation.isCancelled else { return }
      if isWhole, isDue("queue", isMoved) { try await workOff(UpkeepQueue(of: region)) }
      succeeded("round")
    } catch {
      failed("round", error)
    }
  }

  private func isDue(_ subject: String, _ isMoved: Bool) -> Bool { isMoved || patience.isDue(subject) }

  // MARK: The steps

  /// Tells when the region is primary no more, or again, or cannot know.
  private mutating func tellStanding(of region: RegionRepository, asking reach: Fence.Reach) throws {
    let fence = try Fence(of: region)
    let now = try fence.standing(asking: reach)
    let isKnown = standing.map { $0.name == now.name } ?? !(now.isFenced || now.name == "unfenced")
    // A round that asks fewer peers says nothing of those that did not answer.
    if reach == .thisMachine, !now.isFenced, case .unfenced? = standing { return }
    standing = now
    guard !isKnown else { return }
    let refusal = try fence.refusal(of: "every change", now)
    if let refusal { logger.warning("\(refusal.message)") }
    emit(
      WatchEvent(
        "standing",
        [
          ("error", refusal.map { .string($0.message) } ?? .null),
          ("hint", refusal?.hint.map { .string($0) } ?? .null),
          ("region", .string(region.name.text)), ("standing", .string(now.name)),
        ]))
  }

  private mutating func capture(_ settings: UpkeepSettings) async {
    let clock = ContinuousClock()
    let start = clock.now
    do {
      let report = try await calls.retrying(for: settings.lockWait) { try await calls.capture(place) }
      succeeded("capture")
      guard let commit = report.commit else { return }
      emit(
        WatchEvent(
          report.isAside ? "kept-aside" : "captured",
          [
            ("changes", .number(.int64(Int64(report.changes.count)))), ("commit", .string(commit.hex)),
            ("region", .string(report.region.text)),
          ], duration: clock.now - start))
    } catch { failed("capture", error) }
  }

  private mutating func exchange(
    _ region: RegionRepository, _ settings: UpkeepSettings, _ settlement: QueueSettlement, fetching: Bool,
    isMoved: Bool
  ) throws {
    let peers = try FleetPeers(of: region)
    let due = Set(peers.others.filter { isDue("mirror \($0)", isMoved) })
    let calls = calls
    let emit = emit
    var progress = ExchangeProgress(of: region)
    let exchange = Exchange(peers) { try calls.mirror(from: $0, to: $1, settings: settings) }
    try exchange.run(due, fetching: fetching) { result in
      // Somebody asked to stop: that is no failure of a peer.
      if case .failure = result.outcome { try calls.cancellation.check() }
      progress.note(result, explain: calls.explain)
      if case .success(let report) = result.outcome, report.outcome.head != nil {
        emit(Self.event(result, report))
      }
    }
    settlement.settle(progress)
    for region in progress.regions.sorted() {
      if let words = progress.failure(of: region) {
        failed("mirror \(region)", words, region: region)
      } else {
        succeeded("mirror \(region)", region: region)
      }
    }
  }

  private static func event(_ result: Exchange.Result, _ report: MirrorReport) -> WatchEvent {
    var name = "mirrored"
    if case .joined = report.outcome { name = "joined" }
    return WatchEvent(
      name,
      [
        ("commits", .number(.int64(Int64(report.images.count)))), ("from", .string(report.source.text)),
        ("head", .string(report.newHead.hex)), ("to", .string(report.target.text)),
      ], duration: result.duration)
  }

  /// Tells peers on other machines of a new commit.
  private mutating func announce(
    _ region: RegionRepository, _ peers: FleetPeers, _ settings: UpkeepSettings, isMoved: Bool
  ) {
    guard let head = try? region.head(), head != announced else { return }
    var isComplete = true
    for other in peers.others where peers.isRemote(other) {
      guard let command = settings.notifications[other] else { continue }
      guard isDue("notify \(other)", isMoved) else {
        isComplete = false
        continue
      }
      let clock = ContinuousClock()
      let start = clock.now
      let cancellation = calls.cancellation
      do throws(UpkeepError) {
        try PeerNotification.send(command, to: other, from: region.name, patience: settings.peerWait) {
          cancellation.isCancelled
        }
        succeeded("notify \(other)", region: other)
        emit(
          WatchEvent(
            "notified", [("head", .string(head.hex)), ("region", .string(other.text))],
            duration: clock.now - start))
      } catch {
        isComplete = false
        failed("notify \(other)", calls.explain(error), region: other)
      }
    }
    if isComplete { announced = head }
  }

  private mutating func apply(_ region: RegionRepository, _ settings: UpkeepSettings) async -> Bool {
    let clock = ContinuousClock()
    let start = clock.now
    do {
      let emit = emit
      let (name, head) = (self.name, try region.head())
      // Another try of the same is no news.
      let isNews = head != begun
      begun = head
      let applied = try await calls.retrying(for: settings.lockWait) {
        try await calls.apply(place) { steps in
          guard isNews else { return }
          emit(
            WatchEvent(
              "applying", [("region", .string(name.text)), ("steps", .number(.int64(Int64(steps))))]))
        }
      }
      if applied.steps > 0 {
        emit(
          WatchEvent(
            "applied",
            [
              ("commit", .string(applied.commit)), ("region", .string(name.text)),
              ("steps", .number(.int64(Int64(applied.steps)))),
            ],
            duration: clock.now - start))
      }
      if let problem = applied.problems.first {
        throw UpkeepError(.waiting, problem, hint: "lockstep apply -C \(ShellWord.quoted(place))")
      }
      if let held = applied.heldBack.first(where: { $0.hint != nil }) ?? applied.heldBack.first {
        throw UpkeepError(.waiting, held.message, hint: held.hint)
      }
      begun = nil
      succeeded("apply")
      return true
    } catch {
      failed("apply", error)
      return false
    }
  }

  /// Does what pushes left to be done beside mirroring.
  private mutating func workOff(_ queue: UpkeepQueue) async throws {
    func open() -> [UpkeepTask] { queue.open().filter { $0.id.kind != .mirror } }
    if !open().isEmpty {
      try await QueueWorker(place: place, calls: calls, retrying: [.apply, .notify]).run()
    }
    let failures = open().filter { $0.failure != nil }
    guard let first = failures.first else { return succeeded("queue", region: stuck) }
    stuck = first.id.region
    let message = first.failure?.message ?? first.summary
    failed(
      "queue", UpkeepCalls.Words(message: message, hint: first.failure?.hint),
      region: first.id.region)
  }

  // MARK: What went wrong

  /// What fails at the moment, a line each.
  var failures: [String] { patience.open }

  private mutating func failed(_ subject: String, _ error: any Error) {
    guard !calls.cancellation.isCancelled else { return }
    failed(subject, calls.explain(error), region: name)
  }

  private mutating func failed(_ subject: String, _ words: UpkeepCalls.Words, region: RegionName) {
    guard !calls.cancellation.isCancelled else { return }
    let (attempts, isNews) = patience.failed(subject, words.message)
    guard isNews else {
      logger.debug("\(subject): \(words.message) (\(attempts) times)")
      return
    }
    logger.warning("\(subject): \(words.message)")
    emit(
      WatchEvent(
        "failed",
        [
          ("error", .string(words.message)), ("hint", words.hint.map { .string($0) } ?? .null),
          ("region", .string(region.text)), ("what", .string(String(subject.prefix { $0 != " " }))),
        ]))
  }

  private mutating func succeeded(_ subject: String, region: RegionName? = nil) {
    guard patience.succeeded(subject) else { return }
    logger.notice("\(subject): works again")
    emit(
      WatchEvent(
        "recovered",
        [
          ("region", .string((region ?? name).text)),
          ("what", .string(String(subject.prefix { $0 != " " }))),
        ]))
  }
}

package import Failover
package import RegionRepository
package import Replay

/// Brings the regions of a fleet into step: what everything that mirrors by itself does.
///
/// Each standby is replayed onto the primary, which joins what both have, then the primary onto each standby. Where
/// nothing is new a replay costs one look at two refs.
package struct Exchange {
  /// How one replay went.
  package struct Result {
    /// The replay.
    package let step: FleetPeers.Step
    /// What it did, or why it could not.
    package let outcome: Swift.Result<MirrorReport, any Error>
    /// How long it took.
    package let duration: Duration
  }

  /// Replays one place's commits onto another's.
  package typealias MirrorCall = (_ from: String, _ to: String) throws -> MirrorReport

  private let peers: FleetPeers
  private let mirror: MirrorCall

  package init(_ peers: FleetPeers, mirror: @escaping MirrorCall) {
    self.peers = peers
    self.mirror = mirror
  }

  /// Runs the replays; one that fails keeps no other one back.
  /// - Parameters:
  ///   - regions: those whose turn it is, or nil for all; the rest follow where the primary gets something new.
  ///   - fetching: whether regions on other machines are fetched from.
  ///   - isOneWay: whether only the primary is replayed onto the others.
  ///   - each: called after each replay; what it throws ends the exchange.
  package func run(
    _ regions: Set<RegionName>? = nil, fetching: Bool, isOneWay: Bool = false, each: (Result) throws -> Void
  ) throws {
    let (toPrimary, fromPrimary) = peers.steps(fetching: fetching)
    var wanted = regions
    for step in isOneWay ? [] : toPrimary where wanted?.contains(step.region) ?? true {
      let result = run(step)
      if (try? result.outcome.get())?.outcome.head != nil { wanted = nil }
      try each(result)
    }
    for step in fromPrimary where wanted?.contains(step.region) ?? true { try each(run(step)) }
  }

  private func run(_ step: FleetPeers.Step) -> Result {
    let clock = ContinuousClock()
    let start = clock.now
    let outcome = Swift.Result { try mirror(peers.reached(step.from), peers.reached(step.to)) }
    return Result(step: step, outcome: outcome, duration: clock.now - start)
  }
}

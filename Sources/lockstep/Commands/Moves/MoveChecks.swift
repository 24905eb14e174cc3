import CommitGuard
import Failover
import RegionRepository
import Traffic

/// What a move to a region needs beside the region itself: the right to commit it, and what carries the traffic.
///
/// Found out before anything happens, by `lockstep ready` as well.
struct MoveChecks {
  /// The region that takes over.
  let target: RegionRepository
  /// The fleet as it will have it by then.
  let fleet: Fleet

  func all() async -> [ReadinessCheck] {
    [await signing(), await traffic()].compactMap(\.self)
  }

  /// Whether git signs the commit that makes the region primary; nil where no signature is needed.
  func signing() async -> ReadinessCheck? {
    await check("signing") {
      let isNeeded = try await ScratchFolder.with {
        try AdministratorCommit.tryOut(in: target, scratch: "\($0)/\(target.name).git")
      }
      return isNeeded ? .ready("signing", "git signs here with the key of an administrator") : nil
    }
  }

  /// Whether what carries the traffic lets players come to the region; nil where the fleet describes no traffic.
  func traffic() async -> ReadinessCheck? {
    await check("traffic") {
      guard let traffic = try Mover.traffic(of: fleet, for: target) else { return nil }
      let plan = try await traffic.plan(
        TrafficWish(active: target.name, exceptions: [fleet.primary: .off]), leavingOutUnreachable: true)
      try traffic.checkKeeping(of: plan)
      guard plan.unhealthy.isEmpty else {
        return .notReady(
          "traffic", "players would not come to \(target.name)", plan.unhealthy,
          hint: "see what is wrong there: lockstep drill \(target.name) -C \(target.shellPlace)")
      }
      let left = plan.unreachable.isEmpty ? "" : "; left out: \(plan.unreachable.joined(separator: "; "))"
      return .ready("traffic", "\(traffic.provider.name) can let players come to \(target.name)\(left)")
    }
  }

  /// What cannot be found out speaks against the move.
  private func check(
    _ name: String, _ body: () async throws -> ReadinessCheck?
  ) async -> ReadinessCheck? {
    do { return try await body() } catch {
      let failure = Failure(error)
      return .notReady(name, failure.message, hint: failure.hint)
    }
  }
}

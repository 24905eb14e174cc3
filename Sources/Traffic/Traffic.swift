package import RegionRepository

/// The traffic in front of a fleet's regions: where it goes, and its moves.
///
///     let traffic = try Traffic(of: fleet, by: provider)
///     let plan = try await traffic.plan(TrafficWish(active: west, exceptions: [east: .off]))
///     try await traffic.move(plan) { records in … }
///
/// Origin and key delivery move together or not at all: where the second cannot be moved the first is moved back. Every
/// call may be made again; a plan for what is so already has no steps.
package struct Traffic: Sendable {
  /// The fleet.
  package let fleet: Fleet
  /// What carries its traffic.
  package let provider: any TrafficProvider
  let switches: [any TrafficSwitch]

  /// - Throws: `TrafficError` (`.badConfiguration`) where fleet and provider do not fit.
  package init(of fleet: Fleet, by provider: any TrafficProvider) throws(TrafficError) {
    self.fleet = fleet
    self.provider = provider
    switches = try provider.switches(for: fleet)
  }

  /// Where one switch lets traffic go.
  package struct Standing: Sendable {
    /// The service.
    package let service: Fleet.Service
    /// What switches it.
    package let place: String
    /// What each region is.
    package let regions: [RegionName: RegionTraffic]
    /// Why it could not be asked, or nil.
    package let problem: String?

    /// The region that players come to now: the active one, or a backup where that is down; nil where nobody serves.
    package var serving: RegionName? {
      let sorted = regions.sorted { $0.key < $1.key }
      return sorted.first { $0.value.role == .active && $0.value.health != .down }?.key
        ?? sorted.first { $0.value.role == .backup && $0.value.health != .down }?.key
    }
  }

  /// Where traffic goes now; asks every switch, and says of one that does not answer why not.
  /// - Throws: `TrafficError` where one answers what nobody can work with.
  package func standings() async throws(TrafficError) -> [Standing] {
    var standings: [Standing] = []
    for item in switches {
      var regions: [RegionName: RegionTraffic] = [:]
      var problem: String?
      do throws(TrafficError) { regions = try await item.read() } catch {
        guard error.code == .unreachable else { throw error }
        problem = error.message
      }
      standings.append(
        Standing(service: item.service, place: item.place, regions: regions, problem: problem))
    }
    return standings
  }

  /// What a wish would change; changes nothing.
  /// - Parameter leavingOut: whether a switch that does not answer is left out and named, as long as another one switches
  ///   the same service: one of several HAProxys may have gone with the region that was lost.
  /// - Throws: `TrafficError` where a switch does not answer, or has no place for the region (`.refused`).
  package func plan(
    _ wish: TrafficWish, leavingOutUnreachable leavingOut: Bool = false
  ) async throws(TrafficError) -> TrafficPlan {
    var plan = TrafficPlan(wish: wish)
    var answering: Set<Fleet.Service> = []
    for (index, item) in switches.enumerated() {
      let reading: [RegionName: RegionTraffic]
      do throws(TrafficError) { reading = try await item.read() } catch {
        let isLast = !switches[(index + 1)...].contains { $0.service == item.service }
        guard leavingOut, error.code == .unreachable, answering.contains(item.service) || !isLast else {
          throw error
        }
        plan.unreachable.append(error.message)
        continue
      }
      answering.insert(item.service)
      guard let active = reading[wish.active] else {
        throw TrafficError(
          .refused, "\(item.place) has no place for region \(wish.active), so no traffic can go there",
          hint:
            "lockstep fleet set \(wish.active) --\(item.service.argument) URL \(fleet.primaryOption); then:"
            + " lockstep traffic render \(provider.option)")
      }
      let (roles, notes) = item.goal(of: wish, from: reading)
      let changes = roles.sorted { $0.key < $1.key }.compactMap { region, role -> TrafficPlan.Change? in
        guard let before = reading[region], before.role != role else { return nil }
        return TrafficPlan.Change(region: region, from: before.role, to: role)
      }
      if active.health == .down { plan.unhealthy.append("\(item.place): the probes of \(wish.active) fail") }
      plan.notes += notes.map { "\(item.place): \($0)" }
      guard !changes.isEmpty else { continue }
      plan.steps.append(
        TrafficPlan.Step(
          index: index, service: item.service, place: item.place, changes: changes, roles: roles,
          before: reading.mapValues(\.role)))
    }
    return plan
  }

  /// Finds out whether every switch that a plan sets can keep what it is set to; changes nothing.
  /// - Throws: `TrafficError` with what is in the way.
  package func checkKeeping(of plan: TrafficPlan) throws(TrafficError) {
    for step in plan.steps { try switches[step.index].checkKeeping() }
  }

  /// The records that a plan asks somebody to change; empty where the provider changes what it needs itself.
  package func records(of plan: TrafficPlan) -> [RecordChange] {
    provider.isByHand ? RecordChange.changes(of: plan, in: fleet) : []
  }
}

package import RegionRepository

/// What a move of traffic would change.
package struct TrafficPlan: Sendable, Equatable {
  /// A region's change at one switch.
  package struct Change: Sendable, Equatable {
    /// The region.
    package let region: RegionName
    /// What it was when it was asked.
    package let from: TrafficRole
    /// What it shall be.
    package let to: TrafficRole
  }

  /// One switch's part.
  package struct Step: Sendable, Equatable {
    /// Which of the provider's switches.
    let index: Int
    /// The service.
    package let service: Fleet.Service
    /// What switches it.
    package let place: String
    /// What changes, by region.
    package let changes: [Change]
    /// What every region shall be.
    let roles: [RegionName: TrafficRole]
    /// What every region was.
    let before: [RegionName: TrafficRole]
  }

  /// Where traffic shall go.
  package let wish: TrafficWish
  /// What changes, switch by switch, in this order; empty where all is as wished.
  package internal(set) var steps: [Step] = []
  /// Where a switch cannot give what was wished, and why.
  package internal(set) var notes: [String] = []
  /// What is left out because it does not answer, with the reasons; where it lets players go stays as it is.
  package internal(set) var unreachable: [String] = []
  /// The switches whose probes find that the region does not serve.
  package internal(set) var unhealthy: [String] = []

  init(wish: TrafficWish) { self.wish = wish }

  /// Whether all is as wished.
  package var isEmpty: Bool { steps.isEmpty }

  /// The plan in a line.
  package var summary: String {
    let count = steps.reduce(0) { $0 + $1.changes.count }
    return
      "Plan: \(count) to change at \(steps.count) switch\(steps.count == 1 ? "" : "es"), traffic to \(wish.active)."
  }
}

/// What a move did.
package struct TrafficMove: Sendable {
  /// The plan.
  package let plan: TrafficPlan
  /// How long each step took.
  package internal(set) var durations: [Duration] = []
}

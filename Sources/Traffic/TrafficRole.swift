package import RegionRepository

/// What a region is to one service's players.
package enum TrafficRole: String, Sendable, CaseIterable {
  /// Players come to it.
  case active
  /// Players come to it while the active one does not answer its probes.
  case backup
  /// Who is there may end what was begun; nobody new comes.
  case draining
  /// Nobody comes.
  case off

  /// Whether players may come.
  package var isOn: Bool { self == .active || self == .backup }
}

/// What the probes say of a region.
package enum TrafficHealth: String, Sendable {
  case up
  case down
  /// Not probed, or not yet.
  case unknown
}

/// A region as what carries a service's traffic has it now.
package struct RegionTraffic: Sendable, Equatable {
  /// What it is to players.
  package var role: TrafficRole
  /// What its probes say.
  package var health: TrafficHealth
  /// Whether the configuration of what carries traffic makes it a backup that no command can make more of.
  package var isBackupByConfiguration: Bool

  package init(role: TrafficRole, health: TrafficHealth, isBackupByConfiguration: Bool = false) {
    self.role = role
    self.health = health
    self.isBackupByConfiguration = isBackupByConfiguration
  }
}

/// Where traffic shall go.
package struct TrafficWish: Sendable, Equatable {
  /// The region that players shall come to.
  package let active: RegionName
  /// What every other region shall be.
  package let others: TrafficRole
  /// What single regions shall be instead, such as off for one that was lost.
  package let exceptions: [RegionName: TrafficRole]

  package init(
    active: RegionName, others: TrafficRole = .backup, exceptions: [RegionName: TrafficRole] = [:]
  ) {
    self.active = active
    self.others = others
    self.exceptions = exceptions
  }

  /// What a region shall be.
  package func role(of region: RegionName) -> TrafficRole {
    if region == active { return .active }
    let wished = exceptions[region] ?? others
    return wished == .active ? .backup : wished
  }
}

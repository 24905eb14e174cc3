package import RegionRepository

/// A promotion of a region: which one, and with which epoch.
package struct Promotion: Sendable, Equatable {
  /// The region that it makes primary.
  package let primary: RegionName
  /// The epoch that it begins.
  package let epoch: Fleet.Epoch

  package init(primary: RegionName, epoch: Fleet.Epoch) {
    self.primary = primary
    self.epoch = epoch
  }

  init(_ fleet: Fleet) { self.init(primary: fleet.primary, epoch: fleet.epoch) }
}

/// A peer that a primary cannot ask for its epoch.
package struct UnaskedPeer: Sendable, Equatable {
  /// The peer.
  package let region: RegionName
  /// Why not.
  package let reason: String

  package init(region: RegionName, reason: String) {
    self.region = region
    self.reason = reason
  }
}

/// What a region is in its fleet, as far as it and those that it asked know.
package enum Standing: Sendable, Equatable {
  /// It is in no fleet.
  case alone
  /// It is primary, and every peer that was asked knows of no later promotion.
  case primary
  /// It claims to be primary, and some peers could not be asked.
  case unfenced([UnaskedPeer])
  /// Another region is primary, as its own fleet says.
  case standby(of: RegionName)
  /// It claims to be primary, and another region was made that since: it changes nothing until `rejoin`.
  case superseded(by: Promotion)
  /// Another promotion has the number of its own fleet's epoch: neither side changes anything until `rejoin`.
  case contested(with: Promotion)

  /// The name that people and programs see.
  package var name: String {
    switch self {
    case .alone: "alone"
    case .primary: "primary"
    case .unfenced: "unfenced"
    case .standby: "standby"
    case .superseded: "superseded"
    case .contested: "contested"
    }
  }

  /// Whether the region must change nothing until `rejoin`.
  package var isFenced: Bool {
    switch self {
    case .superseded, .contested: true
    default: false
    }
  }
}

package import MediaResources

/// Which side a person chose where two regions changed one resource to different ends.
package struct Preference: Sendable, Equatable {
  /// One of the two regions of a mirror.
  package enum Side: String, Sendable {
    /// The region that is read.
    case source
    /// The region that is written.
    case target
  }

  /// The side for all resources that are not named, or nil to leave those in conflict.
  package var all: Side?
  /// The sides of single resources.
  package var named: [ResourceID: Side]
  /// The side whose edits of the fleet's document count, beside primary and epoch.
  package var fleet: Side?

  package init(all: Side? = nil, named: [ResourceID: Side] = [:], fleet: Side? = nil) {
    self.all = all
    self.named = named
    self.fleet = fleet
  }

  /// No choice.
  package static let none = Preference()

  /// The side that was chosen for a resource, or nil.
  func side(of id: ResourceID?) -> Side? { id.flatMap { named[$0] } ?? all }
}

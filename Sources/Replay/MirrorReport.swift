package import Git
package import MediaResources
package import RegionRepository

/// What a mirror did.
package struct MirrorReport: Sendable {
  /// What became of the target's branch.
  package enum Outcome: Sendable, Equatable {
    /// It had everything.
    case current
    /// It moved on to the newest image.
    case forwarded(ObjectID)
    /// Both regions had changes, which this merge commit joins.
    case joined(ObjectID)
    /// Both regions have changes, and joins are made in the primary: nothing was written.
    case waiting(primary: RegionName)

    /// Where the branch moved, or nil.
    package var head: ObjectID? {
      switch self {
      case .current, .waiting: nil
      case .forwarded(let id), .joined(let id): id
      }
    }
  }

  /// The region that was read.
  package let source: RegionName
  /// The region that was written.
  package let target: RegionName
  /// Where both are, as `lockstep mirror` takes them.
  package let places: (source: String, target: String)
  /// The source's newest commit.
  package let sourceCommit: ObjectID
  /// The target's head before.
  package let oldHead: ObjectID
  /// What became of the target's branch (or what would, on a dry run).
  package let outcome: Outcome
  /// The images in the order in which they were made, with the commit that each replays.
  package let images: [(source: ObjectID, image: ObjectID)]
  /// How many objects were brought over.
  package let objectsCopied: Int
  /// The resources for which a person's choice counted.
  package let preferencesUsed: Set<ResourceID>
  /// Whether something came of the choice for the fleet's document.
  package let isFleetChosen: Bool
  /// The `mirrored/` tree that the target has now, or nil where it is empty.
  package let mirroredTree: ObjectID?

  /// What `--prefer` named and something came of.
  package var choicesUsed: Set<String> {
    Set(preferencesUsed.map(\.description)).union(isFleetChosen ? [JoinConflict.fleetName] : [])
  }

  /// The target's head after.
  package var newHead: ObjectID { outcome.head ?? oldHead }
}

package import Git
package import RegionRepository

/// What a mirror did.
package struct MirrorReport: Sendable {
  /// The region that was read.
  package let source: RegionName
  /// The region that was written.
  package let target: RegionName
  /// The source's newest commit.
  package let sourceCommit: ObjectID
  /// The target's head before.
  package let oldHead: ObjectID?
  /// The target's head after (or what it would be, on a dry run).
  package let newHead: ObjectID?
  /// The images in the order in which they were made, with the commit that each replays.
  package let images: [(source: ObjectID, image: ObjectID)]
  /// How many objects were brought over.
  package let objectsCopied: Int
  /// The `mirrored/` tree that both regions now have, or nil where it is empty.
  package let mirroredTree: ObjectID?
}

package import Git
package import MediaResources
import RegionRepository

/// Revert commits that are ready in a pack, and what they change.
package struct PreparedRollback {
  /// A commit that is taken back, or gone back to, and the one that does it.
  package struct Revert: Sendable {
    /// The commit that is taken back.
    package let of: ObjectID
    /// The commit that takes it back.
    package let `as`: ObjectID
  }

  /// A resource that changes.
  package struct Edit: Sendable {
    /// The file under `mirrored/`.
    package let path: String
    /// What it is, and what it will be; nil where it is not there.
    package let old: Resource?
    package let new: Resource?
  }

  private let region: RegionRepository
  private let pack: PackWriter
  /// The head that is to be moved.
  package let oldHead: ObjectID
  /// The newest of the revert commits.
  package let newHead: ObjectID
  /// The commits, in the order in which they are made.
  package let reverts: [Revert]
  /// What changes altogether, by path.
  package let edits: [Edit]

  init(
    region: RegionRepository, pack: PackWriter, oldHead: ObjectID, newHead: ObjectID, reverts: [Revert],
    edits: [Edit]
  ) {
    self.region = region
    self.pack = pack
    self.oldHead = oldHead
    self.newHead = newHead
    self.reverts = reverts
    self.edits = edits
  }

  /// Moves the branch, and brings the working tree along.
  package func finish() throws {
    let count = reverts.count
    try region.finish(
      RegionRepository.HeadMove(
        old: oldHead, new: newHead, log: "lockstep rollback: \(Count.text(count, "commit"))"),
      pack: pack)
  }

  /// Throws away what was made.
  package func abandon() { pack.abandon() }
}

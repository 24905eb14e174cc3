import Git
import MediaResources
import Planning
import RegionRepository
import Sealing

/// What of identity an account has changed since it was last known: locator ids, content keys, policy secrets.
///
/// A capture says so in its commit, by the trailer that lets the change go on to other regions; there it meets the guard
/// of their apply, which asks a person.
struct CapturedIdentity {
  /// The changes, in path order.
  let changes: [IdentityChange]

  /// Compares what was observed with the tree of a commit; costs the changed locators and content key policies.
  init(_ observation: Observation, against tree: ObjectID?, in git: Repository, keyring: Keyring) throws {
    let kinds: [ResourceKind] = [.streamingLocator, .contentKeyPolicy]
    changes = try observation.changes.flatMap { change -> [IdentityChange] in
      guard change.wasThere, kinds.contains(change.id.kind), let bytes = change.bytes,
        let old = try git.resource(change.id, inRoot: tree)
      else { return [] }
      let new = try ResourceDocument.resource(bytes: bytes, place: change.path)
      // What was only sealed anew is the same secret.
      return try Identity.changes(from: keyring.open(old), to: keyring.open(new))
    }
  }

  /// The lines that a commit's message ends with.
  var trailers: String {
    var seen: Set<ResourceID> = []
    let resources = changes.map(\.resource).filter { seen.insert($0).inserted }
    return resources.isEmpty
      ? "" : "\n" + resources.map { "\(IdentityChange.allowingTrailer): \($0)\n" }.joined()
  }
}

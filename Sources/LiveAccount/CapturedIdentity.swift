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

  private static let kinds: [ResourceKind] = [.streamingLocator, .contentKeyPolicy]
  /// So many commits back a resource that comes anew is looked for: what was taken out before went to the other regions
  /// long ago.
  private static let searchedCommits = 256

  /// Compares what was observed with the commit that the account was last known to match; what was not there is compared
  /// with what it was before it was taken out.
  ///
  /// Costs the changed locators and content key policies, and for new ones the last commits.
  init(_ observation: Observation, against base: ObjectID, in git: Repository, keyring: Keyring) throws {
    let changed = observation.changes.filter { $0.bytes != nil && Self.kinds.contains($0.id.kind) }
    let mirrored = try git.regionTree(of: base).mirrored
    let new = changed.filter { !$0.wasThere }
    let gone = try git.lastForms(
      of: Set(new.map { ResourcePath.path(of: $0.id) }), before: base, limit: Self.searchedCommits)
    changes = try changed.flatMap { change -> [IdentityChange] in
      guard let bytes = change.bytes else { return [] }
      let new = try keyring.open(ResourceDocument.resource(bytes: bytes, place: change.path))
      let olds =
        change.wasThere
        ? [try git.resource(change.id, in: mirrored)].compactMap(\.self)
        : gone[ResourcePath.path(of: change.id)] ?? []
      var found: [IdentityChange] = []
      for old in olds {
        // What was only sealed anew is the same secret; one that nobody can open here any more may be another.
        let old = change.wasThere ? try keyring.open(old) : (try? keyring.open(old)) ?? old
        for change in Identity.changes(from: old, to: new) where !found.contains(change) {
          found.append(change)
        }
      }
      return found
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

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
  private static let judgedAtOnce = 2_048

  /// Compares what was observed with the commit that the account was last known to match; what was not there is compared
  /// with what it was before it was taken out.
  ///
  /// Costs the changed locators and content key policies, and for new ones the last commits.
  /// - Parameter pack: what the observation was made into.
  init(
    _ observation: Observation, in pack: PackWriter, against base: ObjectID, in git: Repository,
    keyring: Keyring
  ) throws {
    let mirrored = try git.regionTree(of: base).mirrored
    var found: [IdentityChange] = []
    // Some at a time: each search holds the paths of all that it looks for.
    for start in stride(from: 0, to: observation.changes.count, by: Self.judgedAtOnce) {
      let some = observation.changes[start..<min(start + Self.judgedAtOnce, observation.changes.count)]
        .filter { $0.blob != nil && Self.kinds.contains($0.id.kind) }
      let gone = try git.lastForms(
        of: Set(some.filter { !$0.wasThere }.map { ResourcePath.path(of: $0.id) }), before: base,
        limit: Self.searchedCommits)
      for change in some {
        let olds =
          change.wasThere
          ? [try git.resource(change.id, in: mirrored)].compactMap(\.self)
          : gone[ResourcePath.path(of: change.id)] ?? []
        guard !olds.isEmpty, let blob = change.blob else { continue }
        let text = try pack.read(blob).bytes
        let new = try keyring.open(ResourceDocument.resource(bytes: text, place: change.path))
        found += try Self.changes(from: olds, to: new, wasThere: change.wasThere, keyring)
      }
    }
    changes = found
  }

  private static func changes(
    from olds: [Resource], to new: Resource, wasThere: Bool, _ keyring: Keyring
  ) throws -> [IdentityChange] {
    var found: [IdentityChange] = []
    for old in olds {
      // What was only sealed anew is the same secret; one that nobody can open here any more may be another.
      let old = wasThere ? try keyring.open(old) : (try? keyring.open(old)) ?? old
      for change in Identity.changes(from: old, to: new) where !found.contains(change) {
        found.append(change)
      }
    }
    return found
  }

  /// The lines that a commit's message ends with.
  var trailers: String {
    var seen: Set<ResourceID> = []
    let resources = changes.map(\.resource).filter { seen.insert($0).inserted }
    return resources.isEmpty
      ? "" : "\n" + resources.map { "\(IdentityChange.allowingTrailer): \($0)\n" }.joined()
  }
}

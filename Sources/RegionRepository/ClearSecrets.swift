package import Git
import MediaResources
import Sealing

/// The rule that no secret enters a region's repository in clear, judged over new commits.
package enum ClearSecrets {
  /// One secret that stands in clear.
  package struct Finding: Sendable, Equatable {
    /// The commit that brings it.
    package let commit: ObjectID
    /// The file, from the root of the repository.
    package let path: String
    /// Where in the resource it stands.
    package let place: String
  }

  /// The secrets that commits bring in clear; costs what the commits change.
  /// - Throws: `GitError` when an object is missing, `RegionError` where a tree is not a region's.
  package static func findings(in commits: [ObjectID], of source: some ObjectSource) throws -> [Finding] {
    var findings: [Finding] = []
    for id in commits {
      let commit = try RawCommit(bytes: source.read(id).bytes)
      let old = try commit.parents.first.map { try source.regionTree(of: $0).mirrored } ?? nil
      try TreeWalk.changes(from: old, to: source.regionTree(of: id).mirrored, in: source) { change in
        guard let entry = change.new, let kind = ResourcePath.kind(ofPath: change.path),
          SecretPlaces.kinds.contains(kind)
        else { return }
        let resource = try MirroredDocument.resource(bytes: source.read(entry.id).bytes, path: change.path)
        findings += SealedValues.clearPlaces(in: resource).map {
          Finding(commit: id, path: "mirrored/\(change.path)", place: $0)
        }
      }
    }
    return findings
  }
}

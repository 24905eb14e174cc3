import Git
import MediaResources
import RegionRepository

/// Whether what two sound sides make together is sound: references lead somewhere, ids are claimed once.
///
/// What is broken in the merge and not on a side differs from one of them, so only what differs is looked at.
enum MergeSoundness {
  /// Something that the merge breaks.
  struct Problem {
    /// The resources that do not go together; never empty.
    let resources: [ResourceID]
    /// What is wrong.
    let message: String
  }

  /// What a merged `mirrored/` tree breaks that its sides did not; costs what differs from each side.
  static func problems(
    merged: ObjectID?, sides: [ObjectID?], in source: some ObjectSource
  ) throws -> [Problem] {
    var seen: Set<String> = []
    var changed: [Resource] = []
    for side in sides {
      try TreeWalk.changes(from: side, to: merged, in: source) { change in
        guard let entry = change.new, ResourcePath.kind(ofPath: change.path) != nil,
          seen.insert(change.path).inserted,
          let resource = try? MirroredDocument.resource(
            bytes: source.read(entry.id).bytes, path: change.path)
        else { return }
        changed.append(resource)
      }
    }
    return try brokenReferences(of: changed, in: merged, source) + clashes(among: changed)
  }

  private static func brokenReferences(
    of resources: [Resource], in merged: ObjectID?, _ source: some ObjectSource
  ) throws -> [Problem] {
    try resources.flatMap { resource in
      try References.of(resource).compactMap { reference -> Problem? in
        for target in reference.targets
        where try source.entry(ResourcePath.path(of: target), in: merged) != nil { return nil }
        let names = reference.targets.map(\.description).joined(separator: " or ")
        return Problem(
          resources: [resource.id] + reference.targets,
          message: "\(resource.id) needs \(names), which is not there any more")
      }
    }
  }

  private static func clashes(among resources: [Resource]) -> [Problem] {
    var holders: [IdentityClaim: [Resource]] = [:]
    var problems: [Problem] = []
    for resource in resources {
      for claim in Identity.claims(of: resource) {
        for other in holders[claim] ?? [] {
          guard let clash = Identity.clash(other, resource) else { continue }
          problems.append(Problem(resources: [other.id, resource.id], message: clash))
        }
        holders[claim, default: []].append(resource)
      }
    }
    return problems
  }
}

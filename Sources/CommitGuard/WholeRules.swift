import CanonicalJSON
import Git
import MediaResources

/// The rules that resources keep to together: what they refer to is there, and no id belongs to two of them.
final class WholeRules {
  /// So many of the resources that refer to one which is gone are named.
  private static let namedReferrers = 3

  private let reader: CommitReader
  private let index: IndexOverlay?
  private let rules: Set<CommitGuard.Rule>
  private var policies: [ResourceID: (form: Resource, view: StreamingPolicyView)] = [:]

  init(reader: CommitReader, index: IndexOverlay?, rules: Set<CommitGuard.Rule>) {
    self.reader = reader
    self.index = index
    self.rules = rules
  }

  /// Where resources are looked up while a commit is judged.
  struct Place {
    let mirrored: ObjectID?
    /// The files under `mirrored/` that the commit has otherwise than a parent and that are there.
    let there: Set<String>
    let commit: ObjectID
    /// Who among them claims an id.
    fileprivate var holders: [IdentityClaim: [ResourceID]] = [:]

    init(mirrored: ObjectID?, there: Set<String>, commit: ObjectID) {
      self.mirrored = mirrored
      self.there = there
      self.commit = commit
    }

    fileprivate func isJudged(_ id: ResourceID) -> Bool { there.contains(ResourcePath.path(of: id)) }
  }

  /// What is wrong with a resource that a commit has otherwise than a parent, together with the others.
  func judge(_ resource: ChangedResource, in place: inout Place) throws -> [CommitGuard.Finding] {
    var findings: [CommitGuard.Finding] = []
    if let new = resource.new {
      index?.add(new)
      if rules.contains(.reference) {
        findings += try broken(new, in: place).map { finding(.reference, resource, place, $0) }
      }
      if rules.contains(.unique) { findings += try clashes(of: new, resource, in: &place) }
    }
    if resource.isBrought, rules.contains(.reference) {
      findings += try stranded(by: resource, in: place)
    }
    return findings
  }

  /// Something that is wrong with a resource, and what mends it.
  private struct Problem {
    let pointer: String
    let message: String
    let mend: String
    /// The resources with which it does not go together.
    let others: [ResourceID]
  }

  private func finding(
    _ rule: CommitGuard.Rule, _ resource: ChangedResource, _ place: Place, _ problem: Problem
  ) -> CommitGuard.Finding {
    let line = resource.new.map { JSONLines.line(of: problem.pointer, in: .object($0.document)) }
    return CommitGuard.Finding(
      rule, commit: place.commit, path: resource.path, line: line, problem.message, mend: problem.mend,
      resources: [resource.id] + problem.others)
  }

  // MARK: References

  private func broken(_ resource: Resource, in place: Place) throws -> [Problem] {
    var problems: [Problem] = []
    for reference in References.of(resource) {
      guard try !reference.targets.contains(where: { try exists($0, in: place) }) else { continue }
      let names = reference.targets.map(\.summary).joined(separator: " or ")
      problems.append(
        Problem(
          pointer: pointer(of: reference, in: resource),
          message: "\(resource.id.summary) refers to \(names), which is not there",
          mend: "bring \(names) in with the same commit or before, or take the reference out",
          others: reference.targets))
    }
    return problems + (try unknownLabels(of: resource, in: place))
  }

  private func pointer(of reference: Reference, in resource: Resource) -> String {
    ["name", "assetName"].contains(reference.property)
      && resource.properties[reference.property] == nil
      ? "/\(reference.property)" : "/properties/\(reference.property)"
  }

  private func unknownLabels(of resource: Resource, in place: Place) throws -> [Problem] {
    guard resource.id.kind == .streamingLocator,
      let name = StreamingLocatorView(resource).streamingPolicyName
    else { return [] }
    let id = ResourceID(kind: .streamingPolicy, assetName: nil, name: name)
    guard let policy = try StreamingPolicyView.predefined(name) ?? policy(id, in: place) else {
      guard StreamingPolicyView.isPredefined(name) else { return [] }
      return [
        Problem(
          pointer: "/properties/streamingPolicyName",
          message: "the services have no predefined policy \(id.name)",
          mend: "name one of theirs, or a streaming policy of this region", others: [])
      ]
    }
    return References.unknownLabels(of: resource, in: policy).map {
      Problem(
        pointer: "/properties/contentKeys",
        message: "\(resource.id.summary) has a key for the label \($0), which is not in \(id.summary)",
        mend: "name a label of that policy, or bring the label into it in the same commit", others: [id])
    }
  }

  private func policy(_ id: ResourceID, in place: Place) throws -> StreamingPolicyView? {
    guard let form = try reader.resource(id, in: place.mirrored) else { return nil }
    if let known = policies[id], known.form == form { return known.view }
    let view = StreamingPolicyView(form)
    policies[id] = (form, view)
    return view
  }

  private func exists(_ id: ResourceID, in place: Place) throws -> Bool {
    let path = ResourcePath.path(of: id)
    return try place.there.contains(path) || reader.entry(path, in: place.mirrored) != nil
  }

  /// What else in the region refers to a resource that the commit takes out, or to labels that it takes out of a policy.
  private func stranded(
    by resource: ChangedResource, in place: Place
  ) throws -> [CommitGuard.Finding] {
    guard let index, !resource.isThere || Self.losesLabels(resource) else { return [] }
    var problems: [Problem] = []
    try index.visitReferrers(of: resource.id) { id in
      guard !place.isJudged(id), let referrer = try reader.resource(id, in: place.mirrored) else {
        return true
      }
      problems += try broken(referrer, in: place)
      return problems.count < Self.namedReferrers
    }
    return problems.map {
      CommitGuard.Finding(
        .reference, commit: place.commit, path: resource.path, $0.message,
        mend: "take that reference out in the same commit or before, or bring \(resource.id.summary) back:"
          + " git checkout \(place.commit.abbreviated)~ -- \(FileRules.quoted(resource.path)) && \(FileRules.amend)"
      )
    }
  }

  private static func losesLabels(_ resource: ChangedResource) -> Bool {
    guard resource.id.kind == .streamingPolicy, let new = resource.new else { return false }
    let labels = Set(StreamingPolicyView(new).labels.map { Array($0.utf8) })
    return resource.old.values.contains { old in
      StreamingPolicyView(old).labels.contains { !labels.contains(Array($0.utf8)) }
    }
  }

  // MARK: Ids

  private func clashes(
    of new: Resource, _ resource: ChangedResource, in place: inout Place
  ) throws -> [CommitGuard.Finding] {
    var clashes: [(message: String, other: ResourceID)] = []
    func compare(_ id: ResourceID, in mirrored: ObjectID?) throws {
      guard id != new.id, clashes.count < Self.namedReferrers,
        let other = try reader.resource(id, in: mirrored), let clash = Identity.clash(new, other),
        !clashes.contains(where: { $0.message == clash })
      else { return }
      clashes.append((clash, id))
    }
    for claim in IndexKey.telling(Identity.claims(of: new), of: new) {
      for other in place.holders[claim] ?? [] { try compare(other, in: place.mirrored) }
      place.holders[claim, default: []].append(new.id)
      guard resource.isBrought, let index else { continue }
      try index.visitHolders(of: claim) { [place] id in
        // Those of the commit are compared among themselves.
        if !place.isJudged(id) { try compare(id, in: place.mirrored) }
        return clashes.count < Self.namedReferrers
      }
    }
    return clashes.map {
      finding(
        .unique, resource, place,
        Problem(
          pointer: "/properties/streamingLocatorId", message: $0.message,
          mend: "give one of them an id of its own, then git commit --amend", others: [$0.other]))
    }
  }
}

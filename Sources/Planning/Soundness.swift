package import MediaResources

/// Whether what is wanted can be held by any account: checked before a plan, at the cost of what differs.
package enum Soundness {
  /// What is wrong with the resources that a plan would make, by themselves and with what they refer to.
  package static func findings(_ changes: [ResourceChange], in context: some PlanContext) throws -> [Finding]
  {
    var findings: [Finding] = []
    for change in changes where !Planner.isSame(change) {
      if let wanted = change.wanted {
        findings += Validation.check(wanted)
        findings += try brokenReferences(of: wanted, in: context)
        findings += try unknownLabels(of: wanted, in: context)
        findings += fixedProperties(of: change)
      } else if change.id == defaultEndpoint {
        findings.append(
          Finding(
            resource: change.id, pointer: "", message: "every account has it, and it cannot be taken away"))
      } else if let problem = try halfDeletion(of: change.id, in: context) {
        findings.append(problem)
      }
    }
    return findings + clashes(changes.filter { !Planner.isSame($0) }.compactMap(\.wanted))
  }

  private static let defaultEndpoint = ResourceID(
    kind: .streamingEndpoint, assetName: nil, name: StreamingEndpointView.defaultName)

  /// What of a streaming endpoint no update can change (facts: immutability).
  private static func fixedProperties(of change: ResourceChange) -> [Finding] {
    guard change.id.kind == .streamingEndpoint, let live = change.live, let wanted = change.wanted else {
      return []
    }
    let (old, new) = (StreamingEndpointView(live), StreamingEndpointView(wanted))
    var findings: [Finding] = []
    if old.location != new.location {
      findings.append(
        Finding(
          resource: change.id, pointer: "/location", message: "an endpoint cannot move to another location"))
    }
    if old.scaleUnits != new.scaleUnits {
      findings.append(
        Finding(
          resource: change.id, pointer: "/properties/scaleUnits",
          message: "an endpoint is scaled by an operation of the service (scale), and captured then"))
    }
    return findings
  }

  /// An asset's inventory goes with it.
  private static func halfDeletion(of id: ResourceID, in context: some PlanContext) throws -> Finding? {
    guard id.kind == .asset else { return nil }
    let content = ResourceID(kind: .content, assetName: nil, name: id.name)
    guard try context.wanted(content) != nil else { return nil }
    return Finding(resource: id, pointer: "", message: "it is taken out, but \(content) stays")
  }

  private static func brokenReferences(of resource: Resource, in context: some PlanContext) throws
    -> [Finding]
  {
    try References.of(resource).filter(\.isAskedFor).compactMap { reference in
      for target in reference.targets where try context.wanted(target) != nil { return nil }
      let names = reference.targets.map(\.description).joined(separator: " or ")
      return Finding(
        resource: resource.id, pointer: "/properties/\(reference.property)", message: "there is no \(names)",
        lacking: reference.targets)
    }
  }

  private static func unknownLabels(of resource: Resource, in context: some PlanContext) throws -> [Finding] {
    guard resource.id.kind == .streamingLocator, let name = StreamingLocatorView(resource).streamingPolicyName
    else {
      return []
    }
    let id = ResourceID(kind: .streamingPolicy, assetName: nil, name: name)
    guard
      let policy = try StreamingPolicyView.predefined(name)
        ?? context.wanted(id).map(StreamingPolicyView.init)
    else {
      guard StreamingPolicyView.isPredefined(name) else { return [] }
      return [
        Finding(
          resource: resource.id, pointer: "/properties/streamingPolicyName",
          message: "the services have no predefined policy \(name)")
      ]
    }
    return References.unknownLabels(of: resource, in: policy).map {
      Finding(
        resource: resource.id, pointer: "/properties/contentKeys",
        message: "the label \($0) is not in \(id)")
    }
  }

  /// Locators that claim one id.
  ///
  /// Only those that differ are compared with each other; an account refuses a claim on what others hold.
  private static func clashes(_ wanted: [Resource]) -> [Finding] {
    var holders: [IdentityClaim: [Resource]] = [:]
    var findings: [Finding] = []
    for resource in wanted {
      for claim in Identity.claims(of: resource) {
        for other in holders[claim] ?? [] {
          if let clash = Identity.clash(other, resource) {
            // Whose the id is, nobody can tell: neither may have it.
            findings += [other, resource].map { Finding(resource: $0.id, pointer: "", message: clash) }
          }
        }
        holders[claim, default: []].append(resource)
      }
    }
    var seen: Set<Finding> = []
    return findings.filter { seen.insert($0).inserted }
  }
}

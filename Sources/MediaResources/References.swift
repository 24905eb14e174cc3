/// A place in a resource that names another one.
package struct Reference: Sendable, Hashable {
  /// The resource that names the other one.
  package let from: ResourceID
  /// The property that does.
  package let property: String
  /// What it may mean: one of these must be there.
  package let targets: [ResourceID]
  /// Whether the services ask for it: a streaming policy may name a content key policy that does not exist (facts: traps).
  package var isAskedFor = true
}

/// References by name (facts: references).
///
/// Names of predefined policies refer to nothing.
package enum References {
  /// What a resource refers to.
  package static func of(_ resource: Resource) -> [Reference] {
    let id = resource.id
    func to(_ kind: ResourceKind, _ name: String?, _ property: String) -> [Reference] {
      guard let name, !(kind == .streamingPolicy && StreamingPolicyView.isPredefined(name)) else { return [] }
      return [
        Reference(from: id, property: property, targets: [ResourceID(kind: kind, assetName: nil, name: name)])
      ]
    }
    switch id.kind {
    case .contentKeyPolicy, .accountFilter, .asset, .streamingEndpoint: return []
    case .content: return to(.asset, id.name, "name")
    case .assetFilter, .assetTrack: return to(.asset, id.assetName, "assetName")
    case .streamingPolicy:
      return StreamingPolicyView(resource).contentKeyPolicies.flatMap { property, name in
        to(.contentKeyPolicy, name, property).map {
          var reference = $0
          reference.isAskedFor = false
          return reference
        }
      }
    case .streamingLocator:
      let view = StreamingLocatorView(resource)
      let filters = view.filters.map { name in
        Reference(
          from: id, property: "filters",
          targets: [
            ResourceID(kind: .assetFilter, assetName: view.assetName, name: name),
            ResourceID(kind: .accountFilter, assetName: nil, name: name),
          ])
      }
      return to(.asset, view.assetName, "assetName")
        + to(.streamingPolicy, view.streamingPolicyName, "streamingPolicyName")
        + to(.contentKeyPolicy, view.defaultContentKeyPolicyName, "defaultContentKeyPolicyName") + filters
    }
  }

  /// The labels that a locator's keys name and its streaming policy does not have.
  package static func unknownLabels(of locator: Resource, in policy: StreamingPolicyView) -> [String] {
    StreamingLocatorView(locator).contentKeys.compactMap(\.label).filter { label in
      !policy.labels.contains { $0.utf8.elementsEqual(label.utf8) }
    }
  }
}

import CanonicalJSON
import LiveAccount
import MediaResources
package import Planning

extension MediaServicesAccount {
  package func obstacles(to step: PlanStep) -> [String] {
    guard let wanted = step.change.wanted else { return [] }
    return Obstacles(profile: settings.profile).find(to: wanted, from: step.change.live)
  }
}

/// What a service cannot hold as it is wanted: said by name before anything is written, never written wrong.
struct Obstacles: Sendable {
  let profile: ServiceProfile

  private var service: String { profile.name.rawValue }

  func find(to wanted: Resource, from live: Resource?) -> [String] {
    let found =
      switch wanted.id.kind {
      case .contentKeyPolicy: unknownTypes(wanted)
      case .accountFilter: filter(wanted) + accountFilter(wanted)
      case .assetFilter: filter(wanted)
      case .asset: asset(wanted, from: live)
      case .streamingLocator: locator(wanted)
      case .streamingPolicy, .content, .assetTrack, .streamingEndpoint: [String]()
      }
    let labels =
      wanted.document["labels"] != nil && !profile.takesLabels
      ? ["\(service) has no labels beside properties"] : []
    return (found + labels).map { "\(wanted.id.summary): \($0)" }
  }

  /// What a newer version of the API knows and this one shows as unknown cannot be written back.
  private func unknownTypes(_ policy: Resource) -> [String] {
    ContentKeyPolicyView(policy).options.flatMap { option in
      ["configuration", "restriction"].compactMap { member in
        guard let type = option[member]?["@odata.type"]?.stringValue, type.contains("ContentKeyPolicyUnknown")
        else { return nil }
        let name = option["name"]?.stringValue.map { "'\($0)'" } ?? "without a name"
        return "the \(member) of its option \(name) is of a kind that this version of the API cannot write"
      }
    }
  }

  private func filter(_ filter: Resource) -> [String] {
    let range = filter.properties["presentationTimeRange"]?.objectValue ?? JSONObject()
    return range.compactMap { member, value in
      switch value {
      case .number(.int64(let number))
      where number > profile.largestTimestamp || number < -profile.largestTimestamp:
        "\(service) holds \(member) in 32 bits, and \(number) needs more"
      case .number(.bigInteger(let digits)): "\(member) has 64 bits, and \(digits) needs more"
      default: nil
      }
    }
  }

  private func accountFilter(_ filter: Resource) -> [String] {
    guard let members = profile.accountFilterMembers else { return [] }
    var problems = filter.properties.keys.filter { !members.contains($0) }.map {
      "account filters of \(service) have no \($0)"
    }
    let range = filter.properties["presentationTimeRange"]?.objectValue ?? JSONObject()
    problems += range.keys.filter { !["startTimestamp", "endTimestamp", "timescale"].contains($0) }.map {
      "account filters of \(service) have no \($0)"
    }
    for selection in filter.properties["tracks"]?.arrayValue ?? [] {
      for condition in selection["trackSelections"]?.arrayValue ?? [] {
        guard let property = condition["property"]?.stringValue,
          !["Name", "Type", "Bitrate"].contains(property)
        else { continue }
        problems.append("account filters of \(service) cannot select tracks by \(property)")
      }
    }
    return problems
  }

  private func asset(_ asset: Resource, from live: Resource?) -> [String] {
    let known: Set<String> = [
      "alternateId", "description", "container", "storageAccountName", "encryptionScope",
      "containerDeletionPolicy",
    ]
    let properties = asset.properties
    var problems = properties.keys.filter { known.contains($0) && !profile.assetMembers.all.contains($0) }.map
    {
      "\(service) cannot hold its \($0)"
    }
    guard let live else { return problems }
    for member in known.subtracting(profile.assetMembers.changeable).sorted()
    where live.properties[member] != properties[member]
      && (properties[member] != nil || member == "alternateId")
    {
      problems.append("\(service) does not let the \(member) of an asset change")
    }
    return problems
  }

  /// A service makes up what a locator does not say, and then no two regions agree.
  private func locator(_ locator: Resource) -> [String] {
    let view = StreamingLocatorView(locator)
    var problems: [String] = []
    if view.streamingLocatorID == nil {
      problems.append(
        "it has no streamingLocatorId, and the service would make one up that no other region has")
    }
    for key in view.contentKeys where key.value?.isEmpty ?? true {
      problems.append("its content key \(key.id) has no value, and the service would make one up")
    }
    if let name = view.streamingPolicyName, let policy = StreamingPolicyView.predefined(name) {
      problems += lackingKeys(view, policy)
    }
    return problems
  }

  /// The labels of a streaming policy for which a locator brings no key.
  func lackingKeys(_ locator: StreamingLocatorView, _ policy: StreamingPolicyView) -> [String] {
    policy.labels.filter { label in
      !locator.contentKeys.contains { $0.label?.utf8.elementsEqual(label.utf8) ?? false }
    }.map {
      "it brings no content key for the label \($0), and the service would make one up that no other region has"
    }
  }
}

import CanonicalJSON
import FolderAccount
import HTTP
import HTTPTypes
import LiveAccount
import MediaResources

extension ManagedAccount {
  func answerStreamingLocators(_ path: [String], _ call: Call) async throws -> Reply {
    guard let name = path.first else {
      try allow(call, [.get])
      return try list(.streamingLocator, call, .streamingLocators) {
        try shown(locator: $0, $1, call.version, digits: 3, listsKeys: false)
      }
    }
    let id = ResourceID(kind: .streamingLocator, assetName: nil, name: name)
    if path.count == 2 {
      switch path[1].lowercased() {
      case "listcontentkeys":
        try allow(call, [.post])
        return try listContentKeys(of: existing(id), call.version)
      case "listpaths":
        try allow(call, [.post])
        return try listPaths(of: existing(id))
      default: throw ServiceError.notFound
      }
    }
    guard path.count == 1 else { throw ServiceError.notFound }
    switch call.method {
    case .get:
      let locator = try existing(id)
      return Reply(.ok, try shown(locator: locator, assignment(of: locator), call.version, digits: 3))
    case .put: return try await put(locator: id, call)
    case .delete: return try await deletion(id)
    default:
      try allow(call, [.get, .put, .delete])
      throw ServiceError.notFound
    }
  }

  // MARK: Creating

  private func put(locator id: ResourceID, _ call: Call) async throws -> Reply {
    try await change { account in
      if try account.has(id) {
        throw ServiceError.conflict(
          "The streaming locator '\(id.name)' already exists, and streaming locators cannot be updated."
            + " Delete it and create it again with the same streamingLocatorId and content keys.")
      }
      var properties = try resource(id, properties: call.properties).properties
      if properties["streamingLocatorId"] == nil { properties["streamingLocatorId"] = .string(Random.guid()) }
      let policy = try references(of: properties)
      let keys = try LocatorKeys(policy: policy).completed(properties["contentKeys"]?.arrayValue ?? [])
      properties["contentKeys"] = keys.isEmpty ? nil : .array(keys)
      var locator = try resource(id, properties: properties)
      // In the order in which they were sent: the normal form, which captures have, sorts them.
      locator.properties["contentKeys"] = properties["contentKeys"]
      let assignment = newAssignment()
      try await account.create(locator)
      try account.assign(assignment.document(of: locator), to: id)
      return Reply(.created, try shown(locator: locator, assignment, call.version, digits: 7))
    }
  }

  /// Checks that what a locator names is there, and that its asset takes one more.
  /// - Returns: its streaming policy.
  private func references(of properties: JSONObject) throws -> Resource {
    func missing(_ property: String, _ noun: String, _ name: String) -> ServiceError {
      .invalidProperty("properties.\(property)", "The \(noun) '\(name)' does not exist.")
    }
    let asset = properties["assetName"]?.stringValue ?? ""
    guard try account.has(Self.assetID(asset)) else { throw missing("assetName", "asset", asset) }
    let policyName = properties["streamingPolicyName"]?.stringValue ?? ""
    guard let policy = try streamingPolicy(policyName) else {
      throw missing("streamingPolicyName", "streaming policy", policyName)
    }
    if let name = properties["defaultContentKeyPolicyName"]?.stringValue,
      try !account.has(ResourceID(kind: .contentKeyPolicy, assetName: nil, name: name))
    {
      throw missing("defaultContentKeyPolicyName", "content key policy", name)
    }
    for name in (properties["filters"]?.arrayValue ?? []).compactMap(\.stringValue) {
      let candidates = [
        ResourceID(kind: .assetFilter, assetName: asset, name: name),
        ResourceID(kind: .accountFilter, assetName: nil, name: name),
      ]
      guard try candidates.contains(where: account.has) else { throw missing("filters", "filter", name) }
    }
    let limit = settings.limits.locatorsPerAsset
    guard try account.locators(using: Self.assetID(asset), areFewerThan: limit) else {
      throw ServiceError(
        .badRequest, "QuotaExceeded",
        "The limit of \(limit) streaming locators for the asset '\(asset)' is reached.")
    }
    return policy
  }

  // MARK: Showing

  private func policy(of locator: Resource) throws -> Resource? {
    try StreamingLocatorView(locator).streamingPolicyName.flatMap { try streamingPolicy($0) }
  }

  private func shown(
    locator: Resource, _ assignment: Assignment, _ version: APIVersion, digits: Int, listsKeys: Bool = true
  ) throws -> JSONValue {
    var properties = locator.properties
    let keys = properties["contentKeys"]?.arrayValue ?? []
    properties["contentKeys"] =
      listsKeys
      ? .array(
        try LocatorKeys(policy: policy(of: locator)).shown(keys, version, withSecrets: false, fallback: nil))
      : []
    properties["created"] = .string(UTCTime.shortened(assignment.created, digits: digits))
    if properties["endTime"] == nil { properties["endTime"] = .string(Self.endOfTime) }
    if version.showsSystemData, properties["filters"] == nil { properties["filters"] = [] }
    return envelope(locator, properties, assignment, version)
  }

  private func listContentKeys(of locator: Resource, _ version: APIVersion) throws -> Reply {
    let policy = try policy(of: locator)
    let view = StreamingLocatorView(locator)
    let fallback =
      view.defaultContentKeyPolicyName ?? policy?.properties["defaultContentKeyPolicyName"]?.stringValue
    let keys = LocatorKeys(policy: policy).shown(
      locator.properties["contentKeys"]?.arrayValue ?? [], version, withSecrets: true, fallback: fallback)
    return Reply(.ok, ["contentKeys": .array(keys)])
  }

  /// Where players find what a locator publishes: the playlists and manifests that are in its place now, by the
  /// protocols and encryptions of its policy; none until it is published.
  private func listPaths(of locator: Resource) throws -> Reply {
    let view = StreamingLocatorView(locator)
    let policy = try policy(of: locator)?.properties ?? JSONObject()
    let published =
      try view.streamingLocatorID.flatMap { try account.playerFiles(published: $0) } ?? PlayerFiles()
    let id = view.streamingLocatorID ?? ""
    func paths(_ files: [String]) -> JSONValue {
      .array(
        files.map { file in
          .string("/\(id)/" + file.pathComponents.map { PercentEncoding.encode($0) }.joined(separator: "/"))
        })
    }
    let schemes = [
      ("noEncryption", "NoEncryption"), ("envelopeEncryption", "EnvelopeEncryption"),
      ("commonEncryptionCenc", "CommonEncryptionCenc"), ("commonEncryptionCbcs", "CommonEncryptionCbcs"),
    ]
    let protocols = [
      ("hls", "Hls", published.playlists), ("dash", "Dash", published.manifests),
      ("smoothStreaming", "SmoothStreaming", []),
    ]
    var streaming: [JSONValue] = []
    var isDownloadable = false
    for (member, scheme) in schemes {
      guard let enabled = policy[member]?["enabledProtocols"] else { continue }
      isDownloadable = isDownloadable || enabled["download"]?.boolValue == true
      for (key, name, files) in protocols where enabled[key]?.boolValue == true {
        streaming.append([
          "encryptionScheme": .string(scheme), "paths": paths(files), "streamingProtocol": .string(name),
        ])
      }
    }
    return Reply(
      .ok, ["downloadPaths": paths(isDownloadable ? published.all : []), "streamingPaths": .array(streaming)])
  }
}

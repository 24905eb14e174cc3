import CanonicalJSON
package import MediaResources
import RegionRepository

/// What a person asked to publish.
package struct PublishRequest: Sendable {
  /// A content key as given on the command line; what is missing is made at random.
  package struct Key: Sendable {
    /// The label in the streaming policy, or nil for the policy's only one.
    package let label: String?
    /// The key's GUID.
    package let id: String?
    /// 16 bytes in base64.
    package let value: String?

    package init(label: String?, id: String?, value: String?) {
      self.label = label
      self.id = id
      self.value = value
    }
  }

  /// The folder with the encoded files.
  package let folder: String
  /// The asset's name.
  package let asset: String
  /// The locator's name.
  package let locator: String
  /// The streaming policy's name, or nil for the one that the locator has, or that fits the keys that are given.
  package let streamingPolicy: String?
  /// The content key policy's name.
  package let contentKeyPolicy: String?
  /// The locator id, or nil for the one that is there or a new one.
  package let locatorID: String?
  /// The keys that were given.
  package let keys: [Key]

  package init(
    folder: String, asset: String, locator: String?, streamingPolicy: String?, contentKeyPolicy: String?,
    locatorID: String?, keys: [Key]
  ) {
    self.folder = folder
    self.asset = asset
    self.locator = locator ?? asset
    self.streamingPolicy = streamingPolicy
    self.contentKeyPolicy = contentKeyPolicy
    self.locatorID = locatorID
    self.keys = keys
  }
}

/// What a publication made.
package struct PublishReport: Sendable {
  /// The locator as it is live now.
  package let locator: Resource
  /// The content key policy that was made because none was named, or nil.
  package let madePolicy: ResourceID?
  /// The files of the asset.
  package let inventory: ContentInventory
}

/// Puts encoded files into an account and makes the asset and the locator that publish them.
///
/// Ids and keys that are not given come from the system's random generator, and from what is there already when the
/// locator exists. When publishing fails, what it made is taken away again.
package struct Publisher {
  /// The content key policy that is made on first use when an encrypting policy is used and none is named.
  package static let openPolicyName = "open-clear-key"

  private let account: any LiveAccount
  private let storageAccount: String
  private let cancellation: Cancellation
  private let progress: @Sendable (_ done: Int64, _ total: Int64) -> Void

  package init(
    account: any LiveAccount, storageAccount: String, cancellation: Cancellation,
    progress: @escaping @Sendable (_ done: Int64, _ total: Int64) -> Void
  ) {
    self.account = account
    self.storageAccount = storageAccount
    self.cancellation = cancellation
    self.progress = progress
  }

  /// Publishes.
  ///
  /// The caller holds the region's lock, and captures afterwards.
  /// - Throws: `AccountError`, `ContentError`; where new files could not take the old ones' place, and for a new asset,
  ///   the account is as it was then.
  package func run(_ request: PublishRequest) async throws -> PublishReport {
    try await account.checkPresence()
    let source = try RootedFolder.open(request.folder)
    let existing = try await stored(.streamingLocator, request.locator)
    let oldAsset = try await stored(.asset, request.asset)
    let asset = try oldAsset ?? newAsset(request.asset)
    let policyName = Self.streamingPolicyName(request, existing)
    let policy = try await streamingPolicy(policyName)
    let keyPolicy = try await keyPolicyName(request, policy: policy, existing: existing)
    let locator = try makeLocator(
      request, policyName: policyName, policy: policy, keyPolicy: keyPolicy.name, existing: existing)
    try validate([asset, locator])
    let inventory = try ContentScan.inventory(
      of: source, isCancelled: { [cancellation] in cancellation.isCancelled })
    guard !inventory.files.isEmpty else {
      throw AccountError(.invalid, "there is no file in \(request.folder) to publish")
    }
    let made = keyPolicy.isNew ? try Self.openPolicy() : nil
    do {
      if let made { try await account.create(made) }
      try await account.create(asset)
      try await bring(inventory, from: source, to: asset, for: locator)
      if existing == nil { try await account.create(locator) } else { try await account.replace(locator) }
      try await account.flush()
    } catch {
      await takeBack(
        asset: oldAsset == nil ? asset : nil, locator: existing == nil ? locator.id : nil, policy: made?.id)
      throw error
    }
    return PublishReport(locator: locator, madePolicy: made?.id, inventory: inventory)
  }

  private static func streamingPolicyName(_ request: PublishRequest, _ existing: Resource?) -> String {
    if let name = request.streamingPolicy { return name }
    if let name = existing.flatMap({ StreamingLocatorView($0).streamingPolicyName }) { return name }
    let isEncrypted = !request.keys.isEmpty || request.contentKeyPolicy != nil
    return isEncrypted ? "Predefined_ClearKey" : "Predefined_ClearStreamingOnly"
  }

  /// The content key policy of the locator: the one that was asked for, else the one that it has; where neither it nor
  /// its streaming policy names any, and keys are to be had, the open one, which is made on first use.
  private func keyPolicyName(
    _ request: PublishRequest, policy: StreamingPolicyView, existing: Resource?
  ) async throws -> (name: String?, isNew: Bool) {
    if let name = request.contentKeyPolicy {
      guard try await stored(.contentKeyPolicy, name) != nil else {
        throw AccountError(
          .missing, "content-key-policy/\(name) is not in \(account.place)",
          hint: "leave --content-key-policy out to use \(Self.openPolicyName), which is made on first use")
      }
      return (name, false)
    }
    if let existing { return (StreamingLocatorView(existing).defaultContentKeyPolicyName, false) }
    guard policy.isEncrypting, policy.contentKeyPolicyNames.isEmpty else { return (nil, false) }
    return (Self.openPolicyName, try await stored(.contentKeyPolicy, Self.openPolicyName) == nil)
  }

  private func stored(_ kind: ResourceKind, _ name: String) async throws -> Resource? {
    let id = ResourceID(kind: kind, assetName: nil, name: name)
    return try await account.read(id).map { try NormalForm.normalise($0, kind: kind) }
  }

  private func streamingPolicy(_ name: String) async throws -> StreamingPolicyView {
    if let predefined = StreamingPolicyView.predefined(name) { return predefined }
    guard let policy = try await stored(.streamingPolicy, name) else {
      throw AccountError(
        .missing, "streaming-policy/\(name) is not in \(account.place)",
        hint: "use a predefined one, such as Predefined_ClearKey or Predefined_ClearStreamingOnly")
    }
    return StreamingPolicyView(policy)
  }

  private func newAsset(_ name: String) throws -> Resource {
    try Resource(
      document: [
        "name": .string(name),
        "properties": [
          "container": .string("asset-\(Random.guid())"), "storageAccountName": .string(storageAccount),
        ],
      ], kind: .asset)
  }

  private func validate(_ resources: [Resource]) throws {
    let findings = resources.flatMap { Validation.check($0) }
    guard let first = findings.first else { return }
    throw AccountError(.invalid, "\(first.resource.summary): \(first.message) (\(first.pointer))")
  }

  // MARK: The locator

  private func makeLocator(
    _ request: PublishRequest, policyName: String, policy: StreamingPolicyView, keyPolicy: String?,
    existing: Resource?
  ) throws -> Resource {
    let old = existing.map { StreamingLocatorView($0) }
    if let old { try checkExisting(old, against: request) }
    var properties = existing?.properties ?? JSONObject()
    properties["assetName"] = .string(request.asset)
    properties["streamingPolicyName"] = .string(policyName)
    properties["streamingLocatorId"] = .string(old?.streamingLocatorID ?? request.locatorID ?? Random.guid())
    properties["defaultContentKeyPolicyName"] = keyPolicy.map { .string($0) }
    if existing == nil {
      let keys = try contentKeys(request, policyName: policyName, labels: policy.labels)
      properties["contentKeys"] = keys.isEmpty ? nil : .array(keys)
    }
    let document = JSONObject([("name", .string(request.locator)), ("properties", .object(properties))])
    return try NormalForm.normalise(document, kind: .streamingLocator)
  }

  /// A locator that is there keeps its identity; what was asked must not contradict it.
  private func checkExisting(_ old: StreamingLocatorView, against request: PublishRequest) throws {
    func refuse(_ what: String) -> AccountError {
      AccountError(
        .refused, "locator/\(request.locator) is there already with \(what)",
        hint: "publish under another --locator name, or leave out what differs")
    }
    if let id = request.locatorID, id.lowercased() != old.streamingLocatorID?.lowercased() {
      throw refuse("the locator id \(old.streamingLocatorID ?? "?")")
    }
    if let name = old.assetName, !name.utf8.elementsEqual(request.asset.utf8) {
      throw refuse("the asset \(name)")
    }
    if let name = old.streamingPolicyName, let asked = request.streamingPolicy,
      !name.utf8.elementsEqual(asked.utf8)
    {
      throw refuse("the streaming policy \(name)")
    }
    if let asked = request.contentKeyPolicy, old.defaultContentKeyPolicyName != asked {
      throw refuse("the content key policy \(old.defaultContentKeyPolicyName ?? "of its streaming policy")")
    }
    for key in request.keys {
      guard let known = old.contentKeys.first(where: { $0.label == key.label || key.label == nil }) else {
        throw refuse("no content key \(key.label.map { "with the label \($0)" } ?? "at all")")
      }
      if let id = key.id, id.lowercased() != known.id.lowercased() {
        throw refuse("the content key \(known.id)")
      }
      if let value = key.value, value != known.value {
        throw refuse("another value for the content key \(known.id)")
      }
    }
  }

  /// The keys of a new locator, one for each label of its streaming policy.
  private func contentKeys(
    _ request: PublishRequest, policyName: String, labels: [String]
  ) throws -> [JSONValue] {
    var unique: [String] = []
    for label in labels where !unique.contains(label) { unique.append(label) }
    if let stray = request.keys.first(where: { key in
      key.label.map { !unique.contains($0) } ?? (unique.count != 1)
    }) {
      let known = unique.isEmpty ? "it takes no keys" : "its labels are \(unique.joined(separator: ", "))"
      throw AccountError(
        .invalid,
        "the key \(stray.label.map { "with the label \($0)" } ?? "without a label") does not fit the streaming policy"
          + " \(policyName): \(known)")
    }
    return try unique.map { label in
      let given = request.keys.first { $0.label == label || $0.label == nil }
      let value = given?.value ?? Base64.encode(Random.bytes(16))
      guard Base64.decode(value)?.count == 16 else {
        throw AccountError(.invalid, "the value of the content key \(label) is not 16 bytes in base64")
      }
      return [
        "id": .string(given?.id ?? Random.guid()), "labelReferenceInStreamingPolicy": .string(label),
        "value": .string(value),
      ]
    }
  }

  private static func openPolicy() throws -> Resource {
    try Resource(
      document: [
        "name": .string(openPolicyName),
        "properties": [
          "description": "Anybody may have the key; made by lockstep publish",
          "options": [
            [
              "configuration": ["@odata.type": "#Microsoft.Media.ContentKeyPolicyClearKeyConfiguration"],
              "name": "open",
              "restriction": ["@odata.type": "#Microsoft.Media.ContentKeyPolicyOpenRestriction"],
            ]
          ],
        ],
      ], kind: .contentKeyPolicy)
  }

  // MARK: Files

  private func bring(
    _ inventory: ContentInventory, from source: RootedFolder, to asset: Resource, for locator: Resource
  ) async throws {
    let progress = progress
    let isCancelled = { @Sendable [cancellation] in cancellation.isCancelled }
    try await account.replaceContent(of: asset, for: [locator]) { stage in
      _ = try ContentTransfer(source: .folder(source), stage: stage).copy(
        inventory, progress: { progress($0.bytesDone, $0.bytesTotal) }, isCancelled: isCancelled)
    }
    try cancellation.check()
  }

  /// Takes away what a failed publication made; what cannot be taken away is seen by the next capture.
  private func takeBack(asset: Resource?, locator: ResourceID?, policy: ResourceID?) async {
    if let locator { try? await account.delete(locator) }
    if let asset {
      try? await account.removeContent(of: asset)
      try? await account.delete(asset.id)
    }
    if let policy { try? await account.delete(policy) }
  }
}

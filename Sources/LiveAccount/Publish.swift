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
  /// The streaming policy's name.
  package let streamingPolicy: String
  /// The content key policy's name.
  package let contentKeyPolicy: String?
  /// The locator id, or nil for the one that is there or a new one.
  package let locatorID: String?
  /// The keys that were given.
  package let keys: [Key]

  package init(
    folder: String, asset: String, locator: String?, streamingPolicy: String, contentKeyPolicy: String?,
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
  /// - Throws: `AccountError`, `ContentError`; the account is as it was then.
  package func run(_ request: PublishRequest) async throws -> PublishReport {
    let source = try RootedFolder.open(request.folder)
    let policy = try await streamingPolicy(request.streamingPolicy)
    let existing = try await stored(.streamingLocator, request.locator)
    let oldAsset = try await stored(.asset, request.asset)
    let asset = try oldAsset ?? newAsset(request.asset)
    let keyPolicy = request.contentKeyPolicy ?? (policy.isEncrypting ? Self.openPolicyName : nil)
    let locator = try makeLocator(request, policy: policy, keyPolicy: keyPolicy, existing: existing)
    try validate([asset, locator])
    let inventory = try ContentScan.inventory(
      of: source, isCancelled: { [cancellation] in cancellation.isCancelled })
    guard !inventory.files.isEmpty else {
      throw AccountError(.invalid, "there is no file in \(request.folder) to publish")
    }
    let made = try await makeKeyPolicy(keyPolicy, isNamed: request.contentKeyPolicy != nil)
    do {
      try await account.create(asset)
      try await copy(inventory, from: source, to: asset)
      if existing == nil { try await account.create(locator) } else { try await account.replace(locator) }
    } catch {
      await takeBack(
        asset: oldAsset == nil ? asset : nil, locator: existing == nil ? locator.id : nil, policy: made)
      throw error
    }
    return PublishReport(locator: locator, madePolicy: made, inventory: inventory)
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
    _ request: PublishRequest, policy: StreamingPolicyView, keyPolicy: String?, existing: Resource?
  ) throws -> Resource {
    let old = existing.map { StreamingLocatorView($0) }
    if let old { try checkExisting(old, against: request) }
    var properties = existing?.properties ?? JSONObject()
    properties["assetName"] = .string(request.asset)
    properties["streamingPolicyName"] = .string(request.streamingPolicy)
    properties["streamingLocatorId"] = .string(old?.streamingLocatorID ?? request.locatorID ?? Random.guid())
    if let keyPolicy { properties["defaultContentKeyPolicyName"] = .string(keyPolicy) }
    let keys = try contentKeys(request, policy: policy, old: old)
    properties["contentKeys"] = keys.isEmpty ? nil : .array(keys)
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
    if let name = old.streamingPolicyName, !name.utf8.elementsEqual(request.streamingPolicy.utf8) {
      throw refuse("the streaming policy \(name)")
    }
    for key in request.keys {
      guard let known = old.contentKeys.first(where: { $0.label == key.label || key.label == nil }) else {
        continue
      }
      if let id = key.id, id.lowercased() != known.id.lowercased() {
        throw refuse("the content key \(known.id)")
      }
      if let value = key.value, value != known.value {
        throw refuse("another value for the content key \(known.id)")
      }
    }
  }

  private func contentKeys(
    _ request: PublishRequest, policy: StreamingPolicyView, old: StreamingLocatorView?
  ) throws -> [JSONValue] {
    let labels = policy.labels
    if let stray = request.keys.first(where: { key in
      key.label.map { !labels.contains($0) } ?? (labels.count != 1)
    }) {
      let known = labels.isEmpty ? "it takes no keys" : "its labels are \(labels.joined(separator: ", "))"
      throw AccountError(
        .invalid,
        "the key \(stray.label.map { "with the label \($0)" } ?? "without a label") does not fit the streaming policy"
          + " \(request.streamingPolicy): \(known)")
    }
    return try labels.map { label in
      let given = request.keys.first { $0.label == label || $0.label == nil }
      let known = old?.contentKeys.first { $0.label == label }
      let value = known?.value ?? given?.value ?? Base64.encode(Random.bytes(16))
      guard Base64.decode(value)?.count == 16 else {
        throw AccountError(.invalid, "the value of the content key \(label) is not 16 bytes in base64")
      }
      return [
        "id": .string(known?.id ?? given?.id ?? Random.guid()),
        "labelReferenceInStreamingPolicy": .string(label),
        "value": .string(value),
      ]
    }
  }

  private func makeKeyPolicy(_ name: String?, isNamed: Bool) async throws -> ResourceID? {
    guard let name else { return nil }
    if try await stored(.contentKeyPolicy, name) != nil { return nil }
    guard !isNamed else {
      throw AccountError(
        .missing, "content-key-policy/\(name) is not in \(account.place)",
        hint: "leave --content-key-policy out to use \(Self.openPolicyName), which is made on first use")
    }
    let policy = try Resource(
      document: [
        "name": .string(name),
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
    try await account.create(policy)
    return policy.id
  }

  // MARK: Files

  private func copy(_ inventory: ContentInventory, from source: RootedFolder, to asset: Resource) async throws
  {
    guard let target = try await account.contentFolder(of: asset, create: true) else {
      throw AccountError(.unsupported, "the files of \(asset.id) are not on this machine")
    }
    let progress = progress
    let cancellation = cancellation
    _ = try ContentTransfer(source: source, target: target).copy(
      inventory, removingExtras: true, progress: { progress($0.bytesDone, $0.bytesTotal) },
      isCancelled: { cancellation.isCancelled })
    try cancellation.check()
    try await account.contentDidChange(of: asset)
  }

  /// Takes away what a failed publication made; what cannot be taken away is seen by the next capture.
  private func takeBack(asset: Resource?, locator: ResourceID?, policy: ResourceID?) async {
    if let locator { try? await account.delete(locator) }
    if let asset {
      if let folder = try? await account.contentFolder(of: asset, create: false) {
        for entry in (try? folder.list(recursively: true)) ?? [] { try? folder.remove(entry.path) }
      }
      try? await account.delete(asset.id)
    }
    if let policy { try? await account.delete(policy) }
  }
}

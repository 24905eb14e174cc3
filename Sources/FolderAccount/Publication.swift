import LiveAccount
import MediaResources

/// What a locator asks of web servers, as the account's documents have it.
struct Publication {
  let locator: Resource
  let view: StreamingLocatorView
  let asset: Resource
  let policy: StreamingPolicyView
  /// Seconds since 1970.
  let start: Int64?
  let end: Int64?

  /// Whether it serves at a time.
  func isDue(at now: Int64) -> Bool { (start.map { $0 <= now } ?? true) && (end.map { now < $0 } ?? true) }

  /// Whether time alone will change what is published.
  func isTimed(at now: Int64) -> Bool { start.map { now < $0 } ?? false || end.map { now < $0 } ?? false }
}

extension FolderAccount {
  /// What a locator asks for.
  /// - Throws: `AccountError` where something that it names is not here.
  func publication(of locator: Resource) throws -> Publication {
    let view = StreamingLocatorView(locator)
    guard view.streamingLocatorID != nil else {
      throw AccountError(.invalid, "\(locator.id) has no streamingLocatorId")
    }
    guard let assetName = view.assetName,
      let asset = try stored(ResourceID(kind: .asset, assetName: nil, name: assetName))
    else {
      throw AccountError(
        .missing, "\(locator.id) publishes asset/\(view.assetName ?? "?"), which is not in \(place)")
    }
    guard let policyName = view.streamingPolicyName, let policy = try streamingPolicy(policyName) else {
      throw AccountError(
        .missing,
        "\(locator.id) uses streaming-policy/\(view.streamingPolicyName ?? "?"), which is not in \(place)")
    }
    func seconds(_ text: String?, _ property: String) throws -> Int64? {
      guard let text else { return nil }
      guard let seconds = UTCTime.seconds(text) else {
        throw AccountError(
          .invalid, "\(locator.id): \(property) \"\(text)\" is no UTC time such as 2026-12-31T23:00:00Z")
      }
      return seconds
    }
    return Publication(
      locator: locator, view: view, asset: asset, policy: policy,
      start: try seconds(view.startTime, "startTime"),
      end: try seconds(view.endTime, "endTime"))
  }

  private func streamingPolicy(_ name: String) throws -> StreamingPolicyView? {
    if let predefined = StreamingPolicyView.predefined(name) { return predefined }
    return try stored(ResourceID(kind: .streamingPolicy, assetName: nil, name: name)).map(
      StreamingPolicyView.init)
  }

  /// The resources that a locator's publication depends on.
  func uses(_ locator: Resource) throws -> Set<ResourceID> {
    let view = StreamingLocatorView(locator)
    var used: Set<ResourceID> = []
    func add(_ kind: ResourceKind, _ name: String?) {
      if let name { used.insert(ResourceID(kind: kind, assetName: nil, name: name)) }
    }
    add(.asset, view.assetName)
    add(.streamingPolicy, view.streamingPolicyName)
    add(.contentKeyPolicy, view.defaultContentKeyPolicyName)
    let policy = try view.streamingPolicyName.flatMap { try streamingPolicy($0) }
    for name in policy?.contentKeyPolicyNames ?? [] { add(.contentKeyPolicy, name) }
    return used
  }

  /// The files to publish: all under a clear policy, under an encrypting one those that a player needs and that are
  /// verified to be encrypted with the locator's keys.
  func playerFiles(of publication: Publication, in folder: RootedFolder) throws -> [String] {
    guard publication.policy.isEncrypting else { return try EncryptedMedia.clearPlayerFiles(in: folder) }
    let keys = try publication.view.contentKeys.map { key -> ContentKeyMaterial in
      guard let value = Self.material(of: key) else {
        throw AccountError(
          .invalid, "\(publication.locator.id): the value of content key \(key.id) is not 16 bytes in base64")
      }
      return ContentKeyMaterial(id: key.id, value: value)
    }
    do { return try EncryptedMedia.playerFiles(in: folder, keys: keys) } catch {
      guard error.code == .encryption else { throw error }
      // The folder may be one that is filled at the moment, and gone when somebody reads this.
      let problem = error.message.replacing(folder.path, with: "\(publication.asset.id)")
      let cause =
        "is under the encrypting policy \(publication.view.streamingPolicyName ?? "?"), but \(problem)"
      throw AccountError(
        .notEncrypted, "\(publication.locator.id) \(cause)",
        hint: error.hint
          ?? "encode the media with the locator's key, or publish it with --streaming-policy"
          + " Predefined_ClearStreamingOnly",
        causes: [publication.locator.id: "it \(cause)"])
    }
  }

  /// The 16 bytes of a content key, or nil.
  static func material(of key: StreamingLocatorView.ContentKey) -> [UInt8]? {
    guard let text = key.value, let value = Base64.decode(text), value.count == 16 else { return nil }
    return value
  }

  /// The content key policy that decides who may have a key; nil where none is named, or it is not here.
  func contentKeyPolicy(
    of key: StreamingLocatorView.ContentKey, of publication: Publication
  ) throws -> Resource? {
    let name =
      key.label.flatMap { publication.policy.contentKeyPolicyName(forLabel: $0) }
      ?? publication.view.defaultContentKeyPolicyName ?? publication.policy.defaultContentKeyPolicyName
    return try name.flatMap { try stored(ResourceID(kind: .contentKeyPolicy, assetName: nil, name: $0)) }
  }

  /// Whether anybody may have a key: its content key policy is open.
  func isOpen(_ key: StreamingLocatorView.ContentKey, of publication: Publication) throws -> Bool {
    try contentKeyPolicy(of: key, of: publication).map { ContentKeyPolicyView($0).isOpen } ?? false
  }

  /// The bytes that web servers deliver for a content key: those of the locators that are due, where every one of them
  /// lets anybody have it; nil where nothing may be delivered.
  func deliverable(_ keyID: String) throws -> [UInt8]? {
    var found: [UInt8]?
    for holder in try index.holders(ofKey: keyID) {
      guard let locator = try stored(holder),
        let key = StreamingLocatorView(locator).contentKeys.first(where: {
          $0.id.lowercased() == keyID.lowercased()
        })
      else { continue }
      // A locator that cannot be served needs no key.
      guard let publication = try? publication(of: locator), publication.isDue(at: now()) else { continue }
      guard try isOpen(key, of: publication), let value = Self.material(of: key),
        found == nil || found == value
      else { return nil }
      found = value
    }
    return found
  }
}

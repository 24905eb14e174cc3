import LiveAccount
package import MediaResources

/// What a locator needs from the rest of the account to go live.
struct Publication {
  let locator: Resource
  let view: StreamingLocatorView
  let asset: Resource
  let policy: StreamingPolicyView
  /// Seconds since 1970.
  let start: Int64?
  let end: Int64?

  func isDue(at now: Int64) -> Bool { (start.map { $0 <= now } ?? true) && (end.map { now < $0 } ?? true) }

  /// Whether time alone will change what is published.
  func isTimed(at now: Int64) -> Bool { start.map { now < $0 } ?? false || end.map { now < $0 } ?? false }
}

extension FolderAccount {
  /// Makes what web servers serve agree with a locator: published once its media is checked, while its time lasts.
  /// - Throws: `AccountError`, `ContentError`; what was published before stays then.
  func publish(_ locator: Resource) throws {
    let publication = try publication(of: locator)
    try index.note(
      locator.id, uses: ReverseIndex.used(by: publication.view, in: publication.policy))
    try index.note(locator.id, isTimed: publication.isTimed(at: now()))
    guard let id = publication.view.streamingLocatorID else {
      throw AccountError(.invalid, "\(locator.id) has no streamingLocatorId")
    }
    guard publication.isDue(at: now()) else { return try takeDownFiles(locator, publication.view) }
    guard let container = FolderLayout.container(AssetView(publication.asset)),
      try root.stat(container) != nil
    else {
      throw AccountError(.missing, "\(publication.asset.id), which \(locator.id) publishes, has no files")
    }
    let source = try root.subfolder(container, create: false)
    let files = try playerFiles(of: publication, in: source)
    try deliverKeys(of: publication)
    try expose(files, from: source, at: FolderLayout.publication(id), staging: id)
  }

  private func publication(of locator: Resource) throws -> Publication {
    let view = StreamingLocatorView(locator)
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
    return Publication(
      locator: locator, view: view, asset: asset, policy: policy,
      start: try Timestamp.seconds(view.startTime, of: locator.id, "startTime"),
      end: try Timestamp.seconds(view.endTime, of: locator.id, "endTime"))
  }

  private func streamingPolicy(_ name: String) throws -> StreamingPolicyView? {
    if let predefined = StreamingPolicyView.predefined(name) { return predefined }
    return try stored(ResourceID(kind: .streamingPolicy, assetName: nil, name: name)).map(
      StreamingPolicyView.init)
  }

  /// The files to publish: all under a clear policy, under an encrypting one those that a player needs and that are
  /// verified to be encrypted with the locator's keys.
  private func playerFiles(of publication: Publication, in folder: RootedFolder) throws -> [String] {
    guard publication.policy.isEncrypting else { return try EncryptedMedia.clearPlayerFiles(in: folder) }
    let keys = try publication.view.contentKeys.map { key -> ContentKeyMaterial in
      guard let text = key.value, let value = Base64.decode(text), value.count == 16 else {
        throw AccountError(
          .invalid, "\(publication.locator.id): the value of content key \(key.id) is not 16 bytes in base64")
      }
      return ContentKeyMaterial(id: key.id, value: value)
    }
    do { return try EncryptedMedia.playerFiles(in: folder, keys: keys) } catch {
      guard error.code == .encryption else { throw error }
      throw AccountError(
        .notEncrypted,
        "\(publication.locator.id) is under the encrypting policy \(publication.view.streamingPolicyName ?? "?"),"
          + " but \(error.message)",
        hint: error.hint
          ?? "encode the media with the locator's key, or publish it with --streaming-policy"
          + " Predefined_ClearStreamingOnly")
    }
  }

  // MARK: Files

  /// Makes the files of a publication the wanted ones: a new publication by one rename; a standing one file by file,
  /// segments first, then manifests, then removals.
  private func expose(_ files: [String], from source: RootedFolder, at path: String, staging id: String)
    throws
  {
    guard try root.stat(path) != nil else {
      let staged = "\(FolderLayout.control)/staging/\(id.lowercased())"
      if try root.stat(staged) != nil { try root.removeTree(staged) }
      try root.makeFolder(staged, mode: 0o755)
      let folder = try root.subfolder(staged, create: false)
      for file in files { try folder.link(file, from: source) }
      try root.rename(from: staged, to: path)
      try root.syncFolder(FolderLayout.published)
      return
    }
    let folder = try root.subfolder(path, create: false)
    let wanted = Set(files)
    for file in ContentOrder.playersSurvive(files) {
      if try folder.isSameFile(file, as: source) { continue }
      try folder.link(file, from: source)
    }
    for entry in try folder.list(recursively: true) where !wanted.contains(entry.path) {
      try folder.remove(entry.path)
    }
  }

  // MARK: Keys

  /// Puts each key whose policy is open where any web server delivers it, and takes every other one away.
  private func deliverKeys(of publication: Publication) throws {
    let withheld = try publication.view.contentKeys.contains { try !isOpen($0, of: publication) }
    try index.note(publication.locator.id, isWithheld: withheld)
    for key in publication.view.contentKeys {
      guard try isOpen(key, of: publication), let text = key.value, let value = Base64.decode(text) else {
        try withdraw(key.id)
        continue
      }
      let path = FolderLayout.key(key.id)
      if try root.stat(path) != nil, try root.read(path) == value { continue }
      try root.write(path, value, mode: 0o644)
    }
  }

  /// Whether anybody may have a key: its content key policy has open restrictions only.
  private func isOpen(_ key: StreamingLocatorView.ContentKey, of publication: Publication) throws -> Bool {
    let name =
      key.label.flatMap { publication.policy.contentKeyPolicyName(forLabel: $0) }
      ?? publication.view.defaultContentKeyPolicyName ?? publication.policy.defaultContentKeyPolicyName
    guard let name, let policy = try stored(ResourceID(kind: .contentKeyPolicy, assetName: nil, name: name))
    else {
      return false
    }
    return ContentKeyPolicyView(policy).isOpen
  }

  private func withdraw(_ key: String) throws {
    if try root.stat(FolderLayout.key(key)) != nil { try root.remove(FolderLayout.key(key)) }
  }

  // MARK: Taking down

  /// Unpublishes a locator: its URL first, then the keys that no other locator needs; `keeping` is the form that
  /// replaces it.
  func takeDown(_ old: Resource, keeping new: Resource? = nil) throws {
    let view = StreamingLocatorView(old)
    let kept = new.map { StreamingLocatorView($0) }
    if kept?.streamingLocatorID?.lowercased() != view.streamingLocatorID?.lowercased() {
      try removePublication(view)
    }
    let policy = try view.streamingPolicyName.flatMap { try streamingPolicy($0) }
    let stays = Set(try keptKeys(of: old, new: kept))
    for key in view.contentKeys where !stays.contains(key.id.lowercased()) { try withdraw(key.id) }
    let used = Set(ReverseIndex.used(by: view, in: policy))
    let stillUsed =
      try kept.map { Set(ReverseIndex.used(by: $0, in: try streamingPolicy($0.streamingPolicyName ?? ""))) }
      ?? []
    try index.forget(old.id, uses: Array(used.subtracting(stillUsed)))
    if new == nil {
      try index.note(old.id, isTimed: false)
      try index.note(old.id, isWithheld: false)
    }
  }

  /// Takes the files and keys of a locator down whose time has not come, or is over.
  private func takeDownFiles(_ locator: Resource, _ view: StreamingLocatorView) throws {
    try removePublication(view)
    let stays = Set(try keptKeys(of: locator, new: nil))
    for key in view.contentKeys where !stays.contains(key.id.lowercased()) { try withdraw(key.id) }
  }

  private func removePublication(_ view: StreamingLocatorView) throws {
    guard let id = view.streamingLocatorID else { return }
    let path = FolderLayout.publication(id)
    guard try root.stat(path) != nil else { return }
    let gone = "\(FolderLayout.control)/staging/\(id.lowercased()).gone"
    if try root.stat(gone) != nil { try root.removeTree(gone) }
    try root.makeFolder("\(FolderLayout.control)/staging", mode: 0o700)
    try root.rename(from: path, to: gone)
    try root.syncFolder(FolderLayout.published)
    try root.removeTree(gone)
  }

  /// The keys that other locators of the same asset still need.
  private func keptKeys(of old: Resource, new: StreamingLocatorView?) throws -> [String] {
    var kept = new?.contentKeys.map { $0.id.lowercased() } ?? []
    guard let asset = StreamingLocatorView(old).assetName else { return kept }
    for user in try index.users(of: ResourceID(kind: .asset, assetName: nil, name: asset))
    where user != old.id {
      guard let other = try stored(user) else { continue }
      kept += StreamingLocatorView(other).contentKeys.map { $0.id.lowercased() }
    }
    return kept
  }

  /// Refuses a locator whose id another locator has.
  func claim(_ locator: Resource, replacing old: Resource?) throws {
    guard let id = StreamingLocatorView(locator).streamingLocatorID else { return }
    let path = "\(FolderLayout.index)/locator-ids/\(id.lowercased())"
    if try root.stat(path) != nil {
      let owner = String(decoding: try root.read(path), as: UTF8.self)
      let ownerID = ResourceID(kind: .streamingLocator, assetName: nil, name: owner)
      if ownerID != locator.id, let other = try stored(ownerID),
        StreamingLocatorView(other).streamingLocatorID?.lowercased() == id.lowercased()
      {
        throw AccountError(.exists, "\(locator.id) and \(ownerID) claim the same locator id \(id)")
      }
      if ownerID == locator.id { return }
    }
    try root.write(path, Array(locator.id.name.utf8), mode: 0o600)
  }

  // MARK: Time

  package func settle() async throws -> [ResourceID] {
    var settled: [ResourceID] = []
    for id in try index.timed() {
      guard let locator = try stored(id), let locatorID = StreamingLocatorView(locator).streamingLocatorID
      else {
        try index.note(id, isTimed: false)
        continue
      }
      let was = try root.stat(FolderLayout.publication(locatorID)) != nil
      try publish(locator)
      if try (root.stat(FolderLayout.publication(locatorID)) != nil) != was { settled.append(id) }
    }
    return settled
  }

  package func locatorsNeedingKeyServer() async throws -> [ResourceID] { try index.withheld() }

  package func publicationProblems() async throws -> [String] {
    var problems: [String] = []
    for listed in try await list(.streamingLocator) {
      guard let document = try await read(listed) else { continue }
      let locator = try Resource(document: document, kind: .streamingLocator)
      problems += try publicationProblems(of: locator)
    }
    return problems
  }

  private func publicationProblems(of locator: Resource) throws -> [String] {
    let publication = try publication(of: locator)
    guard publication.isDue(at: now()), let id = publication.view.streamingLocatorID,
      let container = FolderLayout.container(AssetView(publication.asset)), try root.stat(container) != nil
    else { return [] }
    let path = FolderLayout.publication(id)
    guard try root.stat(path) != nil else { return ["\(locator.id) is not published: \(path) is missing"] }
    let source = try root.subfolder(container)
    let published = try root.subfolder(path)
    var problems: [String] = []
    for file in try playerFiles(of: publication, in: source) {
      guard try published.stat(file) != nil else {
        problems.append("\(locator.id): \(path)/\(file) is missing")
        continue
      }
      if try published.isSameFile(file, as: source) { continue }
      if try ContentScan.digest(of: file, in: published) != ContentScan.digest(of: file, in: source) {
        problems.append("\(locator.id): \(path)/\(file) is not the file in \(container)")
      }
    }
    for key in publication.view.contentKeys where try isOpen(key, of: publication) {
      let file = FolderLayout.key(key.id)
      let isRight = try root.stat(file) != nil && root.read(file) == key.value.flatMap(Base64.decode)
      if !isRight { problems.append("\(locator.id): \(file) is not the locator's content key") }
    }
    return problems
  }
}

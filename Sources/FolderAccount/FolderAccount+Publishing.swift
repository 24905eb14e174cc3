import CanonicalJSON
package import LiveAccount
package import MediaResources

extension FolderAccount {
  // MARK: Locators

  /// Makes a locator, or gives it another form: checked first, then written down, then published.
  ///
  /// As the services do, it takes one whose asset has no files yet: that one waits for them, unpublished, until a change of
  /// content brings them, or `settle` finds them, and they check out. Until everything is done it is noted as pending, with
  /// its old form, so that `recover` can end what was cut off.
  func put(locator: Resource) throws {
    let old = try stored(locator.id)
    let waits = try check(locator)
    try index.notePending([(locator.id, old)])
    if waits { try index.note(locator.id, isOn: .waiting, true) }
    try write(locator)
    try change(from: old, to: locator)
    try index.forgetPending([locator.id])
  }

  /// Takes a locator away: its publication, the keys that nobody else needs, its document.
  func delete(locator old: Resource) throws {
    try index.notePending([(old.id, old)])
    try root.remove(FolderLayout.document(old.id), pruning: false)
    try change(from: old, to: nil)
    try index.forgetPending([old.id])
  }

  /// Whether a locator can be published as it is; changes nothing.
  /// - Returns: whether it has to wait for its asset's files.
  private func check(_ locator: Resource) throws -> Bool {
    let publication = try publication(of: locator)
    let rivals =
      try publication.view.contentKeys.flatMap { try index.holders(ofKey: $0.id) }
      + index.claimants(ofLocatorID: publication.view.streamingLocatorID ?? "")
    for rival in Set(rivals).sorted() {
      guard let other = try stored(rival), let clash = Identity.clash(other, locator) else { continue }
      throw AccountError(.exists, clash)
    }
    let folder = try source(of: publication)
    if let folder, try folder.isEmpty() { return true }
    guard publication.isDue(at: now()) else { return false }
    guard let folder else {
      throw AccountError(.missing, "\(publication.asset.id), which \(locator.id) publishes, has no files")
    }
    _ = try playerFiles(of: publication, in: folder)
    return false
  }

  /// Whether a locator waits for its asset's files.
  func isWaiting(_ locator: Resource) throws -> Bool { try index.isNoted(locator.id, on: .waiting) }

  private func source(of publication: Publication) throws -> RootedFolder? {
    guard let container = FolderLayout.container(AssetView(publication.asset)),
      try root.stat(container) != nil
    else { return nil }
    return try root.subfolder(container)
  }

  /// Makes what web servers serve follow from one form of a locator to another; may be made again.
  private func change(from old: Resource?, to new: Resource?) throws {
    let used = try new.map { try uses($0) } ?? []
    if let new { try index.note(new, uses: used) }
    let oldID = old.flatMap { StreamingLocatorView($0).streamingLocatorID?.lowercased() }
    let newID = new.flatMap { StreamingLocatorView($0).streamingLocatorID?.lowercased() }
    // Noted anew where it stands on the list again: who watches the list sees that its times may be others.
    if let old, new != nil { try index.note(old.id, isOn: .timed, false) }
    if let oldID, oldID != newID, try !isClaimed(oldID, byOthersThan: old) { try removePublication(oldID) }
    let keys = [old, new].compactMap(\.self).flatMap {
      StreamingLocatorView($0).contentKeys.map { $0.id.lowercased() }
    }
    try deliver(Set(keys))
    if let new { try expose(new) }
    if let old { try index.forget(old, uses: uses(old), keeping: new, uses: used) }
    if new == nil, let old {
      try index.note(old.id, isOn: .timed, false)
      try index.note(old.id, isOn: .withheld, false)
      try index.note(old.id, isOn: .waiting, false)
    }
  }

  private func isClaimed(_ id: String, byOthersThan locator: Resource?) throws -> Bool {
    try index.claimants(ofLocatorID: id).contains { rival in
      guard rival != locator?.id, let other = try stored(rival) else { return false }
      return StreamingLocatorView(other).streamingLocatorID?.lowercased() == id
    }
  }

  /// Makes what web servers serve follow something that locators use: first every key, then the files.
  /// - Throws: what the first one that failed said, after all were tried.
  func refresh(_ locators: [Resource]) throws {
    try deliver(Set(locators.flatMap { StreamingLocatorView($0).contentKeys.map { $0.id.lowercased() } }))
    var failure: (any Error)?
    for locator in locators {
      do {
        try index.note(locator, uses: uses(locator))
        try expose(locator)
      } catch { failure = failure ?? error }
    }
    if let failure { throw failure }
  }

  // MARK: Files

  /// Publishes a locator's files while its time lasts, once its media is checked; takes them down otherwise.
  ///
  /// One that waits for its files stays unpublished until they check out, and that is no failure.
  private func expose(_ locator: Resource) throws {
    let publication = try publication(of: locator)
    guard let id = publication.view.streamingLocatorID else { return }
    let isDue = publication.isDue(at: now())
    let isExposed = try publicationLocks.locked(publication.asset) {
      guard isDue, let source = try source(of: publication),
        let files = try filesToExpose(publication, in: source)
      else {
        try removePublication(id)
        return false
      }
      try expose(files, from: source, at: FolderLayout.publication(id))
      try index.note(locator.id, isOn: .waiting, false)
      return true
    }
    // Last: what fails, or is cut off, is tried again.
    try index.note(locator.id, isOn: .withheld, isExposed && !isDelivered(publication))
    try index.note(locator.id, isOn: .timed, publication.isTimed(at: now()))
  }

  /// The files of a publication; nil where it waits for those that it needs.
  private func filesToExpose(_ publication: Publication, in source: RootedFolder) throws -> [String]? {
    if try source.isEmpty() { return nil }
    guard try isWaiting(publication.locator) else { return try playerFiles(of: publication, in: source) }
    do { return try playerFiles(of: publication, in: source) } catch let error as AccountError {
      guard error.code == .notEncrypted else { throw error }
      return nil
    }
  }

  private func isDelivered(_ publication: Publication) throws -> Bool {
    try publication.view.contentKeys.allSatisfy { try root.stat(FolderLayout.key($0.id)) != nil }
  }

  /// Makes the files of a publication the wanted ones: a new publication by one rename; a standing one file by file,
  /// segments first, then manifests, then removals.
  private func expose(_ files: [String], from source: RootedFolder, at path: String) throws {
    guard try root.stat(path) != nil else {
      let staged = "\(FolderLayout.staging)/\(Random.guid())"
      let folder = try root.subfolder(staged, create: true)
      for file in files { try folder.link(file, from: source) }
      try root.rename(from: staged, to: path)
      try root.syncFolder(FolderLayout.published)
      return
    }
    let folder = try root.subfolder(path)
    let wanted = Set(files.map { Array($0.utf8) })
    let extras = try folder.list(recursively: true).map(\.path).filter { !wanted.contains(Array($0.utf8)) }
    let wantedFolders = Set(wanted.flatMap(Self.folders))
    let inTheWay = Set(
      extras.map { Array($0.utf8) }.filter { file in
        wantedFolders.contains(file) || Self.folders(above: file).contains { wanted.contains($0) }
      })
    for file in extras where inTheWay.contains(Array(file.utf8)) { try folder.remove(file) }
    for file in ContentOrder.playersSurvive(files) {
      if try folder.isSameFile(file, as: source) { continue }
      try folder.link(file, from: source)
    }
    for file in extras where !inTheWay.contains(Array(file.utf8)) { try folder.remove(file) }
  }

  /// The folders above a file, as the bytes of their paths.
  private static func folders(above file: [UInt8]) -> [[UInt8]] {
    file.indices.filter { file[$0] == UInt8(ascii: "/") }.map { Array(file[..<$0]) }
  }

  private func removePublication(_ id: String) throws {
    let path = FolderLayout.publication(id)
    guard try root.stat(path) != nil else { return }
    let gone = "\(FolderLayout.staging)/\(Random.guid())"
    try root.makeFolder(FolderLayout.staging, mode: 0o700)
    try root.rename(from: path, to: gone)
    try root.syncFolder(FolderLayout.published)
    try root.removeTree(gone)
  }

  // MARK: Keys

  /// Puts keys where any web server delivers them, as far as anybody may have them, and takes every other one away.
  private func deliver(_ keys: Set<String>) throws {
    try keyLock.locked {
      for id in keys.sorted() {
        let path = FolderLayout.key(id)
        let isThere = try root.stat(path) != nil
        guard let value = try deliverable(id) else {
          if isThere { try root.remove(path, pruning: false) }
          continue
        }
        if isThere, try root.read(path) == value { continue }
        try put(path, value, mode: 0o644)
      }
    }
  }

  package func locatorsNeedingKeyServer() async throws -> [ResourceID] { try index.locators(on: .withheld) }

  // MARK: Time and crashes

  package func settle() async throws -> Settlement {
    var settlement = Settlement()
    try dropStages()
    for id in try Set(index.locators(on: .timed) + index.locators(on: .waiting)).sorted() {
      do {
        guard let locator = try stored(id), let locatorID = StreamingLocatorView(locator).streamingLocatorID
        else {
          try index.note(id, isOn: .timed, false)
          try index.note(id, isOn: .waiting, false)
          continue
        }
        let was = try root.stat(FolderLayout.publication(locatorID)) != nil
        if try isAsItsTimeSays(locator, isPublished: was) { continue }
        try refresh([locator])
        if try (root.stat(FolderLayout.publication(locatorID)) != nil) != was {
          settlement.changed.append(id)
        }
      } catch {
        settlement.problems.append("\(id.summary): \(AccountError.explaining(error).message)")
      }
    }
    for (id, error) in try finishPending()
    where !settlement.problems.contains(where: { $0.hasPrefix("\(id.summary):") }) {
      settlement.problems.append("\(id.summary): \(AccountError.explaining(error).message)")
    }
    return settlement
  }

  /// Whether time changes something of a locator only later; looks at none of its files.
  private func isAsItsTimeSays(_ locator: Resource, isPublished: Bool) throws -> Bool {
    guard try !isWaiting(locator) else { return false }
    let publication = try publication(of: locator)
    return publication.isTimed(at: now()) && publication.isDue(at: now()) == isPublished
  }

  package func unfinished() async throws -> [ResourceID] { try index.pendingChanges().map(\.id) }

  /// Tries again what is noted as under way; says which locators still cannot be served.
  ///
  /// One that cannot (its storage is gone, say) keeps nothing else back.
  @discardableResult
  private func finishPending() throws -> [(id: ResourceID, error: any Error)] {
    var failures: [(id: ResourceID, error: any Error)] = []
    for (id, old) in try index.pendingChanges() {
      let before = (try? JSONValue.parse(old))?.objectValue.flatMap {
        try? Resource(document: $0, kind: .streamingLocator)
      }
      do {
        try change(from: before, to: stored(id))
        try index.forgetPending([id])
      } catch {
        try cancellation.check()
        failures.append((id, error))
      }
    }
    return failures
  }

  package func recover() async throws {
    if try root.stat(FolderLayout.staging) != nil {
      let staging = try root.subfolder(FolderLayout.staging)
      for folder in try staging.folders() { try staging.removeTree(folder) }
      for entry in try staging.list() { try staging.remove(entry.path) }
    }
    if try !index.isComplete() { try rebuildIndex() }
    try finishSwaps()
    try finishPending()
  }

  /// Makes the index anew from the documents; costs the account.
  private func rebuildIndex() throws {
    try root.makeFolder(FolderLayout.index, mode: 0o700)
    try index.clear()
    for (kind, note) in [(ResourceKind.asset, noteAsset), (.streamingLocator, noteLocator)] {
      for entry in try documents(of: kind) {
        try cancellation.check()
        // A document that cannot be read is told by the next capture.
        let document = try readableDocument(at: "\(FolderLayout.control)/\(kind.rawValue)/\(entry.path)")
        if let resource = document.flatMap({ try? Resource(document: $0, kind: kind) }) { try note(resource) }
      }
    }
    try root.flushFileSystem()
    try index.begin()
  }

  private func noteAsset(_ asset: Resource) throws {
    guard let container = FolderLayout.container(AssetView(asset)) else { return }
    try index.note(container: container, of: asset.id.name)
  }

  private func noteLocator(_ locator: Resource) throws {
    try index.note(locator, uses: uses(locator))
    guard let publication = try? publication(of: locator) else { return }
    try index.note(locator.id, isOn: .timed, publication.isTimed(at: now()))
    let isDue = publication.isDue(at: now())
    try index.note(locator.id, isOn: .withheld, isDue && !isDelivered(publication))
    let isPublished = try publication.view.streamingLocatorID.map {
      try root.stat(FolderLayout.publication($0)) != nil
    }
    let isEmpty = try source(of: publication)?.isEmpty() ?? true
    try index.note(locator.id, isOn: .waiting, isDue && isPublished == false || isEmpty)
  }
}

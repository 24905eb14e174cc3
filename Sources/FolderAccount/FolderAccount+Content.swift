import CanonicalJSON
package import LiveAccount
package import MediaResources

extension FolderAccount {
  package func contentPlace(of asset: Resource) async throws -> ContentPlace? {
    try await contentFolder(of: asset).map { .folder($0) }
  }

  /// The folder with an asset's files, for reading; nil where there is none.
  package func contentFolder(of asset: Resource) async throws -> RootedFolder? {
    guard let container = FolderLayout.container(AssetView(asset)), try root.stat(container) != nil else {
      return nil
    }
    return try root.subfolder(container)
  }

  // MARK: Inventories

  /// What the key of an inventory in a listing ends with; the asset's document stands before it.
  private static let inventoryMark = "#content"

  /// The inventory of every asset, with a mark that changes whenever one of its files does.
  ///
  /// Reads only the documents of assets that changed since the last time.
  func listContents() async throws -> [ListedResource] {
    var table = ContainerTable.load(from: root)
    let containers = try table.update(noted.takeDocuments() ?? documents(of: .asset)) { file, stamp in
      if let known = noted.container(in: file, stamp) { return known }
      return try readableDocument(at: "\(FolderLayout.control)/\(ResourceKind.asset.rawValue)/\(file)")
        .flatMap(Self.container)
    }
    table.saveWhereChanged(to: root)
    try checkOwners(containers)
    return try await withThrowingTaskGroup(of: [ListedResource].self) { group in
      let size = max(256, containers.count / 8)
      for start in stride(from: 0, to: containers.count, by: size) {
        let chunk = containers[start..<min(start + size, containers.count)]
        group.addTask { try list(chunk) }
      }
      var listed: [ListedResource] = []
      listed.reserveCapacity(containers.count)
      for try await part in group { listed += part }
      return listed
    }
  }

  private func list(_ containers: ArraySlice<ContainerTable.Row>) throws -> [ListedResource] {
    var storage: [Substring: RootedFolder] = [:]
    return try containers.compactMap { row in
      let key = "\(FolderLayout.control)/\(ResourceKind.asset.rawValue)/\(row.document)\(Self.inventoryMark)"
      guard let files = try files(inContainer: row.container, &storage) else {
        return ListedResource(kind: .content, key: key, stamp: .unknown)
      }
      guard !files.isEmpty else { return nil }
      let ordered = files.sorted { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
      return ListedResource(kind: .content, key: key, stamp: FileEntry.stamp(of: ordered))
    }
  }

  /// Refuses two assets with one container.
  private func checkOwners(_ containers: [ContainerTable.Row]) throws {
    guard Set(containers.lazy.map(\.container)).count < containers.count else { return }
    var owners: [String: String] = [:]
    for row in containers {
      guard let other = owners.updateValue(row.document, forKey: row.container) else { continue }
      throw AccountError(
        .invalid,
        "\(place): the assets in \(other) and \(row.document) name the same container, \(row.container)",
        hint: "give one of them a container of its own")
    }
  }

  /// The container that an asset's document names; nil where it names none.
  static func container(in document: JSONObject) -> String? {
    (try? Resource(document: document, kind: .asset)).flatMap { FolderLayout.container(AssetView($0)) }
  }

  /// The files in a container in any order; nil where it is not there.
  /// - Parameter storage: folders of storage accounts that are open already: there are many containers in each.
  private func files(
    inContainer container: String, _ storage: inout [Substring: RootedFolder]
  ) throws(ContentError) -> [FileEntry]? {
    let slash = container.utf8.lastIndex(of: UInt8(ascii: "/")) ?? container.startIndex
    let account = container[..<slash]
    do throws(ContentError) {
      let known = storage[account]
      let folder = if let known { known } else { try root.subfolder(String(account)) }
      storage[account] = folder
      return try folder.listUnordered(
        in: String(container[container.utf8.index(after: slash)...]), recursively: true)
    } catch {
      guard error.code == .notFound else { throw error }
      return nil
    }
  }

  private func containerFolder(_ container: String) throws(ContentError) -> RootedFolder? {
    do { return try root.subfolder(container) } catch {
      guard error.code == .notFound else { throw error }
      return nil
    }
  }

  func readInventory(_ key: String) throws -> JSONObject? {
    guard key.hasSuffix(Self.inventoryMark),
      let document = try document(at: String(key.dropLast(Self.inventoryMark.count)))
    else { return nil }
    let asset = try Resource(document: document, kind: .asset)
    return try inventory(of: asset)?.document(ofAsset: asset.id.name)
  }

  /// The files of an asset; nil for one that has none yet.
  /// - Throws: `AccountError` (`.missing`) where its container is gone: storage that is not there is no deletion.
  func inventory(of asset: Resource) throws -> ContentInventory? {
    guard let container = FolderLayout.container(AssetView(asset)) else { return nil }
    guard let folder = try containerFolder(container) else { throw lost(container, of: asset) }
    let inventory = try ContentScan.inventory(of: folder, isCancelled: { cancellation.isCancelled })
    return inventory.files.isEmpty ? nil : inventory
  }

  private func lost(_ container: String, of asset: Resource) -> AccountError {
    AccountError(
      .missing, "the container of \(asset.id), \(place)/\(container), is not there",
      hint: "bring its storage back; if the asset is to go, take away its document, too:"
        + " \(FolderLayout.document(asset.id))")
  }

  // MARK: Changing

  /// Makes the container of a new asset, which must be nobody else's.
  /// - Throws: `AccountError` (`.missing`) where the asset is there and its container is not: storage that is not there
  ///   must not come back empty.
  func prepareContainer(of asset: Resource) throws {
    guard let container = FolderLayout.container(AssetView(asset)),
      !FolderLayout.isReserved(container: container)
    else {
      throw AccountError(.invalid, "\(asset.id) names no storage account and container that can be used")
    }
    if let owner = try index.asset(ofContainer: container), !owner.utf8.elementsEqual(asset.id.name.utf8),
      let other = try stored(ResourceID(kind: .asset, assetName: nil, name: owner)),
      FolderLayout.container(AssetView(other)) == container
    {
      throw AccountError(.exists, "the container of \(asset.id), \(container), belongs to asset/\(owner)")
    }
    if try root.stat(container) == nil {
      if let old = try stored(asset.id), FolderLayout.container(AssetView(old)) == container {
        throw lost(container, of: asset)
      }
      try root.makeFolder(container, mode: 0o755)
    }
    try index.note(container: container, of: asset.id.name)
  }

  package func replaceContent(
    of asset: Resource, for locators: [Resource], by fill: @Sendable (ContentStage) throws -> Void
  ) async throws {
    try prepareContainer(of: asset)
    try replace(filesOf: asset, for: locators, by: fill)
  }

  package func restoreContent(
    of asset: Resource, by fill: @Sendable (ContentStage) throws -> Void
  ) async throws {
    let container = FolderLayout.container(AssetView(asset))
    let isLost = try container.map { try root.stat($0) == nil } ?? false
    // Storage that is away altogether is to come back itself.
    let storage = AssetView(asset).storageAccountName.map { "\(FolderLayout.storage)/\($0)" }
    let isStorageThere = try storage.map { try root.stat($0) != nil } ?? false
    if !isLost || !isStorageThere { try prepareContainer(of: asset) }
    try replace(filesOf: asset, for: [], by: fill)
  }

  /// Fills a stage and puts it in the place of an asset's container, or makes it the container where there is none.
  private func replace(
    filesOf asset: Resource, for locators: [Resource], by fill: @Sendable (ContentStage) throws -> Void
  ) throws {
    guard let container = FolderLayout.container(AssetView(asset)) else {
      throw AccountError(.invalid, "\(asset.id) names no storage account and container")
    }
    let stage = FolderLayout.stage(ofContainer: container)
    try index.noteStage(ofContainer: container)
    let folder = try root.subfolder(stage, create: true)
    try fill(.folder(folder, current: try containerFolder(container)))
    let coming = Set(locators.map(\.id))
    let staying = try index.users(of: asset.id).compactMap(stored).filter {
      try !coming.contains($0.id) && uses($0).contains(asset.id)
    }
    // One that waits for its files keeps none of them back.
    let checked = try staying.filter { try !isWaiting($0) } + locators
    do { try checkMedia(of: checked, in: folder) } catch {
      try root.removeTree(stage)
      try index.forgetStage(ofContainer: container)
      throw error
    }
    try index.notePending(staying.map { ($0.id, $0) })
    try swap(container, with: stage)
    try index.forgetStage(ofContainer: container)
    try refresh(staying)
    try index.forgetPending(staying.map(\.id))
  }

  /// Whether files may be published by locators, where their time has come.
  /// - Throws: `AccountError` (`.notEncrypted`) that names every locator of which they may not.
  private func checkMedia(of locators: [Resource], in folder: RootedFolder) throws {
    var refusals: [AccountError] = []
    for locator in locators {
      let publication = try publication(of: locator)
      guard publication.isDue(at: now()) else { continue }
      do { _ = try playerFiles(of: publication, in: folder) } catch let error as AccountError {
        guard error.code == .notEncrypted else { throw error }
        refusals.append(error)
      }
    }
    guard let first = refusals.first else { return }
    throw AccountError(
      first.code, first.message, hint: first.hint,
      causes: refusals.reduce(into: [:]) { $0.merge($1.causes) { cause, _ in cause } })
  }

  /// Puts a complete stage in a container's place, and takes the old files away.
  private func swap(_ container: String, with stage: String) throws {
    try root.flushFileSystem()
    let note = try index.noteSwap(of: container)
    if try root.stat(container) == nil {
      try root.rename(from: stage, to: container)
    } else if try !root.exchange(stage, container) {
      // A file system that cannot exchange: between these two renames there is no container, and `finishSwaps` knows.
      try root.rename(from: container, to: FolderLayout.aside(ofContainer: container))
      try root.rename(from: stage, to: container)
    }
    try removeBeside(container)
    try index.forgetSwap(note)
  }

  /// Ends swaps that were cut off: a stage whose container went aside takes its place; beside one it is of no more use.
  func finishSwaps() throws {
    for (note, container) in try index.openSwaps() {
      let stage = FolderLayout.stage(ofContainer: container)
      if try root.stat(container) == nil, try root.stat(stage) != nil {
        try root.rename(from: stage, to: container)
      }
      try removeBeside(container)
      try index.forgetSwap(note)
    }
  }

  /// Takes away what copies that failed left beside containers: for a run that goes on with them, which there is none
  /// after a complete one.
  func dropStages() throws {
    for container in try index.stagedContainers() {
      let stage = FolderLayout.stage(ofContainer: container)
      if try root.stat(stage) != nil { try root.removeTree(stage) }
      try index.forgetStage(ofContainer: container)
    }
  }

  /// Takes away what a swap leaves beside a container: its old files.
  private func removeBeside(_ container: String) throws {
    for path in [FolderLayout.stage(ofContainer: container), FolderLayout.aside(ofContainer: container)]
    where try root.stat(path) != nil {
      try root.removeTree(path)
    }
  }

  package func removeContent(of asset: Resource) async throws {
    guard let container = FolderLayout.container(AssetView(asset)),
      try index.users(of: asset.id).compactMap(stored).isEmpty
    else { return }
    for path in [container, FolderLayout.stage(ofContainer: container)] where try root.stat(path) != nil {
      try root.removeTree(path)
    }
  }
}

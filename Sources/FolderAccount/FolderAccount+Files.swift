package import LiveAccount
package import MediaResources

/// Single files of an asset, changed while locators may publish it.
extension FolderAccount {
  /// The folder in the control plane in which an endpoint keeps what is its own; nobody else looks into it.
  package func endpointFolder() throws(ContentError) -> RootedFolder {
    try root.makeFolder(FolderLayout.endpoint, mode: 0o700)
    return try root.subfolder(FolderLayout.endpoint)
  }

  /// The folder with a storage account's containers; nil where there is none.
  package func storageFolder(_ storageAccount: String) throws(ContentError) -> RootedFolder? {
    let path = "\(FolderLayout.storage)/\(storageAccount)"
    guard try root.stat(path)?.isFolder == true else { return nil }
    return try root.subfolder(path)
  }

  /// The asset that a container belongs to; nil for a container that is no asset's, or not there.
  package func asset(ofContainer container: String, storageAccount: String) throws -> Resource? {
    let path = "\(FolderLayout.storage)/\(storageAccount)/\(container)"
    guard !FolderLayout.isReserved(container: path),
      let name = try index.asset(ofContainer: path),
      let asset = try stored(ResourceID(kind: .asset, assetName: nil, name: name)),
      FolderLayout.container(AssetView(asset)) == path, try root.stat(path)?.isFolder == true
    else { return nil }
    return asset
  }

  /// Puts one file of an asset in its place, or takes one away, and makes what is published follow.
  ///
  /// A locator without encryption publishes the new file, one under an encrypting policy what is proven with it. One
  /// whose media does not check out any more (a playlist names a file that is still to come) keeps what it published,
  /// whole, and stays noted as unfinished until a later change, or `settle`, completes it.
  /// - Parameters:
  ///   - path: the file's path in the container.
  ///   - change: replaces or removes the file by a rename; called once, with the container.
  /// - Returns: why locators do not publish the change yet, a line each.
  package func changeFile(
    _ path: String, of asset: Resource, by change: (RootedFolder) throws -> Void
  ) throws -> [String] {
    guard let container = FolderLayout.container(AssetView(asset)) else {
      throw AccountError(.invalid, "\(asset.id) names no storage account and container")
    }
    return try fileLocks.locked(asset) {
      let folder = try root.subfolder(container)
      let locators = try publishers(of: asset)
      let wasPending = try locators.map { try index.isPending($0.id) }
      try index.notePending(locators.map { ($0.id, $0) })
      do { try change(folder) } catch {
        for (locator, wasPending) in zip(locators, wasPending) {
          if wasPending { index.leavePending(locator.id) } else { try index.forgetPending([locator.id]) }
        }
        throw error
      }
      let unfinished = Set(zip(locators, wasPending).filter(\.1).map(\.0.id))
      return follow(locators) { locator in
        try !unfinished.contains(locator.id) && followed(path, of: locator, publishing: asset, in: folder)
      }
    }
  }

  /// Makes locators that are noted as pending follow their asset's files; one that cannot stays noted.
  /// - Parameter isDone: whether a locator follows already.
  /// - Returns: why some do not, a line each.
  private func follow(_ locators: [Resource], unless isDone: (Resource) throws -> Bool) -> [String] {
    locators.compactMap { locator in
      do {
        if try !isDone(locator) { try refresh([locator]) }
        try index.forgetPending([locator.id])
        return nil
      } catch {
        index.leavePending(locator.id)
        return "\(locator.id.summary): \(AccountError.explaining(error).message)"
      }
    }
  }

  /// Calls with an asset's container while no file in it is changed by `changeFile`.
  package func withFiles<Result: Sendable>(
    of asset: Resource, _ body: (RootedFolder) throws -> Result
  ) throws -> Result {
    guard let container = FolderLayout.container(AssetView(asset)) else {
      throw AccountError(.invalid, "\(asset.id) names no storage account and container")
    }
    return try fileLocks.locked(asset) { try body(root.subfolder(container)) }
  }

  /// Examines an asset's files anew for every locator that publishes it, and publishes what checks out.
  /// - Returns: why locators do not publish what is there, a line each; they keep what they published.
  package func reexamine(_ asset: Resource) throws -> [String] {
    try fileLocks.locked(asset) {
      let locators = try publishers(of: asset)
      try index.notePending(locators.map { ($0.id, $0) })
      return follow(locators) { _ in false }
    }
  }

  private func publishers(of asset: Resource) throws -> [Resource] {
    try index.users(of: asset.id).compactMap(stored).filter { try uses($0).contains(asset.id) }
  }

  /// Makes a standing publication without encryption follow one file, at the cost of that file; false where more must be
  /// looked at.
  private func followed(
    _ path: String, of locator: Resource, publishing asset: Resource, in folder: RootedFolder
  ) throws -> Bool {
    let publication = try publication(of: locator)
    guard let id = publication.view.streamingLocatorID, !publication.policy.isEncrypting,
      publication.isDue(at: now()), try root.stat(FolderLayout.publication(id)) != nil
    else { return false }
    return try publicationLocks.locked(asset) {
      let published = try root.subfolder(FolderLayout.publication(id))
      guard try folder.stat(path) == nil else {
        try published.link(path, from: folder)
        return true
      }
      try published.remove(path)
      // The last file takes the publication with it.
      return try !folder.isEmpty()
    }
  }
}

package import CanonicalJSON
package import LiveAccount
package import MediaResources

extension FolderAccount {
  package func contentFolder(of asset: Resource, create: Bool) async throws -> RootedFolder? {
    guard let container = FolderLayout.container(AssetView(asset)) else { return nil }
    guard try create || root.stat(container) != nil else { return nil }
    return try root.subfolder(container, create: create)
  }

  package func contentDidChange(of asset: Resource) async throws {
    for user in try index.users(of: asset.id) {
      if let locator = try stored(user) { try publish(locator) }
    }
  }

  /// Every container, with a mark that changes whenever one of its files does.
  func listContainers() throws -> [ListedResource] {
    guard try root.stat(FolderLayout.storage) != nil else { return [] }
    let storage = try root.subfolder(FolderLayout.storage, create: false)
    var listed: [ListedResource] = []
    for account in try storage.folders() {
      let accountFolder = try storage.subfolder(account, create: false)
      for container in try accountFolder.folders() {
        let files = try accountFolder.subfolder(container, create: false).list(recursively: true)
        listed.append(
          ListedResource(
            kind: .content, key: "\(FolderLayout.storage)/\(account)/\(container)",
            stamp: FileEntry.stamp(of: files)))
      }
    }
    return listed
  }

  /// The inventory of a container; nil for one that belongs to no asset, or has no file yet.
  func readInventory(container: String) throws -> JSONObject? {
    guard let asset = try index.asset(ofContainer: container), try root.stat(container) != nil else {
      return nil
    }
    let inventory = try ContentScan.inventory(of: root.subfolder(container, create: false))
    return inventory.files.isEmpty ? nil : inventory.document(ofAsset: asset)
  }

  /// Notes which container an asset's document names; a document that is no asset names none.
  func noteContainer(of document: JSONObject) throws {
    guard let asset = try? Resource(document: document, kind: .asset),
      let container = FolderLayout.container(AssetView(asset))
    else { return }
    try index.note(container: container, of: asset.id.name)
  }

  /// Makes an asset's container, which must be nobody else's.
  func prepareContainer(of asset: Resource) throws {
    guard let container = FolderLayout.container(AssetView(asset)) else {
      throw AccountError(.invalid, "\(asset.id) names no storage account and container")
    }
    if let owner = try index.asset(ofContainer: container), !owner.utf8.elementsEqual(asset.id.name.utf8),
      try stored(ResourceID(kind: .asset, assetName: nil, name: owner)) != nil
    {
      throw AccountError(.exists, "the container of \(asset.id), \(container), belongs to asset/\(owner)")
    }
    try root.makeFolder(container, mode: 0o755)
    try index.note(container: container, of: asset.id.name)
  }
}

extension ContentInventory {
  /// The inventory as a document of the kind `contents`.
  package func document(ofAsset asset: String) -> JSONObject {
    let files = self.files.map { file -> JSONValue in
      var object = JSONObject([("path", .string(file.path)), ("size", .number(.int64(file.size)))])
      if let md5 = file.md5 { object["md5"] = .string(md5) }
      if let sha256 = file.sha256 { object["sha256"] = .string(sha256) }
      return .object(object)
    }
    return JSONObject([
      ("name", .string(asset)), ("properties", .object(JSONObject([("files", .array(files))]))),
    ])
  }
}

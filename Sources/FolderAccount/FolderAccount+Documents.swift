package import CanonicalJSON
package import LiveAccount
package import MediaResources

extension FolderAccount {
  package func list(_ kind: ResourceKind) async throws -> [ListedResource] {
    if kind == .content { return try listContainers() }
    let folder = "\(FolderLayout.control)/\(kind.rawValue)"
    guard try root.stat(folder) != nil else { return [] }
    return try root.subfolder(folder, create: false).list(recursively: kind.isChildOfAsset).compactMap {
      entry in
      guard entry.path.hasSuffix(".json") else { return nil }
      return ListedResource(kind: kind, key: "\(folder)/\(entry.path)", stamp: entry.stamp)
    }
  }

  package func read(_ listed: ListedResource) async throws -> JSONObject? {
    if listed.kind == .content { return try readInventory(container: listed.key) }
    guard let document = try document(at: listed.key) else { return nil }
    if listed.kind == .asset { try noteContainer(of: document) }
    return document
  }

  package func read(_ id: ResourceID) async throws -> JSONObject? {
    guard id.kind == .content else { return try document(at: FolderLayout.document(id)) }
    let asset = ResourceID(kind: .asset, assetName: nil, name: id.name)
    guard let document = try document(at: FolderLayout.document(asset)),
      let container = FolderLayout.container(AssetView(try Resource(document: document, kind: .asset)))
    else { return nil }
    try noteContainer(of: document)
    return try readInventory(container: container)
  }

  package func create(_ resource: Resource) async throws { try put(resource) }

  package func replace(_ resource: Resource) async throws { try put(resource) }

  package func delete(_ id: ResourceID) async throws {
    guard let old = try stored(id) else { return }
    switch id.kind {
    case .streamingLocator: try takeDown(old)
    case .asset:
      // The index may name a locator that was never completed; only what is stored holds an asset.
      let users = try index.users(of: id).filter { try publishes($0, asset: id) }
      guard users.isEmpty else {
        throw AccountError(
          .refused, "\(id) is published by \(users.map(\.description).joined(separator: ", "))")
      }
      if let container = FolderLayout.container(AssetView(old)) { try index.forget(container: container) }
    default: break
    }
    try root.remove(FolderLayout.document(id))
  }

  private func publishes(_ locator: ResourceID, asset: ResourceID) throws -> Bool {
    guard let name = try stored(locator).flatMap({ StreamingLocatorView($0).assetName }) else { return false }
    return name.utf8.elementsEqual(asset.name.utf8)
  }

  private func put(_ resource: Resource) throws {
    let id = resource.id
    switch id.kind {
    case .content:
      throw AccountError(.unsupported, "\(id) is an inventory: files are copied, not written as a document")
    case .asset:
      try prepareContainer(of: resource)
      try write(resource)
    case .streamingLocator:
      // The old form stays live until the new one is: a locator that moves to another id is taken down afterwards.
      let old = try stored(id)
      try claim(resource, replacing: old)
      try publish(resource)
      try write(resource)
      if let old { try takeDown(old, keeping: resource) }
    default:
      try write(resource)
      for user in try index.users(of: id) {
        if let locator = try stored(user) { try publish(locator) }
      }
    }
  }

  private func write(_ resource: Resource) throws {
    try root.write(FolderLayout.document(resource.id), resource.canonicalBytes(), mode: 0o600)
  }

  /// A resource as it is stored, or nil where there is none.
  func stored(_ id: ResourceID) throws -> Resource? {
    try document(at: FolderLayout.document(id)).map { try Resource(document: $0, kind: id.kind) }
  }

  private func document(at path: String) throws -> JSONObject? {
    let bytes: [UInt8]
    do { bytes = try root.read(path) } catch {
      guard error.code == .notFound else { throw error }
      return nil
    }
    let value: JSONValue
    do { value = try JSONValue.parse(bytes) } catch {
      throw AccountError(.invalid, "\(place)/\(path):\(error)", hint: "mend the file, or take it away")
    }
    guard let object = value.objectValue else {
      throw AccountError(
        .invalid, "\(place)/\(path) is no JSON object", hint: "mend the file, or take it away")
    }
    return object
  }
}

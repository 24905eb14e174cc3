package import CanonicalJSON
package import LiveAccount
package import MediaResources

extension FolderAccount {
  package func list(_ kind: ResourceKind) async throws -> [ListedResource] {
    if kind == .content { return try await listContents() }
    let documents = try documents(of: kind)
    if kind == .asset { noted.keep(documents) }
    return documents.map {
      ListedResource(kind: kind, key: "\(FolderLayout.control)/\(kind.rawValue)/\($0.path)", stamp: $0.stamp)
    }
  }

  /// The documents of a kind, by path within the kind's folder.
  func documents(of kind: ResourceKind) throws -> [FileEntry] {
    let control = try controlPlane()
    guard try control.stat(kind.rawValue) != nil else { return [] }
    return try control.listUnordered(in: kind.rawValue, recursively: kind.isChildOfAsset).filter {
      $0.path.hasSuffix(".json")
    }
  }

  package func read(_ listed: ListedResource) async throws -> JSONObject? {
    if listed.kind == .content { return try readInventory(listed.key) }
    guard let document = try listedDocument(listed) else { return nil }
    if listed.kind == .asset {
      let file = listed.key.dropFirst("\(FolderLayout.control)/\(listed.kind.rawValue)/".utf8.count)
      noted.note(Self.container(in: document), in: String(file), listed.stamp)
    }
    // A document under another name would be a second form of one resource.
    if let resource = try? Resource(document: document, kind: listed.kind) {
      let place = FolderLayout.document(resource.id)
      guard place == listed.key else {
        throw AccountError(
          .invalid, "\(self.place)/\(listed.key) holds \(resource.id.summary), whose place is \(place)",
          hint: "rename the file, or take it away")
      }
    }
    return document
  }

  /// A document through the open folder of its kind: many are read one after another.
  private func listedDocument(_ listed: ListedResource) throws -> JSONObject? {
    let prefix = "\(FolderLayout.control)/\(listed.kind.rawValue)"
    let folder = try folders.folder(prefix) { try controlPlane().subfolder(listed.kind.rawValue) }
    return try document(at: String(listed.key.dropFirst(prefix.utf8.count + 1)), in: folder)
  }

  package func read(_ id: ResourceID) async throws -> JSONObject? {
    guard id.kind == .content else { return try document(at: FolderLayout.document(id)) }
    guard let asset = try stored(ResourceID(kind: .asset, assetName: nil, name: id.name)) else { return nil }
    return try inventory(of: asset)?.document(ofAsset: id.name)
  }

  package func create(_ resource: Resource) async throws { try put(resource) }

  package func replace(_ resource: Resource) async throws { try put(resource) }

  private func put(_ resource: Resource) throws {
    let id = resource.id
    switch id.kind {
    case .content:
      throw AccountError(.unsupported, "\(id) is an inventory: files are copied, not written as a document")
    case .asset:
      try prepareContainer(of: resource)
      try write(resource)
    case .streamingLocator: try put(locator: resource)
    case .contentKeyPolicy, .streamingPolicy:
      let users = try index.users(of: id).compactMap(stored)
      try index.notePending(users.map { ($0.id, $0) })
      try write(resource)
      try refresh(users)
      try index.forgetPending(users.map(\.id))
    default: try write(resource)
    }
  }

  package func delete(_ id: ResourceID) async throws {
    guard let old = try stored(id) else { return try forgetAssigned(to: id) }
    if id.kind == .streamingLocator {
      try delete(locator: old)
      return try forgetAssigned(to: id)
    }
    // The index may name a locator that is another one by now; only what is stored holds a resource.
    let users = try index.users(of: id).compactMap(stored).filter { try uses($0).contains(id) }
    guard users.isEmpty else {
      let names = users.prefix(5).map(\.id.summary).joined(separator: ", ")
      throw AccountError(
        .refused, "\(id) is used by \(names)\(users.count > 5 ? " and \(users.count - 5) more" : "")",
        hint: "take those away first")
    }
    if id.kind == .asset, let container = FolderLayout.container(AssetView(old)) {
      try index.forget(container: container)
    }
    try root.remove(FolderLayout.document(id), pruning: id.kind.isChildOfAsset)
    try forgetAssigned(to: id)
  }

  func write(_ resource: Resource) throws {
    try put(FolderLayout.document(resource.id), resource.canonicalBytes(), mode: 0o600)
  }

  /// A resource as it is stored, or nil where there is none.
  func stored(_ id: ResourceID) throws -> Resource? {
    try document(at: FolderLayout.document(id)).map { try Resource(document: $0, kind: id.kind) }
  }

  /// A document of the control plane; nil where there is none, and where it cannot be read, which is told when its resource
  /// itself is read.
  /// - Throws: `AccountError` (`.missing`) where all of the control plane is away: nothing in it has gone.
  func readableDocument(at path: String) throws -> JSONObject? {
    do { return try document(at: path) } catch let error as AccountError where error.code == .missing {
      throw error
    } catch {
      return nil
    }
  }

  /// A document of the control plane, by its path in the account's folder; nil where there is none.
  func document(at path: String) throws -> JSONObject? {
    let control = FolderLayout.control + "/"
    guard path.hasPrefix(control) else { return nil }
    return try document(at: String(path.dropFirst(control.count)), in: controlPlane())
  }

  private func document(at path: String, in folder: RootedFolder) throws -> JSONObject? {
    let bytes: [UInt8]
    do { bytes = try folder.read(path) } catch {
      guard error.code == .notFound else { throw error }
      return nil
    }
    let value: JSONValue
    do { value = try JSONValue.parse(bytes) } catch {
      throw AccountError(.invalid, "\(folder.path)/\(path):\(error)", hint: "mend the file, or take it away")
    }
    guard let object = value.objectValue else {
      throw AccountError(
        .invalid, "\(folder.path)/\(path) is no JSON object", hint: "mend the file, or take it away")
    }
    return object
  }
}

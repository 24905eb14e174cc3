package import CanonicalJSON
package import LiveAccount
package import MediaResources

/// What a service sets by itself for what it holds: ids, times, states.
///
/// An endpoint over the account keeps it in documents of its own, which no capture sees; there need be none.
extension FolderAccount {
  /// What was set for a resource; nil where nothing was.
  package func assigned(to id: ResourceID) throws -> JSONObject? {
    try document(at: FolderLayout.assigned(id))
  }

  /// Sets what the service says of a resource.
  ///
  /// Durable once the account is flushed.
  package func assign(_ values: JSONObject, to id: ResourceID) throws {
    try put(FolderLayout.assigned(id), JSONValue.object(values).canonicalBytes(), mode: 0o600)
  }

  /// Forgets what was set for a resource: one that is made later under its name is another one.
  func forgetAssigned(to id: ResourceID) throws {
    try root.remove(FolderLayout.assigned(id), pruning: id.kind.isChildOfAsset)
  }

  /// When a resource's document was last written, in nanoseconds since 1970; nil where there is none.
  package func modified(_ id: ResourceID) throws -> Int64? {
    try root.stat(FolderLayout.document(id))?.modified
  }

  /// A resource as it is stored, or nil where there is none; costs one file.
  package func resource(_ id: ResourceID) throws -> Resource? { try stored(id) }

  /// Whether a resource is there; reads nothing of it.
  package func has(_ id: ResourceID) throws -> Bool { try root.stat(FolderLayout.document(id)) != nil }

  /// The locators that use a resource; costs their number.
  package func locators(using id: ResourceID) throws -> [Resource] {
    try index.users(of: id).sorted().compactMap(stored).filter { try uses($0).contains(id) }
  }

  /// Whether fewer locators than a limit use a resource; reads them only where the index alone does not tell.
  package func locators(using id: ResourceID, areFewerThan limit: Int) throws -> Bool {
    try index.users(of: id).count < limit || locators(using: id).count < limit
  }

  /// A mark that changes whenever a resource of a kind comes, goes or is written, or what is set for one.
  ///
  /// Each of these is a rename into a folder. Unknown where that was a moment ago, and for children of assets.
  package func mark(of kind: ResourceKind) throws -> ObservationStamp {
    guard !kind.isChildOfAsset else { return .unknown }
    let folders = [FolderLayout.control, FolderLayout.assignedFolder].map { "\($0)/\(kind.rawValue)" }
    return FileEntry.stamp(of: try folders.compactMap { try root.stat($0) })
  }

  /// Calls with the name of every resource of a kind, in any order; with those of one asset for its children.
  ///
  /// Memory stays flat however many there are. Reads only documents whose name is too long for a file name.
  package func forEachName(
    of kind: ResourceKind, asset: String? = nil, _ body: (String) throws -> Void
  ) throws {
    var folder = "\(FolderLayout.control)/\(kind.rawValue)"
    if let asset { folder += "/\(ResourcePath.fileName(for: asset))" }
    guard try root.stat(folder) != nil else { return }
    var failure: (any Error)?
    try root.visitFiles(in: folder) { file in
      guard failure == nil, file.hasSuffix(".json") else { return }
      do {
        if let name = try name(ofFile: file, in: folder) { try body(name) }
      } catch { failure = error }
    }
    if let failure { throw failure }
  }

  private func name(ofFile file: String, in folder: String) throws -> String? {
    if let name = ResourcePath.name(ofFileName: file.dropLast(5)) { return name }
    return try document(at: "\(folder)/\(file)")?["name"]?.stringValue
  }
}

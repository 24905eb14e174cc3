import LiveAccount
import MediaResources

/// Which locators use a resource, and which asset a container belongs to, as small files that are safe to delete.
///
/// It keeps a change of one asset or policy from costing a look at every locator.
struct ReverseIndex {
  let root: RootedFolder

  /// The resources that a locator's publication depends on.
  static func used(by locator: StreamingLocatorView, in policy: StreamingPolicyView?) -> [ResourceID] {
    var used: [ResourceID] = []
    func add(_ kind: ResourceKind, _ name: String?) {
      guard let name else { return }
      used.append(ResourceID(kind: kind, assetName: nil, name: name))
    }
    add(.asset, locator.assetName)
    add(.streamingPolicy, locator.streamingPolicyName)
    add(.contentKeyPolicy, locator.defaultContentKeyPolicyName)
    return used
  }

  private func folder(of id: ResourceID) -> String {
    "\(FolderLayout.index)/users/\(id.kind.rawValue)/\(ResourcePath.fileName(for: id.name))"
  }

  /// Notes that a locator uses resources.
  func note(_ locator: ResourceID, uses used: [ResourceID]) throws {
    let file = ResourcePath.fileName(for: locator.name)
    for id in used {
      let path = "\(folder(of: id))/\(file)"
      if try root.stat(path) == nil { try root.write(path, Array(locator.name.utf8), mode: 0o600) }
    }
  }

  /// Forgets that a locator uses resources.
  func forget(_ locator: ResourceID, uses used: [ResourceID]) throws {
    let file = ResourcePath.fileName(for: locator.name)
    for id in used where try root.stat("\(folder(of: id))/\(file)") != nil {
      try root.remove("\(folder(of: id))/\(file)")
    }
  }

  /// The locators that use a resource.
  func users(of id: ResourceID) throws -> [ResourceID] {
    try locators(inFolder: folder(of: id))
  }

  // MARK: Containers

  private func containerFile(_ container: String) -> String { "\(FolderLayout.index)/\(container)" }

  /// Notes which asset a container belongs to.
  func note(container: String, of asset: String) throws {
    let path = containerFile(container)
    if try self.asset(ofContainer: container)?.utf8.elementsEqual(asset.utf8) == true { return }
    try root.write(path, Array(asset.utf8), mode: 0o600)
  }

  /// Forgets a container.
  func forget(container: String) throws {
    if try root.stat(containerFile(container)) != nil { try root.remove(containerFile(container)) }
  }

  /// The asset that a container belongs to.
  func asset(ofContainer container: String) throws -> String? {
    guard try root.stat(containerFile(container)) != nil else { return nil }
    return String(decoding: try root.read(containerFile(container)), as: UTF8.self)
  }

  // MARK: Lists of locators

  /// Notes that a locator has a start or an end that is still to come, or forgets it.
  func note(_ locator: ResourceID, isTimed: Bool) throws { try note(locator, isTimed, in: "timed") }

  /// The locators whose start or end is still to come.
  func timed() throws -> [ResourceID] { try locators(in: "timed") }

  /// Notes that a key of a locator is not delivered as a file, or forgets it.
  func note(_ locator: ResourceID, isWithheld: Bool) throws { try note(locator, isWithheld, in: "withheld") }

  /// The locators with keys that are not delivered as files.
  func withheld() throws -> [ResourceID] { try locators(in: "withheld") }

  private func note(_ locator: ResourceID, _ isIn: Bool, in list: String) throws {
    let path = "\(FolderLayout.index)/\(list)/\(ResourcePath.fileName(for: locator.name))"
    let isNoted = try root.stat(path) != nil
    if isIn, !isNoted { try root.write(path, Array(locator.name.utf8), mode: 0o600) }
    if !isIn, isNoted { try root.remove(path) }
  }

  private func locators(in list: String) throws -> [ResourceID] {
    try locators(inFolder: "\(FolderLayout.index)/\(list)")
  }

  private func locators(inFolder path: String) throws -> [ResourceID] {
    guard try root.stat(path) != nil else { return [] }
    return try root.subfolder(path).list().map { entry in
      let name = String(decoding: try root.read("\(path)/\(entry.path)"), as: UTF8.self)
      return ResourceID(kind: .streamingLocator, assetName: nil, name: name)
    }
  }
}

package import MediaResources

/// Where things stand in a folder account.
///
/// All paths are relative to the account's folder.
///
///     account/<kind>/<name>.json             the control plane (0700): what the account holds, secrets included
///     account/assigned/<kind>/<name>.json    what an endpoint over the account sets: ids and times; never captured
///     account/index/                         who uses what; safe to delete: the next capture or apply makes it anew
///     account/staging/                       what is not in its place yet; safe to delete while nothing runs
///     account/endpoint/                      what an endpoint keeps: its signing keys, blocks, properties of blobs
///     storage/<account>/<container>/         encoded files
///     published/<streamingLocatorId>/        what any web server can serve
///     published/keys                         a link to keys/
///     keys/<content key id>                  the 16 bytes of a key whose policy is open
package enum FolderLayout {
  /// The control plane.
  package static let control = "account"
  /// The encoded files.
  package static let storage = "storage"
  /// What web servers serve.
  package static let published = "published"
  /// Key delivery by any web server.
  package static let keys = "keys"
  /// What an endpoint over the account sets for what it holds.
  static let assignedFolder = "account/assigned"
  /// The folder of the indexes.
  static let index = "account/index"
  /// Files and folders on their way to their place.
  static let staging = "account/staging"
  /// What an endpoint over the account keeps for itself.
  static let endpoint = "account/endpoint"

  /// The document of a resource.
  package static func document(_ id: ResourceID) -> String {
    let file = ResourcePath.fileName(for: id.name) + ".json"
    guard let asset = id.assetName else { return "\(control)/\(id.kind.rawValue)/\(file)" }
    return "\(control)/\(id.kind.rawValue)/\(ResourcePath.fileName(for: asset))/\(file)"
  }

  /// What the service set for a resource, beside what the resource says.
  static func assigned(_ id: ResourceID) -> String {
    assignedFolder + document(id).dropFirst(control.utf8.count)
  }

  /// The folder with an asset's files.
  package static func container(_ asset: AssetView) -> String? {
    guard let account = asset.storageAccountName, let container = asset.container else { return nil }
    return "\(storage)/\(account)/\(container)"
  }

  /// The name with which folders beside containers begin that are none.
  private static let stagePrefix = ".lockstep-"

  /// The folder in which a container's new files are brought together, on the same file system.
  static func stage(ofContainer container: String) -> String { beside(container, stagePrefix) }

  /// Where a container's old files stand for the moment between two renames.
  static func aside(ofContainer container: String) -> String { beside(container, stagePrefix + "old-") }

  /// What the names of files begin with that are on their way into a container of the same storage account.
  package static let incomingPrefix = stagePrefix + "incoming-"

  private static func beside(_ container: String, _ prefix: String) -> String {
    var parts = container.pathComponents
    parts[parts.count - 1] = prefix + parts[parts.count - 1]
    return parts.joined(separator: "/")
  }

  /// Whether a container's name is one that only this account gives.
  static func isReserved(container: String) -> Bool {
    container.pathComponents.contains { $0.hasPrefix(stagePrefix) }
  }

  /// The folder that a web server serves for a locator.
  package static func publication(_ streamingLocatorID: String) -> String {
    "\(published)/\(streamingLocatorID.lowercased())"
  }

  /// The file with a content key.
  package static func key(_ id: String) -> String { "\(keys)/\(id.lowercased())" }
}

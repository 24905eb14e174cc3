package import CanonicalJSON

/// What an asset says, read from its document.
package struct AssetView: Sendable {
  private let properties: JSONObject

  package init(_ resource: Resource) { properties = resource.properties }

  /// The storage account with its files.
  package var storageAccountName: String? { properties["storageAccountName"]?.stringValue }
  /// The container with its files.
  package var container: String? { properties["container"]?.stringValue }
}

/// What an inventory says, read from its document.
package struct ContentView: Sendable {
  /// One file of an asset.
  package struct File: Sendable {
    /// The path within the container.
    package let path: String
    /// The size in bytes.
    package let size: Int64
    /// The MD5 that the service knows, in base64.
    package let md5: String?
    /// The SHA-256 in lower-case hexadecimal digits.
    package let sha256: String?
  }

  private let properties: JSONObject

  package init(_ resource: Resource) { properties = resource.properties }

  /// The files by path; one without path or size is left out (validation names it).
  package var files: [File] {
    (properties["files"]?.arrayValue ?? []).compactMap { file in
      guard let path = file["path"]?.stringValue, let size = file["size"]?.int64Value else { return nil }
      return File(path: path, size: size, md5: file["md5"]?.stringValue, sha256: file["sha256"]?.stringValue)
    }
  }
}

/// What a content key policy says, read from its document.
package struct ContentKeyPolicyView: Sendable {
  private let properties: JSONObject

  package init(_ resource: Resource) { properties = resource.properties }

  /// Its options as they stand.
  package var options: [JSONValue] { properties["options"]?.arrayValue ?? [] }

  /// Whether anybody may have the key itself: each option has the open restriction, and one delivers clear keys (a
  /// licence of PlayReady, Widevine or FairPlay hides the key from whom it lets play).
  package var isOpen: Bool {
    func isKind(_ value: JSONValue?, _ name: String) -> Bool {
      value?["@odata.type"]?.stringValue == "#Microsoft.Media.ContentKeyPolicy\(name)"
    }
    return !options.isEmpty && options.allSatisfy { isKind($0["restriction"], "OpenRestriction") }
      && options.contains { isKind($0["configuration"], "ClearKeyConfiguration") }
  }
}

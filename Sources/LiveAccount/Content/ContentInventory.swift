package import CanonicalJSON
package import MediaResources

/// One file of an asset.
package struct ContentFile: Sendable, Hashable {
  /// The path within the container.
  package let path: String
  /// The size in bytes.
  package let size: Int64
  /// The MD5 that a service knows, in base64.
  package let md5: String?
  /// The SHA-256 in lower-case hexadecimal digits.
  package let sha256: String?

  package init(path: String, size: Int64, md5: String?, sha256: String?) {
    self.path = path
    self.size = size
    self.md5 = md5
    self.sha256 = sha256
  }

  /// How far two descriptions of a file speak of the same bytes.
  package enum Agreement: Sendable {
    /// They do not.
    case no
    /// The sizes are equal, and no digest is known to both.
    case bySize
    /// The sizes are equal, and so is a digest.
    case byDigest
  }

  /// How far this file, as it is described, is another one.
  package func agreement(with other: ContentFile) -> Agreement {
    guard size == other.size else { return .no }
    let pairs = [(md5, other.md5), (sha256, other.sha256)].compactMap { a, b in
      a.flatMap { a in b.map { a == $0 } }
    }
    if pairs.contains(false) { return .no }
    return pairs.isEmpty ? .bySize : .byDigest
  }

  /// The file with whatever digest it lacks and another description knows.
  func completed(by other: ContentFile) -> ContentFile {
    ContentFile(path: path, size: size, md5: md5 ?? other.md5, sha256: sha256 ?? other.sha256)
  }
}

/// The files of an asset, by path in byte order.
///
/// The bytes themselves never enter git.
package struct ContentInventory: Sendable, Hashable {
  /// The files.
  package let files: [ContentFile]

  package init(files: [ContentFile]) {
    self.files = files.sorted { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
  }

  /// The inventory that a content resource describes; that of no file at all for none.
  package init(_ view: ContentView?) {
    self.init(
      files: (view?.files ?? []).map {
        ContentFile(path: $0.path, size: $0.size, md5: $0.md5, sha256: $0.sha256)
      })
  }

  /// The size of all files in bytes.
  package var totalBytes: Int64 { files.reduce(0) { $0 + $1.size } }

  /// Whether another inventory has the same files, as far as both know them.
  package func agrees(with other: ContentInventory) -> Bool {
    files.count == other.files.count
      && zip(files, other.files).allSatisfy { a, b in
        a.path.utf8.elementsEqual(b.path.utf8) && a.agreement(with: b) != .no
      }
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

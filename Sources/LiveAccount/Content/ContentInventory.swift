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

  /// The size of all files in bytes.
  package var totalBytes: Int64 { files.reduce(0) { $0 + $1.size } }
}

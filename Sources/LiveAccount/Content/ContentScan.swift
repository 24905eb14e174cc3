import Crypto
import MediaResources

/// Reads what a folder of encoded files holds.
package enum ContentScan {
  /// The inventory of a folder, with the SHA-256 of every file.
  ///
  /// Reads every byte. A file that changes while it is read is read once more.
  /// - Throws: `ContentError` (`.changed`, `.linkOrSpecial`, `.interrupted`, …) naming the file.
  package static func inventory(
    of folder: RootedFolder, isCancelled: () -> Bool = { false }
  ) throws(ContentError) -> ContentInventory {
    var files: [ContentFile] = []
    for entry in try folder.list(recursively: true) {
      let (size, digest) = try scan(entry.path, in: folder, isCancelled: isCancelled)
      files.append(ContentFile(path: entry.path, size: size, md5: nil, sha256: digest))
    }
    return ContentInventory(files: files)
  }

  /// The SHA-256 of one file, in lower-case hexadecimal digits.
  /// - Throws: `ContentError` (`.changed`, …) naming the file.
  package static func digest(
    of path: String, in folder: RootedFolder, isCancelled: () -> Bool = { false }
  ) throws(ContentError) -> String {
    try scan(path, in: folder, isCancelled: isCancelled).digest
  }

  private static func scan(
    _ path: String, in folder: RootedFolder, isCancelled: () -> Bool
  ) throws(ContentError) -> (size: Int64, digest: String) {
    for _ in 0..<2 {
      var hash = SHA256()
      let (before, after) = try folder.readChunks(path, size: 1 << 20) { chunk throws(ContentError) in
        if isCancelled() { throw ContentError(.interrupted, "interrupted") }
        hash.update(data: chunk)
      }
      if after.isUnchanged(since: before) {
        return (after.size, Hexadecimal.text(hash.finalize()))
      }
    }
    throw ContentError(
      .changed, "\(folder.path)/\(path) changed while it was read",
      hint: "wait until it is complete, then run this again")
  }
}

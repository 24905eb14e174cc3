import Crypto
import MediaResources
import Rclone

/// The digests of one file.
package struct ContentDigests: Sendable, Equatable {
  /// The size in bytes.
  package let size: Int64
  /// In base64, as services keep it.
  package let md5: String
  /// In lower-case hexadecimal digits.
  package let sha256: String
}

/// Reads what a place of encoded files holds.
package enum ContentScan {
  /// The inventory of a place.
  ///
  /// In a folder every byte is read, for both digests; storage elsewhere is listed once, and tells the MD5 that it knows.
  /// - Throws: `ContentError` (`.notFound`, `.changed`, `.linkOrSpecial`, `.interrupted`, …) naming the file or place.
  package static func inventory(
    of place: ContentPlace, isCancelled: @escaping @Sendable () -> Bool = { false }
  ) throws(ContentError) -> ContentInventory {
    switch place {
    case .folder(let folder): return try inventory(of: folder, isCancelled: isCancelled)
    case .remote(let remote): return try inventory(of: remote, isCancelled: isCancelled)
    }
  }

  /// The inventory of a place; that of no file where there is no such place yet.
  package static func present(
    at place: ContentPlace, isCancelled: @escaping @Sendable () -> Bool = { false }
  ) throws(ContentError) -> ContentInventory {
    do throws(ContentError) { return try inventory(of: place, isCancelled: isCancelled) } catch {
      guard error.code == .notFound else { throw error }
      return ContentInventory(files: [])
    }
  }

  /// The inventory of a folder, with both digests of every file.
  ///
  /// Reads every byte. A file that changes while it is read is read once more.
  /// - Throws: `ContentError` (`.changed`, `.linkOrSpecial`, `.interrupted`, …) naming the file.
  package static func inventory(
    of folder: RootedFolder, isCancelled: () -> Bool = { false }
  ) throws(ContentError) -> ContentInventory {
    var files: [ContentFile] = []
    for entry in try folder.list(recursively: true) {
      let digests = try digests(of: entry.path, in: folder, isCancelled: isCancelled)
      files.append(
        ContentFile(path: entry.path, size: digests.size, md5: digests.md5, sha256: digests.sha256))
    }
    return ContentInventory(files: files)
  }

  /// The inventory of storage elsewhere, with the MD5 of every file where that is known there.
  private static func inventory(
    of remote: RcloneRemote, isCancelled: @escaping @Sendable () -> Bool
  ) throws(ContentError) -> ContentInventory {
    let listed: [RcloneFile]
    do throws(RcloneError) { listed = try Rclone(stopping: isCancelled).list(remote) } catch {
      throw ContentError(error)
    }
    var files: [ContentFile] = []
    for file in listed {
      // What storage elsewhere says must not lead outside a folder here.
      _ = try RootedFolder.components(of: file.path, in: remote.label)
      files.append(
        ContentFile(
          path: file.path, size: file.size, md5: file.md5.flatMap(Hexadecimal.bytes).map(Base64.encode),
          sha256: nil))
    }
    return ContentInventory(files: files)
  }

  /// Both digests of one file, in one reading.
  /// - Throws: `ContentError` (`.changed`, …) naming the file.
  package static func digests(
    of path: String, in folder: RootedFolder, isCancelled: () -> Bool = { false }
  ) throws(ContentError) -> ContentDigests {
    var md5 = Insecure.MD5()
    let (size, sha256) = try read(path, in: folder, isCancelled: isCancelled) { chunk in
      if let chunk { md5.update(data: chunk) } else { md5 = Insecure.MD5() }
    }
    return ContentDigests(size: size, md5: Base64.encode(Array(md5.finalize())), sha256: sha256)
  }

  /// The SHA-256 of one file, in lower-case hexadecimal digits.
  /// - Throws: `ContentError` (`.changed`, …) naming the file.
  package static func digest(
    of path: String, in folder: RootedFolder, isCancelled: () -> Bool = { false }
  ) throws(ContentError) -> String {
    try read(path, in: folder, isCancelled: isCancelled) { _ in }.sha256
  }

  /// Reads a file that does not change meanwhile.
  /// - Parameter hearing: told nil wherever the reading begins, and then each chunk.
  private static func read(
    _ path: String, in folder: RootedFolder, isCancelled: () -> Bool, hearing: (ArraySlice<UInt8>?) -> Void
  ) throws(ContentError) -> (size: Int64, sha256: String) {
    for _ in 0..<2 {
      var hash = SHA256()
      hearing(nil)
      let (before, after) = try folder.readChunks(path, size: 1 << 20) { chunk throws(ContentError) in
        if isCancelled() { throw ContentError(.interrupted, "interrupted") }
        hash.update(data: chunk)
        hearing(chunk)
      }
      if after.isUnchanged(since: before) { return (after.size, Hexadecimal.text(hash.finalize())) }
    }
    throw ContentError(
      .changed, "\(folder.path)/\(path) changed while it was read",
      hint: "wait until it is complete, then run this again")
  }

  /// Whether a file in a folder is the one that is described; reads its bytes where its size is right.
  static func agreement(
    of file: ContentFile, in folder: RootedFolder, isCancelled: () -> Bool
  ) throws(ContentError) -> ContentFile.Agreement {
    guard try folder.stat(file.path)?.size == file.size else { return .no }
    if file.md5 == nil, file.sha256 == nil { return .bySize }
    if let wanted = file.sha256 {
      return try digest(of: file.path, in: folder, isCancelled: isCancelled) == wanted ? .byDigest : .no
    }
    let digests = try digests(of: file.path, in: folder, isCancelled: isCancelled)
    return file.agreement(
      with: ContentFile(path: file.path, size: digests.size, md5: digests.md5, sha256: digests.sha256))
  }
}

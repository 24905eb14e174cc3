import MediaResources
import Rclone

/// What a place was found to lack.
package struct LackingFiles: Sendable {
  /// The files that are gone, or other ones.
  package var files: [ContentFile] = []
  /// How many others could be compared by their size only.
  package var comparedBySize = 0
}

extension ContentPlace {
  /// Those of some files that the place does not hold.
  ///
  /// In a folder every byte is read. Storage elsewhere is listed once; a file whose digest it does not know is read back
  /// where that is asked for, and where the description knows one.
  package func lacking(
    _ files: [ContentFile], proof: ContentProof = .known, isCancelled: @escaping @Sendable () -> Bool
  ) throws(ContentError) -> LackingFiles {
    var lacking = LackingFiles()
    var unsure: [ContentFile] = []
    var found: [FilePath: ContentFile] = [:]
    if case .remote = self { found = try ContentScan.present(at: self, isCancelled: isCancelled).byPath }
    for file in files {
      let agreement =
        switch self {
        case .folder(let folder): try ContentScan.agreement(of: file, in: folder, isCancelled: isCancelled)
        case .remote: found[FilePath(file.path)]?.agreement(with: file) ?? .no
        }
      switch agreement {
      case .byDigest: break
      case .bySize: unsure.append(file)
      case .no: lacking.files.append(file)
      }
    }
    if case .remote(let remote) = self, case .readBack = proof {
      lacking.files += try remote.others(among: unsure, isCancelled: isCancelled)
      unsure.removeAll { $0.sha256 != nil || $0.md5 != nil }
    }
    lacking.comparedBySize = unsure.count
    return lacking
  }
}

extension RcloneRemote {
  /// Those of some files whose bytes are others than the digest says that is known of them; reads them.
  fileprivate func others(
    among files: [ContentFile], isCancelled: @escaping @Sendable () -> Bool
  ) throws(ContentError) -> [ContentFile] {
    let bySHA256 = files.filter { $0.sha256 != nil }
    let byMD5 = files.filter { $0.sha256 == nil && $0.md5 != nil }
    let sha256 = try digests(.sha256, of: bySHA256, isCancelled: isCancelled)
    let md5 = try digests(.md5, of: byMD5, isCancelled: isCancelled)
    return bySHA256.filter { sha256[FilePath($0.path)] != $0.sha256 }
      + byMD5.filter { md5[FilePath($0.path)].flatMap(Hexadecimal.bytes).map(Base64.encode) != $0.md5 }
  }

  /// Digests of files in hexadecimal digits; reads every byte from afar.
  func digests(
    _ digest: RcloneDigest, of files: [ContentFile], isCancelled: @escaping @Sendable () -> Bool
  ) throws(ContentError) -> [FilePath: String] {
    do throws(RcloneError) {
      let found = try Rclone(stopping: isCancelled).digests(digest, of: files.map(\.path), at: self)
      return Dictionary(found.map { (FilePath($0.path), $0.digest) }) { first, _ in first }
    } catch { throw ContentError(error) }
  }
}

import Rclone

/// The files of an inventory at the place that they are copied from.
struct SourceFiles {
  private let place: ContentPlace
  private let isCancelled: @Sendable () -> Bool
  /// What storage elsewhere holds, by path.
  private let listed: [FilePath: ContentFile]
  /// The files that were read in a folder, as they were then.
  private var seen: [FilePath: FileEntry] = [:]

  /// Costs one listing of storage elsewhere, and nothing in a folder.
  init(_ place: ContentPlace, isCancelled: @escaping @Sendable () -> Bool) throws(ContentError) {
    self.place = place
    self.isCancelled = isCancelled
    listed =
      if case .remote = place {
        try ContentScan.inventory(of: place, isCancelled: isCancelled).byPath
      } else {
        [:]
      }
  }

  /// Files with the digests that the place knows of them; a folder reads none for that.
  /// - Throws: `ContentError` (`.notFound`, `.corrupt`) for a file that is not there, or is another one.
  func described(_ files: [ContentFile]) throws(ContentError) -> [ContentFile] {
    guard case .remote(let remote) = place else { return files }
    var described: [ContentFile] = []
    for file in files {
      guard let found = listed[FilePath(file.path)] else {
        throw ContentError(.notFound, "\(remote)/\(file.path) is not there")
      }
      described.append(try Self.check(file, is: found, at: remote.label))
    }
    return described
  }

  /// A file with both digests, every byte of it read in a folder; storage elsewhere tells what it knows.
  /// - Throws: `ContentError` (`.notFound`, `.corrupt`) where it is not the file that is described.
  mutating func read(_ file: ContentFile) throws(ContentError) -> ContentFile {
    guard case .folder(let folder) = place else { return file }
    seen[FilePath(file.path)] = try folder.stat(file.path)
    let digests = try ContentScan.digests(of: file.path, in: folder, isCancelled: isCancelled)
    let found = ContentFile(
      path: file.path, size: digests.size, md5: digests.md5, sha256: digests.sha256)
    return try Self.check(file, is: found, at: folder.path)
  }

  /// Refuses files that have changed since they were read: what rclone copied is not known then.
  /// - Throws: `ContentError` (`.changed`) naming one.
  func checkUnchanged(_ files: [ContentFile]) throws(ContentError) {
    guard case .folder(let folder) = place else { return }
    for file in files {
      guard let before = seen[FilePath(file.path)] else { continue }
      if let now = try folder.stat(file.path), now.isUnchanged(since: before) { continue }
      throw ContentError(
        .changed, "\(folder.path)/\(file.path) changed while it was copied",
        hint: "wait until it is complete, capture its region again, then run this again")
    }
  }

  private static func check(
    _ file: ContentFile, is found: ContentFile, at place: String
  ) throws(ContentError) -> ContentFile {
    guard file.agreement(with: found) != .no else {
      throw ContentError.notDescribed(
        "\(place)/\(file.path)",
        file.size == found.size
          ? "its digest differs" : "it has \(found.size) bytes instead of \(file.size)")
    }
    return file.completed(by: found)
  }
}

/// A path within a container, compared by its bytes: two names that Unicode calls equivalent are two files.
struct FilePath: Hashable {
  private let bytes: [UInt8]

  init(_ path: String) { bytes = Array(path.utf8) }
}

extension ContentInventory {
  /// The files by their paths.
  var byPath: [FilePath: ContentFile] {
    Dictionary(files.map { (FilePath($0.path), $0) }) { first, _ in first }
  }
}

import CPlatform
import Crypto
import MediaResources

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Brings the files of an inventory from one folder together in another: hashed while they are copied, checked, and
/// flushed.
///
/// A file that is in place already with the right bytes is linked, not copied; one that was cut off goes on where it
/// stopped. Nothing that is in place is touched.
struct FolderTransfer {
  private static let chunkBytes = 1 << 20

  let source: RootedFolder
  /// The private folder to fill.
  let folder: RootedFolder
  /// The files that are in place, or nil where there are none.
  let current: RootedFolder?

  /// Fills the folder with exactly an inventory.
  /// - Throws: `ContentError` naming the file; what was complete stays, and running it again goes on.
  func copy(
    _ inventory: ContentInventory, progress: (TransferProgress) -> Void, isCancelled: () -> Bool
  ) throws(ContentError) -> TransferReport {
    // First: what is too much may stand where a folder must be, or a file.
    try folder.removeFiles(besides: inventory)
    let total = inventory.totalBytes
    var done: Int64 = 0
    var copied = 0
    for file in inventory.files {
      if isCancelled() { throw ContentError(.interrupted, "interrupted") }
      let digest = try digest(of: file, isCancelled)
      if try !isThere(file, digest, isCancelled) {
        let before = done
        try copy(file, digest, isCancelled: isCancelled) {
          progress(TransferProgress(bytesDone: before + $0, bytesTotal: total))
        }
        copied += 1
      }
      done += file.size
      progress(TransferProgress(bytesDone: done, bytesTotal: total))
    }
    return TransferReport(filesCopied: copied, filesKept: inventory.files.count - copied, filesBySize: 0)
  }

  /// The SHA-256 that a file must have: the inventory's, else the source's, whose MD5 must be the inventory's then.
  private func digest(of file: ContentFile, _ isCancelled: () -> Bool) throws(ContentError) -> String {
    if let known = file.sha256 { return known }
    let found = try ContentScan.digests(of: file.path, in: source, isCancelled: isCancelled)
    if let md5 = file.md5, md5 != found.md5 {
      throw ContentError.notDescribed("\(source.path)/\(file.path)", "its MD5 differs")
    }
    return found.sha256
  }

  /// Whether the stage has a file, or gets it from what is in place.
  private func isThere(
    _ file: ContentFile, _ digest: String, _ isCancelled: () -> Bool
  ) throws(ContentError) -> Bool {
    for place in [folder, current].compactMap(\.self) {
      guard try place.stat(file.path)?.size == file.size,
        try ContentScan.digest(of: file.path, in: place, isCancelled: isCancelled) == digest
      else { continue }
      if place !== folder { try folder.link(file.path, from: place) }
      return true
    }
    return false
  }

  // MARK: One file

  /// Copies one file, going on with what an earlier run left; when that does not fit, once more from the start.
  private func copy(
    _ file: ContentFile, _ digest: String, isCancelled: () -> Bool, progress: (Int64) -> Void
  ) throws(ContentError) {
    try folder.makeParents(of: file.path)
    var begun: Int64 = 0
    if let entry = try folder.stat(file.path) {
      // A link to a file that is in place must never be written to.
      if entry.links == 1, entry.size < file.size {
        begun = entry.size
      } else {
        try folder.remove(file.path)
        try folder.makeParents(of: file.path)
      }
    }
    if try append(file, digest, from: begun, isCancelled: isCancelled, progress: progress) { return }
    try folder.remove(file.path)
    try folder.makeParents(of: file.path)
    if begun > 0, try append(file, digest, from: 0, isCancelled: isCancelled, progress: progress) { return }
    throw ContentError.notDescribed("\(source.path)/\(file.path)", "its SHA-256 differs")
  }

  /// Copies a file from an offset on; false where its bytes are not the wanted ones.
  private func append(
    _ file: ContentFile, _ digest: String, from begun: Int64, isCancelled: () -> Bool,
    progress: (Int64) -> Void
  ) throws(ContentError) -> Bool {
    let output = try folder.openForAppending(file.path)
    defer { close(output) }
    let input = try source.openFile(file.path)
    defer { close(input) }
    let before = try entry(of: input, file.path)
    guard before.size == file.size else {
      throw ContentError.notDescribed(
        "\(source.path)/\(file.path)", "it has \(before.size) bytes instead of \(file.size)")
    }
    var hash = SHA256()
    // A file system that can shares the blocks instead of copying them; what is shared is hashed below, all the same.
    let begun = begun == 0 && lockstep_clone(output, input) == 0 ? file.size : begun
    if begun > 0 {
      try folder.readChunks(file.path, size: Self.chunkBytes) { chunk throws(ContentError) in
        hash.update(data: chunk)
      }
    }
    var position = begun
    var buffer = [UInt8](repeating: 0, count: Self.chunkBytes)
    // A file that grows as fast as it is read has no end.
    while position <= file.size {
      if isCancelled() { throw ContentError(.interrupted, "interrupted") }
      let count = buffer.withUnsafeMutableBytes { pread(input, $0.baseAddress, $0.count, off_t(position)) }
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw ContentError.system("cannot read \(source.path)/\(file.path)") }
      if count == 0 { break }
      hash.update(data: buffer[..<count])
      try RootedFolder.writeAll(buffer[..<count], to: output, "\(folder.path)/\(file.path)")
      position += Int64(count)
      progress(position)
    }
    guard try entry(of: input, file.path).isUnchanged(since: before), position == file.size else {
      throw ContentError(
        .changed, "\(source.path)/\(file.path) changed while it was copied",
        hint: "wait until it is complete, capture its region again, then run this again")
    }
    guard Hexadecimal.text(hash.finalize()) == digest else { return false }
    guard fsync(output) == 0 else {
      throw ContentError.system("cannot flush \(folder.path)/\(file.path)")
    }
    return true
  }

  private func entry(of file: Int32, _ path: String) throws(ContentError) -> FileEntry {
    var info = RootedFolder.SystemStat()
    guard fstat(file, &info) == 0 else { throw ContentError.system("cannot look at \(source.path)/\(path)") }
    return FileEntry(path: path, info)
  }
}

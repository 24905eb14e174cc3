import CPlatform
import Crypto
import MediaResources

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// How far a transfer has come.
package struct TransferProgress: Sendable {
  /// Bytes that are in place.
  package let bytesDone: Int64
  /// Bytes of the whole inventory.
  package let bytesTotal: Int64
}

/// What a transfer did.
package struct TransferReport: Sendable, Equatable {
  /// Files that were copied.
  package let filesCopied: Int
  /// Files that were there already, from an earlier run or in the old state.
  package let filesKept: Int
}

/// Brings the files of an inventory together in a stage: hashed while they are copied, checked, and flushed.
///
/// A file that is in place already with the right bytes is linked, not copied; one that was cut off goes on where it
/// stopped. Nothing that is in place is touched.
package struct ContentTransfer {
  private static let chunkBytes = 1 << 20

  private let source: RootedFolder
  private let stage: ContentStage

  package init(source: RootedFolder, stage: ContentStage) {
    self.source = source
    self.stage = stage
  }

  /// Whether a folder holds exactly an inventory; reads every byte that it must.
  package static func isComplete(
    _ inventory: ContentInventory, in folder: RootedFolder, isCancelled: () -> Bool = { false }
  ) throws(ContentError) -> Bool {
    let entries = try folder.list(recursively: true)
    guard entries.count == inventory.files.count else { return false }
    for (entry, file) in zip(entries, inventory.files) {
      guard entry.path.utf8.elementsEqual(file.path.utf8), entry.size == file.size else { return false }
    }
    for file in inventory.files {
      guard let wanted = file.sha256 else { continue }
      guard try ContentScan.digest(of: file.path, in: folder, isCancelled: isCancelled) == wanted else {
        return false
      }
    }
    return true
  }

  /// Fills the stage with exactly an inventory.
  /// - Throws: `ContentError` naming the file; what was complete stays, and running it again goes on.
  package func copy(
    _ inventory: ContentInventory, progress: (TransferProgress) -> Void = { _ in },
    isCancelled: () -> Bool = { false }
  ) throws(ContentError) -> TransferReport {
    // First: what is too much may stand where a folder must be, or a file.
    try removeExtras(Set(inventory.files.map { Array($0.path.utf8) }))
    let total = inventory.totalBytes
    var done: Int64 = 0
    var copied = 0
    for file in inventory.files {
      if isCancelled() { throw ContentError(.interrupted, "interrupted") }
      let digest: String
      if let known = file.sha256 {
        digest = known
      } else {
        digest = try ContentScan.digest(of: file.path, in: source, isCancelled: isCancelled)
      }
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
    return TransferReport(filesCopied: copied, filesKept: inventory.files.count - copied)
  }

  /// Whether the stage has a file, or gets it from what is in place.
  private func isThere(
    _ file: ContentFile, _ digest: String, _ isCancelled: () -> Bool
  ) throws(ContentError) -> Bool {
    for folder in [stage.folder, stage.current].compactMap(\.self) {
      guard try folder.stat(file.path)?.size == file.size,
        try ContentScan.digest(of: file.path, in: folder, isCancelled: isCancelled) == digest
      else { continue }
      if folder !== stage.folder { try stage.folder.link(file.path, from: folder) }
      return true
    }
    return false
  }

  private func removeExtras(_ wanted: Set<[UInt8]>) throws(ContentError) {
    for entry in try stage.folder.list(recursively: true) where !wanted.contains(Array(entry.path.utf8)) {
      try stage.folder.remove(entry.path)
    }
  }

  // MARK: One file

  /// Copies one file, going on with what an earlier run left; when that does not fit, once more from the start.
  private func copy(
    _ file: ContentFile, _ digest: String, isCancelled: () -> Bool, progress: (Int64) -> Void
  ) throws(ContentError) {
    try stage.folder.makeParents(of: file.path)
    var begun: Int64 = 0
    if let entry = try stage.folder.stat(file.path) {
      // A link to a file that is in place must never be written to.
      if entry.links == 1, entry.size < file.size {
        begun = entry.size
      } else {
        try stage.folder.remove(file.path)
        try stage.folder.makeParents(of: file.path)
      }
    }
    if try append(file, digest, from: begun, isCancelled: isCancelled, progress: progress) { return }
    try stage.folder.remove(file.path)
    try stage.folder.makeParents(of: file.path)
    if begun > 0, try append(file, digest, from: 0, isCancelled: isCancelled, progress: progress) { return }
    throw ContentError(
      .corrupt,
      "\(source.path)/\(file.path) is not the file that the inventory describes: its SHA-256 differs",
      hint: "capture its region again, then mirror")
  }

  /// Copies a file from an offset on; false where its bytes are not the wanted ones.
  private func append(
    _ file: ContentFile, _ digest: String, from begun: Int64, isCancelled: () -> Bool,
    progress: (Int64) -> Void
  ) throws(ContentError) -> Bool {
    let output = try stage.folder.openForAppending(file.path)
    defer { close(output) }
    let input = try source.openFile(file.path)
    defer { close(input) }
    let before = try entry(of: input, file.path)
    guard before.size == file.size else {
      throw ContentError(
        .corrupt,
        "\(source.path)/\(file.path) is not the file that the inventory describes: it has \(before.size) bytes instead"
          + " of \(file.size)", hint: "capture its region again, then mirror")
    }
    var hash = SHA256()
    // A file system that can shares the blocks instead of copying them; what is shared is hashed below, all the same.
    let begun = begun == 0 && lockstep_clone(output, input) == 0 ? file.size : begun
    if begun > 0 {
      try stage.folder.readChunks(file.path, size: Self.chunkBytes) { chunk throws(ContentError) in
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
      try RootedFolder.writeAll(buffer[..<count], to: output, "\(stage.folder.path)/\(file.path)")
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
      throw ContentError.system("cannot flush \(stage.folder.path)/\(file.path)")
    }
    return true
  }

  private func entry(of file: Int32, _ path: String) throws(ContentError) -> FileEntry {
    var info = RootedFolder.SystemStat()
    guard fstat(file, &info) == 0 else { throw ContentError.system("cannot look at \(source.path)/\(path)") }
    return FileEntry(path: path, info)
  }
}

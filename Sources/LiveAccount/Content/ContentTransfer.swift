import Crypto

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
  /// Files that were in place already.
  package let filesKept: Int
  /// Files that the inventory does not have and that were removed.
  package let filesRemoved: Int
}

/// Copies the files of an asset from one folder to another: hashed while they are copied, flushed, checked against the
/// inventory, and put in place by a rename.
///
/// What is in place with the right bytes is not copied again; a file that was cut off goes on where it stopped. Nothing
/// in place is replaced before its successor is complete and right. Segments come before manifests, removals last.
package struct ContentTransfer {
  private static let suffix = ".lockstep-partial"
  private static let chunkBytes = 1 << 20

  private let source: RootedFolder
  private let target: RootedFolder

  package init(source: RootedFolder, target: RootedFolder) {
    self.source = source
    self.target = target
  }

  /// Whether a file is one that a transfer left half done.
  static func isPartial(_ path: String) -> Bool { path.hasSuffix(suffix) }

  /// Whether a folder holds exactly an inventory; reads every byte that it must.
  package static func isComplete(_ inventory: ContentInventory, in folder: RootedFolder) throws(ContentError)
    -> Bool
  {
    let entries = try folder.list(recursively: true)
    guard entries.count == inventory.files.count else { return false }
    for (entry, file) in zip(entries, inventory.files) {
      guard entry.path.utf8.elementsEqual(file.path.utf8), entry.size == file.size else { return false }
    }
    for file in inventory.files {
      guard try isInPlace(file, in: folder) else { return false }
    }
    return true
  }

  private static func isInPlace(_ file: ContentFile, in folder: RootedFolder) throws(ContentError) -> Bool {
    guard let entry = try folder.stat(file.path), entry.size == file.size else { return false }
    guard let wanted = file.sha256 else { return true }
    return try ContentScan.scan(file.path, in: folder, isCancelled: { false }).sha256 == wanted
  }

  /// Brings the target to an inventory.
  /// - Throws: `ContentError` naming the file; what was complete stays, and running it again goes on.
  package func copy(
    _ inventory: ContentInventory, removingExtras: Bool, progress: (TransferProgress) -> Void = { _ in },
    isCancelled: () -> Bool = { false }
  ) throws(ContentError) -> TransferReport {
    let total = inventory.totalBytes
    var done: Int64 = 0
    var copied = 0
    var kept = 0
    var files: [String: ContentFile] = [:]
    for file in inventory.files { files[file.path] = file }
    for path in ContentOrder.playersSurvive(inventory.files.map(\.path)) {
      guard let file = files[path] else { continue }
      if isCancelled() { throw ContentError(.interrupted, "interrupted") }
      if try Self.isInPlace(file, in: target) {
        kept += 1
      } else {
        let before = done
        try copy(file, isCancelled: isCancelled) {
          progress(TransferProgress(bytesDone: before + $0, bytesTotal: total))
        }
        copied += 1
      }
      done += file.size
      progress(TransferProgress(bytesDone: done, bytesTotal: total))
    }
    let removed = removingExtras ? try removeExtras(Set(inventory.files.map { Array($0.path.utf8) })) : 0
    return TransferReport(filesCopied: copied, filesKept: kept, filesRemoved: removed)
  }

  private func removeExtras(_ wanted: Set<[UInt8]>) throws(ContentError) -> Int {
    var removed = 0
    for entry in try target.list(recursively: true) where !wanted.contains(Array(entry.path.utf8)) {
      try target.remove(entry.path)
      removed += 1
    }
    return removed
  }

  /// Copies one file, and goes on with what an earlier run left.
  private func copy(
    _ file: ContentFile, isCancelled: () -> Bool, progress: (Int64) -> Void
  ) throws(ContentError) {
    let partial = file.path + Self.suffix
    try target.makeParents(of: file.path)
    var hash = SHA256()
    var position: Int64 = 0
    if let entry = try target.stat(partial) {
      if entry.size <= file.size {
        try target.readChunks(partial, size: Self.chunkBytes) { chunk throws(ContentError) in
          hash.update(data: chunk)
        }
        position = entry.size
      } else {
        try target.remove(partial)
      }
    }
    let output = try openPartial(partial)
    defer { close(output) }
    let input = try source.openFile(file.path)
    defer { close(input) }
    let before = try entry(of: input, file.path)
    guard before.size == file.size else { throw changed(file) }
    var buffer = [UInt8](repeating: 0, count: Self.chunkBytes)
    while true {
      if isCancelled() { throw ContentError(.interrupted, "interrupted") }
      let count = buffer.withUnsafeMutableBytes { pread(input, $0.baseAddress, $0.count, off_t(position)) }
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw ContentError.system("cannot read \(source.path)/\(file.path)") }
      if count == 0 { break }
      hash.update(data: buffer[..<count])
      try RootedFolder.writeAll(buffer[..<count], to: output, "\(target.path)/\(file.path)")
      position += Int64(count)
      // A file that grows as fast as it is read has no end.
      if position > file.size { break }
      progress(position)
    }
    let after = try entry(of: input, file.path)
    guard after.isUnchanged(since: before), position == file.size else {
      try target.remove(partial)
      throw changed(file)
    }
    if let wanted = file.sha256, SHA256Text.text(hash.finalize()) != wanted {
      try target.remove(partial)
      throw ContentError(
        .corrupt,
        "\(source.path)/\(file.path) is not the file that the inventory describes: its SHA-256 differs",
        hint: "capture its region again, then mirror")
    }
    guard fsync(output) == 0 else { throw ContentError.system("cannot flush \(target.path)/\(file.path)") }
    try target.rename(from: partial, to: file.path)
    try target.withParent(of: file.path) { folder, _ throws(ContentError) in _ = fsync(folder) }
  }

  private func changed(_ file: ContentFile) -> ContentError {
    ContentError(
      .changed, "\(source.path)/\(file.path) changed while it was copied",
      hint: "wait until it is complete, capture its region again, then run this again")
  }

  private func openPartial(_ path: String) throws(ContentError) -> Int32 {
    try target.withParent(of: path) { folder, name throws(ContentError) in
      let file = openat(folder, name, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0o644)
      guard file >= 0 else { throw ContentError.system("cannot write \(target.path)/\(path)") }
      return file
    }
  }

  private func entry(of file: Int32, _ path: String) throws(ContentError) -> FileEntry {
    var info = RootedFolder.SystemStat()
    guard fstat(file, &info) == 0 else { throw ContentError.system("cannot look at \(source.path)/\(path)") }
    return FileEntry(path: path, info)
  }
}

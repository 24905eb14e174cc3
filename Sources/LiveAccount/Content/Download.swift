import Rclone

/// Brings the files of an inventory from storage elsewhere into a folder, by rclone.
struct Download {
  let source: RcloneRemote
  /// The private folder to fill.
  let folder: RootedFolder
  /// The files that are in place, or nil where there are none.
  let current: RootedFolder?
  let isCancelled: @Sendable () -> Bool

  /// Fills the folder with exactly an inventory.
  /// - Throws: `ContentError` naming the file; what was complete stays, and running it again goes on.
  func copy(
    _ inventory: ContentInventory, progress: (TransferProgress) -> Void
  ) throws(ContentError) -> TransferReport {
    try folder.removeFiles(besides: inventory)
    let wanted = try SourceFiles(.remote(source), isCancelled: isCancelled).described(inventory.files)
    var needed: [ContentFile] = []
    for file in wanted where try !isThere(file) {
      // rclone writes into what stands there, which may be a link to a file that is in place.
      try folder.remove(file.path)
      needed.append(file)
    }
    let total = inventory.totalBytes
    let kept = total - needed.reduce(0) { $0 + $1.size }
    progress(TransferProgress(bytesDone: kept, bytesTotal: total))
    do throws(RcloneError) {
      try Rclone(stopping: isCancelled).copy(
        needed.map(\.path), from: .remote(source), to: .folder(folder.path)
      ) { progress(TransferProgress(bytesDone: min(kept + $0, total), bytesTotal: total)) }
    } catch { throw ContentError(error) }
    let bySize = try prove(needed)
    progress(TransferProgress(bytesDone: total, bytesTotal: total))
    return TransferReport(
      filesCopied: needed.count, filesKept: inventory.files.count - needed.count, filesBySize: bySize)
  }

  /// Whether the folder has a file, or gets it from what is in place.
  private func isThere(_ file: ContentFile) throws(ContentError) -> Bool {
    if try ContentScan.agreement(of: file, in: folder, isCancelled: isCancelled) == .byDigest { return true }
    guard let current, try ContentScan.agreement(of: file, in: current, isCancelled: isCancelled) == .byDigest
    else { return false }
    try folder.remove(file.path)
    try folder.link(file.path, from: current)
    return true
  }

  /// Looks at what arrived, and returns how many files could be compared by their size only.
  private func prove(_ files: [ContentFile]) throws(ContentError) -> Int {
    var bySize = 0
    for file in files {
      switch try ContentScan.agreement(of: file, in: folder, isCancelled: isCancelled) {
      case .byDigest: break
      case .bySize: bySize += 1
      case .no:
        let isHere = try folder.stat(file.path) != nil
        try folder.remove(file.path)
        throw isHere
          ? ContentError.notDescribed("\(source)/\(file.path)", "other bytes arrived")
          : ContentError(
            .changed, "\(source)/\(file.path) went away while it was copied",
            hint: "capture its region again, then mirror")
      }
    }
    return bySize
  }
}

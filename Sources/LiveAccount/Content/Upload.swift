import Rclone

/// Brings the files of an inventory into storage elsewhere, by rclone, while they may be served from there.
///
/// Every file that will be copied is proved at its source before anything changes. Then come new segments, manifests after
/// the segments that they name, and at last the removals; each wave is proved by a listing before the next one begins.
struct Upload {
  let source: ContentPlace
  let target: RcloneRemote
  let proof: ContentProof
  /// Whether files that no inventory names stay.
  var keepsOthers = false
  let isCancelled: @Sendable () -> Bool

  private var rclone: Rclone { Rclone(stopping: isCancelled) }

  /// Brings the place to exactly an inventory.
  /// - Throws: `ContentError` naming the file; what was complete stays, and running it again goes on.
  func copy(
    _ inventory: ContentInventory, progress: (TransferProgress) -> Void
  ) throws(ContentError) -> TransferReport {
    var sources = try SourceFiles(source, isCancelled: isCancelled)
    var found = try list()
    let unsure = try missing(sources.described(inventory.files), in: found)
    let needed = try proved(unsure, by: &sources, in: found)
    let total = inventory.totalBytes
    var done = total - needed.reduce(0) { $0 + $1.size }
    progress(TransferProgress(bytesDone: done, bytesTotal: total))
    let files = Dictionary(needed.map { (FilePath($0.path), $0) }) { first, _ in first }
    var bySize = 0
    for wave in ContentOrder.waves(needed.map(\.path)) {
      let before = done
      let wanted = wave.compactMap { files[FilePath($0)] }
      try copy(wanted, from: sources) {
        progress(TransferProgress(bytesDone: min(before + $0, total), bytesTotal: total))
      }
      found = try list()
      bySize += try prove(wanted, in: found)
      done += wanted.reduce(0) { $0 + $1.size }
      progress(TransferProgress(bytesDone: done, bytesTotal: total))
    }
    if !keepsOthers { try removeExtras(inventory, among: found) }
    return TransferReport(
      filesCopied: needed.count, filesKept: inventory.files.count - needed.count, filesBySize: bySize)
  }

  // MARK: Before

  /// The files that the target does not surely hold.
  ///
  /// One of the right size whose digest the storage does not know is copied again, or read back: equal sizes say little.
  private func missing(
    _ files: [ContentFile], in found: [FilePath: ContentFile]
  ) throws(ContentError) -> [ContentFile] {
    var unknown: [ContentFile] = []
    var missing: [ContentFile] = []
    for file in files {
      switch found[FilePath(file.path)]?.agreement(with: file) ?? .no {
      case .byDigest: break
      case .bySize: unknown.append(file)
      case .no: missing.append(file)
      }
    }
    guard case .readBack = proof else { return missing + unknown }
    let digests = try readBack(unknown.filter { $0.sha256 != nil })
    return missing + unknown.filter { $0.sha256 == nil || digests[FilePath($0.path)] != $0.sha256 }
  }

  /// Proves files at their source, and leaves out those that the target turns out to hold.
  private func proved(
    _ files: [ContentFile], by sources: inout SourceFiles, in found: [FilePath: ContentFile]
  ) throws(ContentError) -> [ContentFile] {
    var proved: [ContentFile] = []
    for file in files {
      let file = try sources.read(file)
      if found[FilePath(file.path)]?.agreement(with: file) != .byDigest { proved.append(file) }
    }
    return proved
  }

  // MARK: Copying

  private func copy(
    _ files: [ContentFile], from sources: SourceFiles, progress: (Int64) -> Void
  ) throws(ContentError) {
    do throws(ContentError) {
      try run { rclone throws(RcloneError) in
        try rclone.copy(files.map(\.path), from: source.rclone, to: .remote(target), progress: progress)
      }
    } catch {
      // That the source changed says more than what rclone stumbled over then.
      if error.code != .interrupted { try sources.checkUnchanged(files) }
      throw error
    }
    try sources.checkUnchanged(files)
  }

  // MARK: After

  /// Looks at what arrived, and returns how many files could be compared by their size only.
  private func prove(
    _ files: [ContentFile], in found: [FilePath: ContentFile]
  ) throws(ContentError) -> Int {
    var unknown: [ContentFile] = []
    for file in files {
      guard let arrived = found[FilePath(file.path)] else {
        throw ContentError(
          .changed, "\(source.label)/\(file.path) went away while it was copied",
          hint: "capture its region again, then mirror")
      }
      switch arrived.agreement(with: file) {
      case .byDigest: break
      case .bySize: unknown.append(file)
      case .no: throw Self.otherBytes("\(target)/\(file.path)")
      }
    }
    guard case .readBack = proof, !unknown.isEmpty else { return unknown.count }
    var wanted: [FilePath: String] = [:]
    let undescribed = unknown.filter { $0.sha256 == nil }
    if case .remote(let remote) = source, !undescribed.isEmpty {
      wanted = try readBack(undescribed, at: remote)
    }
    let digests = try readBack(unknown)
    for file in unknown {
      guard let digest = digests[FilePath(file.path)], digest == file.sha256 ?? wanted[FilePath(file.path)]
      else {
        throw Self.otherBytes("\(target)/\(file.path)")
      }
    }
    return 0
  }

  private static func otherBytes(_ place: String) -> ContentError {
    ContentError(
      .changed, "\(place) has other bytes than its source had: it changed while it was copied",
      hint: "capture its region again, then run this again")
  }

  private func removeExtras(
    _ inventory: ContentInventory, among found: [FilePath: ContentFile]
  ) throws(ContentError) {
    let wanted = inventory.byPath
    let extras = found.filter { wanted[$0.key] == nil }.map(\.value.path)
    try run { rclone throws(RcloneError) in try rclone.remove(extras, at: target) }
  }

  // MARK: rclone

  /// What the target holds; nothing where it is not there yet.
  private func list() throws(ContentError) -> [FilePath: ContentFile] {
    try ContentScan.present(at: .remote(target), isCancelled: isCancelled).byPath
  }

  private func readBack(
    _ files: [ContentFile], at remote: RcloneRemote? = nil
  ) throws(ContentError) -> [FilePath: String] {
    try (remote ?? target).digests(.sha256, of: files, isCancelled: isCancelled)
  }

  private func run<Result>(
    _ body: (Rclone) throws(RcloneError) -> Result
  ) throws(ContentError) -> Result {
    do throws(RcloneError) { return try body(rclone) } catch { throw ContentError(error) }
  }
}

extension ContentPlace {
  /// The place as rclone is given it.
  var rclone: RclonePlace {
    switch self {
    case .folder(let folder): .folder(folder.path)
    case .remote(let remote): .remote(remote)
    }
  }
}

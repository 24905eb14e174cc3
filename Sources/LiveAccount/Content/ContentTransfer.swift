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
  /// Copied files that could be compared by their size only: the storage knows no digest of them.
  package let filesBySize: Int
}

/// How far a transfer goes to prove what it brought.
package enum ContentProof: Sendable {
  /// By the digests that are known; by the size where the storage knows none.
  case known
  /// By its bytes where the storage knows no digest: they are read back.
  case readBack
}

/// Brings the files of an inventory from a place into a stage, and proves that they are the ones it describes.
///
/// What is there already and equal is not copied again. Nothing but files of the inventory is copied. Blocks until all is
/// done.
package struct ContentTransfer {
  private let source: ContentPlace
  private let stage: ContentStage
  private let proof: ContentProof
  private let keepsOthers: Bool

  /// - Parameter keepsOthers: whether files that are in place and in no inventory stay there.
  package init(
    source: ContentPlace, stage: ContentStage, proof: ContentProof = .known, keepsOthers: Bool = false
  ) {
    self.source = source
    self.stage = stage
    self.proof = proof
    self.keepsOthers = keepsOthers
  }

  /// Fills the stage with exactly an inventory, and what is in place besides, where that is to stay.
  /// - Throws: `ContentError` naming the file; what was complete stays, and running it again goes on.
  package func copy(
    _ inventory: ContentInventory, progress: (TransferProgress) -> Void = { _ in },
    isCancelled: @escaping @Sendable () -> Bool = { false }
  ) throws(ContentError) -> TransferReport {
    let report: TransferReport
    switch (source, stage) {
    case (.folder(let source), .folder(let folder, let current)):
      report = try FolderTransfer(source: source, folder: folder, current: current).copy(
        inventory, progress: progress, isCancelled: isCancelled)
    case (.remote(let source), .folder(let folder, let current)):
      report = try Download(source: source, folder: folder, current: current, isCancelled: isCancelled).copy(
        inventory, progress: progress)
    case (_, .remote(let target)):
      return try Upload(
        source: source, target: target, proof: proof, keepsOthers: keepsOthers, isCancelled: isCancelled
      ).copy(inventory, progress: progress)
    }
    if keepsOthers, case .folder(let folder, let current?) = stage {
      for entry in try current.list(recursively: true) where try folder.stat(entry.path) == nil {
        try folder.link(entry.path, from: current)
      }
    }
    return report
  }
}

extension ContentPlace {
  /// Whether the place holds exactly an inventory; reads every byte in a folder that it must, and lists storage elsewhere.
  ///
  /// False where the storage knows no digest by which that could be told.
  package func isComplete(
    _ inventory: ContentInventory, isCancelled: @escaping @Sendable () -> Bool = { false }
  ) throws(ContentError) -> Bool {
    switch self {
    case .folder(let folder):
      let entries = try folder.list(recursively: true)
      guard entries.count == inventory.files.count else { return false }
      for (entry, file) in zip(entries, inventory.files) {
        guard entry.path.utf8.elementsEqual(file.path.utf8),
          try ContentScan.agreement(of: file, in: folder, isCancelled: isCancelled) != .no
        else { return false }
      }
      return true
    case .remote:
      let found = try ContentScan.present(at: self, isCancelled: isCancelled)
      return found.files.count == inventory.files.count
        && zip(found.files, inventory.files).allSatisfy { a, b in
          a.path.utf8.elementsEqual(b.path.utf8) && a.agreement(with: b) == .byDigest
        }
    }
  }
}

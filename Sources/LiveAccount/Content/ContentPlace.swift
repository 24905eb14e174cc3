package import Rclone

/// Where the files of an asset are.
package enum ContentPlace: Sendable {
  /// A folder on this machine.
  case folder(RootedFolder)
  /// Storage that rclone reaches.
  case remote(RcloneRemote)

  /// How messages name the place.
  package var label: String {
    switch self {
    case .folder(let folder): folder.path
    case .remote(let remote): remote.label
    }
  }
}

/// Where an asset's new files are brought together.
package enum ContentStage: Sendable {
  /// A private folder to fill, before it takes the old files' place; `current` holds the files that are in place, or is
  /// nil where there are none.
  case folder(RootedFolder, current: RootedFolder?)
  /// The files' own place: storage elsewhere has no second one that could take its place at once. They are changed there
  /// in the order that players survive.
  case remote(RcloneRemote)
}

extension ContentStage {
  /// Takes every file away.
  func empty(isCancelled: @escaping @Sendable () -> Bool) throws(ContentError) {
    switch self {
    case .folder(let folder, _): try folder.removeFiles(besides: ContentInventory(files: []))
    case .remote(let remote): try remote.removeFiles(isCancelled: isCancelled)
    }
  }
}

extension RcloneRemote {
  /// Removes every file; where there is no such place, there is none.
  package func removeFiles(isCancelled: @escaping @Sendable () -> Bool) throws(ContentError) {
    let rclone = Rclone(stopping: isCancelled)
    do throws(RcloneError) { try rclone.remove(rclone.list(self).map(\.path), at: self) } catch {
      if error.code != .notFound { throw ContentError(error) }
    }
  }
}

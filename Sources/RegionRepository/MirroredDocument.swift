package import Git
package import MediaResources

/// Reading of documents as they stand under `mirrored/`.
package enum MirroredDocument {
  /// The resource that a file holds.
  /// - Parameter path: the path within `mirrored/`.
  /// - Throws: `RegionError` (`.badDocument`) naming file, line and column, or the path that the name demands.
  package static func resource(bytes: [UInt8], path: String) throws(RegionError) -> Resource {
    try ResourceDocument.resource(bytes: bytes, place: "mirrored/\(path)")
  }

  /// The first document that nobody could read among those which differ between two `mirrored/` trees; nil where there is
  /// none.
  ///
  /// Reads every changed document.
  /// - Returns: its path within `mirrored/`, and why it cannot be read.
  package static func unreadable(
    from old: ObjectID?, to new: ObjectID?, in source: any ObjectSource
  ) throws -> (path: String, reason: RegionError)? {
    struct Found: Error {
      let path: String
      let reason: RegionError
    }
    do {
      try TreeWalk.changes(from: old, to: new, in: source) { change in
        guard let entry = change.new, entry.mode == TreeMode.file,
          ResourcePath.kind(ofPath: change.path) != nil
        else { return }
        let bytes = try source.read(entry.id).bytes
        do throws(RegionError) { _ = try resource(bytes: bytes, path: change.path) } catch {
          throw Found(path: change.path, reason: error)
        }
      }
      return nil
    } catch let found as Found { return (found.path, found.reason) }
  }
}

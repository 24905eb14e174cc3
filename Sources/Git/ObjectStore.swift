/// Something objects can be read from.
package protocol ObjectSource: AnyObject {
  /// An object's kind and bytes.
  /// - Throws: `GitError` (`.corrupt`) when it is missing or damaged.
  func read(_ id: ObjectID) throws(GitError) -> (kind: ObjectKind, bytes: [UInt8])

  /// Whether an object is there; does not look for packs that appeared since the repository was opened.
  func contains(_ id: ObjectID) -> Bool

  /// How many bytes an object has, told without reading them where that can be.
  /// - Throws: `GitError` (`.corrupt`) when it is missing or damaged.
  func size(of id: ObjectID) throws(GitError) -> Int
}

extension ObjectSource {
  package func size(of id: ObjectID) throws(GitError) -> Int { try read(id).bytes.count }
}

/// Something objects can be written to.
package protocol ObjectSink: AnyObject {
  /// Writes an object and returns its id.
  /// - Parameter base: the tree that a tree replaces, which it may be stored as a difference to.
  @discardableResult
  func write(_ kind: ObjectKind, _ bytes: [UInt8], replacing base: ObjectID?) throws(GitError) -> ObjectID
}

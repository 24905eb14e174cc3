/// The objects of two repositories: what the first one has not is read from the second.
package final class JoinedObjects: ObjectSource {
  private let first: any ObjectSource
  private let second: any ObjectSource

  package init(_ first: any ObjectSource, _ second: any ObjectSource) {
    self.first = first
    self.second = second
  }

  package func read(_ id: ObjectID) throws(GitError) -> (kind: ObjectKind, bytes: [UInt8]) {
    first.contains(id) ? try first.read(id) : try second.read(id)
  }

  package func size(of id: ObjectID) throws(GitError) -> Int {
    first.contains(id) ? try first.size(of: id) : try second.size(of: id)
  }

  package func contains(_ id: ObjectID) -> Bool { first.contains(id) || second.contains(id) }
}

import Git
import MediaResources

/// An index, and in memory what the commits that are judged add to it.
///
/// What they take away needs no note: whoever asks reads the resource where it would be.
final class IndexOverlay {
  private let index: RegionIndex
  private var added: [Int64: Set<ResourceID>] = [:]

  /// - Parameter trees: the `mirrored/` trees that judged commits build upon; costs what they have otherwise than the
  ///   index's.
  init(
    _ index: RegionIndex, trees: Set<ObjectID?>, source: any ObjectSource, reader: CommitReader
  ) throws {
    self.index = index
    for tree in trees where tree != index.tree {
      try TreeWalk.changes(from: index.tree, to: tree, in: source) { change in
        guard let kind = ResourcePath.kind(ofPath: change.path), IndexKey.kinds.contains(kind),
          let entry = change.new, let resource = try reader.resource(entry, at: change.path)
        else { return }
        add(resource)
      }
    }
  }

  /// Adds a resource as a commit has it.
  func add(_ resource: Resource) {
    guard IndexKey.kinds.contains(resource.id.kind) else { return }
    for key in IndexKey.all(of: resource) { added[key, default: []].insert(resource.id) }
  }

  /// Visits the resources that may claim an id, until the visitor has seen enough.
  func visitHolders(of claim: IdentityClaim, _ visitor: (ResourceID) throws -> Bool) throws {
    try visit(IndexKey.claim(claim), visitor)
  }

  /// Visits the resources that may refer to one, until the visitor has seen enough.
  func visitReferrers(of id: ResourceID, _ visitor: (ResourceID) throws -> Bool) throws {
    try visit(IndexKey.target(id), visitor)
  }

  private func visit(_ key: Int64, _ visitor: (ResourceID) throws -> Bool) throws {
    let mine = added[key] ?? []
    for id in mine.sorted() { guard try visitor(id) else { return } }
    try index.visit(key) { id in try mine.contains(id) || visitor(id) }
  }
}

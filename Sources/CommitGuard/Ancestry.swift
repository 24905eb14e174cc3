import Git

/// What two commits have in common, whether they are durable or not.
final class Ancestry {
  private let source: any ObjectSource

  init(_ source: any ObjectSource) { self.source = source }

  /// Common ancestors of two commits, the nearest on each way back; either commit counts as its own ancestor.
  ///
  /// Costs history: asked only where a merge is in doubt.
  func common(_ a: ObjectID, _ b: ObjectID) throws -> [ObjectID] {
    if let repository = source as? Repository { return try repository.mergeBases(a, [b]) }
    var ancestors: Set<ObjectID> = []
    try walk(from: a) { ancestors.insert($0).inserted }
    var common: [ObjectID] = []
    var seen: Set<ObjectID> = []
    try walk(from: b) { id in
      guard seen.insert(id).inserted else { return false }
      if ancestors.contains(id) {
        common.append(id)
        return false
      }
      return true
    }
    return common
  }

  private func walk(from tip: ObjectID, _ goesOn: (ObjectID) -> Bool) throws {
    var next = [tip]
    while let id = next.popLast() {
      guard goesOn(id) else { continue }
      next += try RawCommit(bytes: source.read(id).bytes).parents
    }
  }
}

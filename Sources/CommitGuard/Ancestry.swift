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
    guard common.count > 1 else { return common }
    // What one way back meets first may lie behind what another one meets.
    var behind: Set<ObjectID> = []
    for id in common {
      for parent in try parents(of: id) { try walk(from: parent) { behind.insert($0).inserted } }
    }
    return common.filter { !behind.contains($0) }
  }

  private func walk(from tip: ObjectID, _ goesOn: (ObjectID) -> Bool) throws {
    var next = [tip]
    while let id = next.popLast() {
      guard goesOn(id) else { continue }
      next += try parents(of: id)
    }
  }

  private func parents(of id: ObjectID) throws -> [ObjectID] {
    try RawCommit(bytes: source.read(id).bytes).parents
  }
}

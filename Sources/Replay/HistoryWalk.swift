import Git

/// Walks over history that may not be durable yet, newest first by breadth.
enum HistoryWalk {
  /// The first commit for which `matches` holds, from `tip` back; nil when none does.
  ///
  /// Costs the commits that lie before it. Nearest first: each generation of parents before the next.
  static func first(
    from tip: ObjectID, in source: PackWriter, where matches: (ObjectID, RawCommit) throws -> Bool
  ) throws -> ObjectID? {
    var seen: Set<ObjectID> = [tip]
    var generation = [tip]
    while !generation.isEmpty {
      var next: [ObjectID] = []
      for id in generation {
        let commit = try RawCommit(bytes: source.read(id).bytes)
        if try matches(id, commit) { return id }
        for parent in commit.parents where seen.insert(parent).inserted { next.append(parent) }
      }
      generation = next
    }
    return nil
  }
}

import Git
import RegionRepository

/// The images that a target made earlier, by what they replay; read from its history only as far back as is asked.
final class OlderImages {
  private let source: PackWriter
  private var generation: [ObjectID]
  private var seen: Set<ObjectID>
  private var found: [SourceTrailer: ObjectID] = [:]

  init(head: ObjectID?, source: PackWriter) {
    self.source = source
    generation = head.map { [$0] } ?? []
    seen = Set(generation)
  }

  /// The target commit that replays what a trailer names, or nil where there is none.
  func image(of trailer: SourceTrailer) throws -> ObjectID? {
    while found[trailer] == nil, !generation.isEmpty { try readGeneration() }
    return found[trailer]
  }

  private func readGeneration() throws {
    var next: [ObjectID] = []
    for id in generation {
      let commit = try RawCommit(bytes: source.read(id).bytes)
      if let trailer = SourceTrailer(of: commit), found[trailer] == nil { found[trailer] = id }
      for parent in commit.parents where seen.insert(parent).inserted { next.append(parent) }
    }
    generation = next
  }
}

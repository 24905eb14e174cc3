import Git
import RegionRepository

/// The images that a target's history holds, by what they replay; read from its head only as far back as is asked.
final class EarlierImages {
  private let reader: ReplayReader
  private var generation: [ObjectID]
  private var seen: Set<ObjectID>
  /// What carries a trailer, the newest first.
  private var found: [SourceTrailer: [ObjectID]] = [:]
  private var checked: [SourceTrailer: ObjectID] = [:]

  init(head: ObjectID, reader: ReplayReader) {
    self.reader = reader
    generation = [head]
    seen = [head]
  }

  /// The target's commit that replays what a trailer names; nil where there is none, which costs all of the history.
  func image(of origin: SourceTrailer) throws -> ObjectID? {
    if let known = checked[origin] { return known }
    var looked = 0
    while true {
      let candidates = found[origin] ?? []
      // Cherry-picks and amends copy trailers: what carries one need not be the image.
      for id in candidates.dropFirst(looked)
      where try Image.isHonest(reader.commit(id), trailer: origin, in: reader.source) {
        checked[origin] = id
        return id
      }
      looked = candidates.count
      guard !generation.isEmpty else { return nil }
      try readGeneration()
    }
  }

  private func readGeneration() throws {
    var next: [ObjectID] = []
    for id in generation {
      let commit = try reader.commit(id)
      if let origin = SourceTrailer(of: commit) { found[origin, default: []].append(id) }
      for parent in commit.parents where seen.insert(parent).inserted { next.append(parent) }
    }
    generation = next
  }
}

import Git
import RegionRepository

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The commits of a third region that a target replays, where no ref keeps that region's originals: in a clone.
///
/// A source may bring the originals once it has all of them. Until then the newest one that it lacks is noted beside the
/// repository (a file that may be deleted), and asked for first: so only what is new costs, and the target's history is
/// walked once when the source has caught up.
struct ReplayedOriginals {
  private let region: RegionName
  private let target: RegionRepository
  private let isNoting: Bool

  init(of region: RegionName, in target: RegionRepository, isNoting: Bool) {
    self.region = region
    self.target = target
    self.isNoting = isNoting
  }

  /// Whether a commit of that region has all of them behind it.
  /// - Parameter history: where that commit can be walked from.
  func areHeld(by commit: ObjectID, in history: Repository) throws -> Bool {
    let note = try notePath()
    if let text = FilePaths.read(note).map({ String(decoding: $0, as: UTF8.self) }),
      let lacking = ObjectID(hex: text.prefix { $0 != "\n" }), try !isHeld(lacking, by: commit, in: history)
    {
      return false
    }
    if let lacking = try newestLacking(behind: commit, in: history) {
      if isNoting {
        try FilePaths.makeFolder(target.stateFolder() + "/lacking-originals")
        try FilePaths.writeDurably(Array("\(lacking)\n".utf8), to: note)
      }
      return false
    }
    if isNoting { unlink(note) }
    return true
  }

  private func notePath() throws -> String { try target.stateFolder() + "/lacking-originals/\(region)" }

  private func isHeld(_ id: ObjectID, by commit: ObjectID, in history: Repository) throws -> Bool {
    guard history.contains(id) else { return false }
    return try id == commit || history.isAncestor(id, of: commit)
  }

  /// The newest of the originals that a commit has not behind it; costs the target's history back to it.
  private func newestLacking(behind commit: ObjectID, in history: Repository) throws -> ObjectID? {
    guard let head = try target.head() else { return nil }
    var seen: Set<ObjectID> = [head]
    var open = [head]
    var next = 0
    var replayed: [ObjectID] = []
    while next < open.count {
      let commit = try RawCommit(bytes: target.git.read(open[next]).bytes)
      next += 1
      if let trailer = SourceTrailer(of: commit), trailer.region == region {
        guard history.contains(trailer.commit) else { return trailer.commit }
        replayed.append(trailer.commit)
      }
      for parent in commit.parents where seen.insert(parent).inserted { open.append(parent) }
    }
    guard !replayed.isEmpty else { return nil }
    let lacking = try Set(history.commits(reachableFrom: replayed, hiding: [commit]))
    return replayed.first(where: lacking.contains)
  }
}

import Git
import RegionRepository

/// Finds the range of a branch's own line that takes a commit back together with what stands in its way, and no more.
struct RollbackRange {
  let region: RegionRepository
  /// The branch's newest commit.
  let head: ObjectID

  /// The range as `lockstep rollback` takes it: up to the newest commit that changed one of the files.
  ///
  /// Costs the commits since the one that is taken back.
  /// - Parameters:
  ///   - commit: what is to be taken back; where a merge brought it in, that merge begins the range.
  ///   - first: what the range begins after; nil for the commit itself.
  ///   - paths: the files under `mirrored/` that later changes stand in.
  func text(takingBack commit: ObjectID, after first: ObjectID?, through paths: [String]) throws -> String {
    let line = try line(since: commit)
    var last = head
    for id in line where try changes(id, paths) {
      last = id
      break
    }
    let begin = first.map(short) ?? "\(short(line.last ?? commit))~"
    return "\(begin)..\(last == head ? "HEAD" : short(last))"
  }

  /// The branch's own commits that hold another one, the newest first, itself at the end where it is one of them.
  private func line(since commit: ObjectID) throws -> [ObjectID] {
    let later = Set(try region.git.commits(reachableFrom: [head], hiding: [commit]))
    var line: [ObjectID] = []
    var next: ObjectID? = head
    while let id = next, later.contains(id) {
      line.append(id)
      next = try parent(of: id)
    }
    if next == commit { return line + [commit] }
    while let last = line.last, try !region.git.isAncestor(commit, of: last) { line.removeLast() }
    return line
  }

  private func changes(_ id: ObjectID, _ paths: [String]) throws -> Bool {
    let (new, old) = (try region.mirrored(of: id), try region.mirrored(of: parent(of: id)))
    guard new != old else { return false }
    return try paths.contains { try region.git.entry($0, in: new) != region.git.entry($0, in: old) }
  }

  private func parent(of id: ObjectID) throws -> ObjectID? {
    try RawCommit(bytes: region.git.read(id).bytes).parents.first
  }

  private func short(_ id: ObjectID) -> String { String(id.hex.prefix(10)) }
}

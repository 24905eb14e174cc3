package import Git

/// One file that a merge has as one of its parents has it, though merging them three ways would have left another's.
///
/// Where several parents had changed the file, one of them counted; where one alone had, its change was left out.
package struct MergeChoice: Sendable {
  /// The path from the root of the commit's tree.
  package let path: String
  /// The parent that the merge agrees with, and what stands there; nil where it is not there.
  package let chosen: (parent: ObjectID, entry: TreeEntry?)
  /// The same of the parent whose file the merge has not.
  package let other: (parent: ObjectID, entry: TreeEntry?)
}

extension Repository {
  /// The files of which a merge took one side, by path; none for a commit that is no merge.
  ///
  /// Opens only the trees in which the parents differ and that are not what one side alone made of them: costs what the
  /// sides changed since they parted, never the size of the region.
  /// - Parameter place: the folder or file, from the root of the tree, to look at.
  package func choices(of merge: RawCommit, in place: String) throws -> [MergeChoice] {
    let commits = merge.parents
    guard commits.count > 1 else { return [] }
    func tree(_ id: ObjectID) throws -> ObjectID { try RawCommit(bytes: read(id).bytes).tree }
    let parents = try commits.map(tree)
    // A merge of one state needs no look at where the lines parted.
    guard Set(parents).count > 1 else { return [] }
    let grounds = try commits.indices.dropFirst().map {
      try mergeBases(commits[$0], Array(commits[..<$0]))
    }
    let stand = MergeStand(
      parents: try parents.map { try entry(place, in: $0) },
      bases: try grounds.map { ground in
        ground.isEmpty ? [nil] : try ground.map { try entry(place, in: tree($0)) }
      }, after: try entry(place, in: merge.tree))
    var search = MergeChoiceSearch(repository: self, commits: commits, grounds: grounds)
    try search.look(at: stand, place, depth: 0)
    return search.choices.sorted { $0.path < $1.path }
  }
}

/// What stands at one path in all that a merge brings together.
private struct MergeStand {
  let parents: [TreeEntry?]
  /// For each parent but the first, where it parted from those before it.
  let bases: [[TreeEntry?]]
  let after: TreeEntry?

  /// What a three-way merge of one parent after the other leaves; nil where it stops or must look further.
  ///
  /// - Parameter base: what stood where a parent, by its number, parted from those before it; nil where that is not known.
  func merged(_ base: (Int) throws -> TreeEntry??) rethrows -> TreeEntry?? {
    var merged = parents[0]
    for (number, next) in parents.enumerated().dropFirst() where next != merged {
      guard let base = try base(number) else { return nil }
      if base == merged { merged = next } else if base != next { return nil }
    }
    return .some(merged)
  }

  /// What stood where a parent parted from those before it, where that is one thing.
  func base(_ number: Int) -> TreeEntry?? {
    let bases = bases[number - 1]
    return bases.dropFirst().allSatisfy { $0 == bases[0] } ? .some(bases[0]) : nil
  }

  func map(_ body: (TreeEntry?) throws -> TreeEntry?) rethrows -> MergeStand {
    MergeStand(
      parents: try parents.map(body), bases: try bases.map { try $0.map(body) }, after: try body(after))
  }
}

/// The walk over all trees of a merge at once.
private struct MergeChoiceSearch {
  /// How deep trees may nest; a region's have seven levels.
  private static let maximumDepth = 64

  let repository: Repository
  /// The parents.
  let commits: [ObjectID]
  /// For each parent but the first, the commits where it parted from those before it.
  let grounds: [[ObjectID]]
  private(set) var choices: [MergeChoice] = []

  init(repository: Repository, commits: [ObjectID], grounds: [[ObjectID]]) {
    self.repository = repository
    self.commits = commits
    self.grounds = grounds
  }

  mutating func look(at stand: MergeStand, _ path: String, depth: Int) throws {
    guard stand.parents.contains(where: { $0 != stand.parents[0] }) else { return }
    if let merged = stand.merged(stand.base), merged == stand.after { return }
    guard depth < Self.maximumDepth else {
      throw GitError(.invalid, "the tree nests deeper than \(Self.maximumDepth) at \(path)", hint: "git fsck")
    }
    try judge(stand.map { $0?.isTree == true ? nil : $0 }, path)
    let parents = try stand.parents.map(byName)
    let bases = try stand.bases.map { try $0.map(byName) }
    let after = try byName(stand.after)
    for name in parents.reduce(into: Set<[UInt8]>(), { $0.formUnion($1.keys) }) {
      try look(
        at: MergeStand(
          parents: parents.map { $0[name] }, bases: bases.map { $0.map { $0[name] } }, after: after[name]),
        "\(path)/\(String(decoding: name, as: UTF8.self))", depth: depth + 1)
    }
  }

  /// Notes a file that a merge has as a parent has it, and not as merging leaves it.
  private mutating func judge(_ stand: MergeStand, _ path: String) throws {
    // What is in no parent is a change of the merge's own.
    guard let chosen = stand.parents.firstIndex(of: stand.after) else { return }
    let merged = try stand.merged { number in
      if let known = stand.base(number) { return known }
      return try standing(at: path, where: grounds[number - 1])
    }
    guard merged != .some(stand.after) else { return }
    let bases = stand.bases.flatMap { $0 }
    let others = stand.parents.indices.filter { stand.parents[$0] != stand.after }
    let other =
      merged.flatMap { stand.parents.firstIndex(of: $0) }
      ?? others.first { !bases.contains(stand.parents[$0]) } ?? others.first
    guard let other else { return }
    choices.append(
      MergeChoice(
        path: path, chosen: (commits[chosen], stand.parents[chosen]),
        other: (commits[other], stand.parents[other])))
  }

  /// What stood at a path where criss-cross lines parted, the commits merged first; nil where those had not decided.
  private func standing(at path: String, where commits: [ObjectID]) throws -> TreeEntry?? {
    // In one order wherever it is asked for.
    let commits = commits.sorted { $0.hex < $1.hex }
    guard let first = commits.first else { return .some(nil) }
    var standing = try file(at: path, in: first)
    for (number, commit) in commits.enumerated().dropFirst() {
      let next = try file(at: path, in: commit)
      if next == standing { continue }
      let ground = try repository.mergeBases(commit, Array(commits[..<number]))
      guard let base = try self.standing(at: path, where: ground) else { return nil }
      if base == standing { standing = next } else if base != next { return nil }
    }
    return .some(standing)
  }

  private func file(at path: String, in commit: ObjectID) throws -> TreeEntry? {
    let entry = try repository.entry(path, in: RawCommit(bytes: repository.read(commit).bytes).tree)
    return entry?.isTree == true ? nil : entry
  }

  private func byName(_ entry: TreeEntry?) throws -> [[UInt8]: TreeEntry] {
    guard let entry, entry.isTree, entry.id != .emptyTree else { return [:] }
    let entries = try Tree(bytes: repository.read(entry.id).bytes).entries
    return Dictionary(entries.map { ($0.nameBytes, $0) }) { first, _ in first }
  }
}

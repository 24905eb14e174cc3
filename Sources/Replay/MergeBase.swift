import Git
import RegionRepository
import Sealing

/// The tree from which two sides parted; where they parted at several commits, those merged.
struct MergeBase {
  let repository: Repository
  let pack: PackWriter

  /// The `mirrored/` tree of the common ground of some commits; nil where they have none in common.
  ///
  /// What the commits themselves left in conflict (criss-cross merges) is there as a file that is neither side's, so that
  /// it stays a conflict.
  func tree(of bases: [ObjectID]) throws -> ObjectID? {
    // In one order wherever it is asked for.
    let bases = bases.sorted { $0.hex < $1.hex }
    guard let first = bases.first else { return nil }
    var tree = try pack.regionTree(of: first).mirrored
    var merged = [first]
    for base in bases.dropFirst() {
      let ground = try self.tree(of: repository.mergeBases(base, merged))
      tree = try merge(base: ground, ours: tree, theirs: pack.regionTree(of: base).mirrored)
      merged.append(base)
    }
    return tree
  }

  private func merge(base: ObjectID?, ours: ObjectID?, theirs: ObjectID?) throws -> ObjectID? {
    let undecided = try pack.write(.blob, Array("undecided\n".utf8), replacing: nil)
    let outcome = try TreeMerge.merge(base: base, ours: ours, theirs: theirs, source: pack, sink: pack) {
      path, _, ours, theirs in
      // The data keys of both count, and of the lists and fleets either: the sides' own are compared by their rules.
      if SealingFiles.isOne(path) || path == Fleet.path { return .entry(ours ?? theirs) }
      let name = path.split(separator: "/").last.map { Array($0.utf8) } ?? []
      return .entry(TreeEntry(mode: TreeMode.file, nameBytes: name, id: undecided))
    }
    switch outcome {
    case .merged(let tree): return tree
    case .conflicts(let paths):
      throw GitError(.invalid, "criss-cross merges leave \(paths.joined(separator: ", ")) undecided")
    }
  }
}

import Git
import RegionRepository
import Sealing

/// The tree from which two sides parted; where they parted at several commits, those merged.
struct MergeBase {
  let repository: Repository
  let pack: PackWriter
  /// Opens the data keys where the commits have different lists of recipients.
  let identities: Identities

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
      // Of two fleets either counts: the sides' own are compared by their epochs.
      if SealingFiles.isOne(path) || path == Fleet.path { return .entry(ours ?? theirs) }
      let name = path.split(separator: "/").last.map { Array($0.utf8) } ?? []
      return .entry(TreeEntry(mode: TreeMode.file, nameBytes: name, id: undecided))
    }
    switch outcome {
    case .merged(let tree): return try withKeys(tree, base: base, ours: ours, theirs: theirs)
    case .conflicts(let paths):
      throw GitError(.invalid, "criss-cross merges leave \(paths.joined(separator: ", ")) undecided")
    }
  }

  /// The merged tree with the data keys and the recipients that both sides together have: who stands in the list where both
  /// parted decides who was taken out since.
  ///
  /// Where there is no key, either side's list stands: who then changed it must have a key, too, and is asked for it.
  private func withKeys(
    _ tree: ObjectID?, base: ObjectID?, ours: ObjectID?, theirs: ObjectID?
  ) throws -> ObjectID? {
    let files = try [base, ours, theirs].map { try pack.sealingFiles(in: $0) }
    guard files[1] != files[2] else { return tree }
    let merge = SealingMerge(
      base: files[0], ours: files[1], theirs: files[2], identities: identities, trust: repository.trust)
    let merged: SealingFiles
    do throws(SealingError) { merged = try merge.files() } catch {
      guard error.isLackOfKey else { throw error }
      return tree
    }
    let edits = try TreeEditor.edits(for: merged, besides: pack.sealingFiles(in: tree), into: pack)
    return edits.isEmpty ? tree : try TreeEditor.apply(edits, to: tree, source: pack, sink: pack)
  }
}

package import Git
import RegionRepository

extension CommitGuard {
  /// What a merged `mirrored/` tree breaks that its sides, sound by themselves, did not: references that lead nowhere, ids
  /// that two claim.
  ///
  /// What is broken in the merge and not on a side differs from one of them, so only what differs is looked at. The trees
  /// need not be a commit's yet: the findings name none.
  package static func findings(
    inMerge merged: ObjectID?, of sides: [ObjectID?], in source: any ObjectSource
  ) throws -> [Finding] {
    let changes = try FileChange.all(
      of: merged ?? .emptyTree, parents: sides.map { $0 ?? .emptyTree }, in: source, prefix: "mirrored/")
    let reader = CommitReader(source)
    let whole = WholeRules(reader: reader, index: nil, rules: [.reference, .unique])
    var place = WholeRules.Place(
      mirrored: merged, there: Set(changes.lazy.filter { $0.new != nil }.compactMap(\.mirroredPath)),
      commit: .zero)
    return try changes.flatMap { change in
      try ChangedResource(change, reader).map { try whole.judge($0, in: &place) } ?? []
    }
  }
}

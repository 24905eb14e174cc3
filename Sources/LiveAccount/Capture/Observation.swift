import Git
package import MediaResources
package import Planning

/// The difference between what a live account holds and the tree of a commit.
package struct Observation {
  /// One resource that differs; its text is in the pack that the observation was made into.
  package struct Change: Sendable {
    /// The resource, and how it differs.
    package let finding: DriftFinding
    /// The first bytes of the path that tell it from others.
    private let order: UInt64
    /// Its canonical text as captured, or nil where the account has it no more.
    let blob: ObjectID?

    init(_ id: ResourceID, _ difference: DriftFinding.Difference, path: String, blob: ObjectID?) {
      finding = DriftFinding(id: id, difference: difference)
      order = Self.order(of: path, id.kind)
      self.blob = blob
    }

    /// The resource.
    package var id: ResourceID { finding.id }
    /// Its path from the root of the tree; derived anew each time.
    package var path: String { ResourcePath.place(of: id) }
    /// Whether the tree has it.
    package var wasThere: Bool { finding.difference != .added }

    /// Whether one's path stands before another's.
    static func precedes(_ a: Change, _ b: Change) -> Bool {
      a.order == b.order ? a.path < b.path : a.order < b.order
    }

    /// The folders of the kinds, in the order of their paths.
    private static let folders = ResourceKind.allCases.map { ($0, "\($0.half)/\($0.rawValue)/") }
      .sorted { $0.1 < $1.1 }

    private static func order(of path: String, _ kind: ResourceKind) -> UInt64 {
      guard let rank = folders.firstIndex(where: { $0.0 == kind }) else { return .max }
      let rest = path.utf8.dropFirst(folders[rank].1.utf8.count).prefix(7)
      let bytes = rest.reduce(UInt64(rank)) { $0 << 8 | UInt64($1) }
      return bytes << (8 * UInt64(7 - rest.count))
    }
  }

  /// What differs, in path order.
  package let changes: [Change]
  /// Storage accounts that new and changed assets name and that are no binding here, in order.
  package let unboundStorage: [String]
  /// The index to keep once the tree that these changes lead to is live.
  package var index: ObservedIndex
  /// Whether the index that is kept says the same.
  let isIndexKept: Bool
  /// What is new or has changed, and was not looked at since that counts as a write.
  var unlooked: [ResourceID] = []
}

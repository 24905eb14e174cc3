import Git
import MediaResources
import RegionRepository

/// A standby's files that are gone or damaged: nobody's wish, most often, and never one to be carried to the primary unasked.
extension Capture {
  /// Refuses to take files of a standby's assets for what they are that it has lost, or has otherwise than they were
  /// captured or applied; new ones pass.
  ///
  /// Costs the inventories that changed.
  /// - Parameter meant: the asset whose files a person has just put there.
  func guardContents(
    _ observation: Observation, in pack: PackWriter, of tree: ObjectID?, but meant: ResourceID? = nil
  ) throws {
    guard let fleet = try region.fleet(), fleet.primary != region.name else { return }
    let removed = Set(observation.changes.filter { $0.blob == nil }.map(\.id))
    var lost: [String] = []
    for change in observation.changes where change.id.kind == .content && change.wasThere {
      let asset = ResourceID(kind: .asset, assetName: nil, name: change.id.name)
      guard asset != meant, !removed.contains(asset), let old = try region.git.file(change.path, in: tree)
      else { continue }
      let now = try inventory(change.blob.map { try pack.read($0).bytes }, at: change.path).files
      for file in try inventory(old, at: change.path).files
      where !now.contains(where: { $0.path == file.path && $0.agreement(with: file) != .no }) {
        lost.append("\(asset.summary): \(file.path)")
      }
    }
    guard !lost.isEmpty else { return }
    let shown = lost.prefix(5).joined(separator: ", ") + (lost.count > 5 ? " and \(lost.count - 5) more" : "")
    throw AccountError(
      .refused,
      "\(account.place), a standby's account, has lost or damaged files of what it holds: \(shown)",
      hint:
        "bring them back: \(ContentMend.command(for: region)); if they were changed there on purpose: lockstep"
        + " capture -C \(region.shellPlace) --force-deletions")
  }

  private func inventory(_ bytes: [UInt8]?, at place: String) throws -> ContentInventory {
    ContentInventory(try bytes.map { ContentView(try ResourceDocument.resource(bytes: $0, place: place)) })
  }
}

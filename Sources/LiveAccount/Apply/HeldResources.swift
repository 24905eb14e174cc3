import CanonicalJSON
package import Git
package import MediaResources
import Planning
package import RegionRepository

/// What an apply held back: resources that the account has otherwise than the commit says that it is known to match.
///
/// A file beside the repository, written before live moves; the next plan, look at drift and capture count what it says. Lost,
/// it makes drift of what was held back. Costs what is held back.
package struct HeldResources: Sendable {
  /// A resource that was held back.
  package struct Entry: Sendable, Equatable {
    /// The resource.
    package let id: ResourceID
    /// The document that stands for what the account has of it, or nil where it has nothing.
    package let live: ObjectID?
    /// What is held back and why.
    package let sentence: String
    /// What mends it.
    package let mend: String?

    /// Both on one line.
    package var line: String { [sentence, mend].compactMap(\.self).joined(separator: "; ") }
  }

  /// Every one, in order.
  package let entries: [Entry]

  /// Reads what was held back; nothing where it is not known what the account matches.
  /// - Throws: `AccountError` where the file cannot be understood.
  package init(of region: RegionRepository) throws {
    guard try region.live() != nil, let bytes = FilePaths.read(region.heldBackPath) else {
      entries = []
      return
    }
    guard let document = try? JSONValue.parse(bytes), let items = document["heldBack"]?.arrayValue else {
      throw AccountError(
        .invalid, "the note of what was held back, \(region.heldBackPath), cannot be understood",
        hint:
          "take it away, then compare the account with the repository: lockstep drift -C \(region.shellPlace)"
      )
    }
    entries = items.compactMap { item in
      guard let id = item["resource"]?.stringValue.flatMap({ ResourceID(argument: $0) }),
        let sentence = item["sentence"]?.stringValue
      else { return nil }
      return Entry(
        id: id, live: item["live"]?.stringValue.flatMap { ObjectID(hex: $0) }, sentence: sentence,
        mend: item["mend"]?.stringValue)
    }
  }

  private init(entries: [Entry]) { self.entries = entries }

  /// Notes what an apply holds back.
  /// - Parameters:
  ///   - live: the commit that the account matched before.
  ///   - made: another commit, and what of it the account has instead.
  static func note(
    _ held: [HeldBack], for region: RegionRepository, live: ObjectID,
    made: (commit: ObjectID, resources: Set<ResourceID>)?
  ) throws {
    let known = Dictionary(try HeldResources(of: region).entries.map { ($0.id, $0) }) { first, _ in first }
    func document(_ id: ResourceID) throws -> ObjectID? {
      if let made, made.resources.contains(id) {
        return try region.git.entry(ResourcePath.place(of: id), in: region.root(of: made.commit))?.id
      }
      if let entry = known[id] { return entry.live }
      return try region.git.entry(ResourcePath.place(of: id), in: region.root(of: live))?.id
    }
    let entries = try held.map { held in
      Entry(
        id: held.id, live: held.change.live == nil ? nil : try document(held.id), sentence: held.sentence,
        mend: held.root == nil ? try held.mend(in: region) : nil)
    }
    try HeldResources(entries: entries).write(for: region)
  }

  /// Lets go of resources that were captured as they are.
  static func forget(_ ids: Set<ResourceID>, for region: RegionRepository) throws {
    let entries = try HeldResources(of: region).entries
    let kept = entries.filter { !ids.contains($0.id) }
    if kept.count < entries.count { try HeldResources(entries: kept).write(for: region) }
  }

  /// Takes what one repository knows over into another one of the same region.
  package static func copy(from region: RegionRepository, to other: RegionRepository) throws {
    try HeldResources(of: region).write(for: other)
  }

  private func write(for region: RegionRepository) throws {
    guard !entries.isEmpty else { return try region.forgetHeldBack() }
    let document: JSONValue = [
      "heldBack": .array(
        entries.map { entry in
          [
            "live": entry.live.map { .string($0.hex) } ?? .null,
            "mend": entry.mend.map { .string($0) } ?? .null, "resource": .string(entry.id.description),
            "sentence": .string(entry.sentence),
          ]
        }), "version": 1,
    ]
    let bytes = document.canonicalBytes()
    if FilePaths.read(region.heldBackPath) == bytes { return }
    _ = try region.stateFolder()
    try FilePaths.writeDurably(bytes, to: region.heldBackPath, mode: 0o600)
  }
}

extension HeldBack {
  /// What mends it, where it was changed: in the primary, as far as anybody knows, or in this region for what is its own.
  package func mend(in region: RegionRepository) throws -> String {
    let isOwn = !id.kind.isShared
    let primary = isOwn ? region.name : try region.fleet()?.primary
    // The history of a region says what was mirrored into it, too.
    let place = try primary.flatMap {
      $0 == region.name ? nil : try RegionConfiguration.peers(of: region.git)[$0]
    }
    let options = "-C \(ShellWord.quoted(place ?? region.place))"
    let here = primary.map { "in region \($0)" } ?? "in the region where it was changed"
    let again = isOwn ? "then apply again" : "then mirror and apply again"
    if let advice { return "\(here), \(advice), \(again)" }
    let log = (lacking.isEmpty ? [id] : lacking).map {
      "lockstep log \(ShellWord.quoted($0.summary)) \(options)"
    }.joined(separator: ", ")
    if lacking.isEmpty {
      return "\(here), mend \(id.summary) or take back the commit that changed it (\(log)), \(again)"
    }
    let names = lacking.map(\.summary).joined(separator: " or ")
    return "\(here), bring back \(names) (what took it away: \(log)) or delete \(id.summary), \(again)"
  }
}

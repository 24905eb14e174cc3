package import Git
import MediaResources
package import Sealing

/// Replaces the current data key: a new one is made, and every secret is sealed with it, in one commit.
///
/// No secret changes, so no identity does. The old keys stay, and what they sealed in history stays readable for those
/// who could read it before.
package struct Rotation {
  private let region: RegionRepository
  private let identities: Identities

  package init(region: RegionRepository, identities: Identities) {
    self.region = region
    self.identities = identities
  }

  /// What a rotation did.
  package struct Report: Sendable {
    /// The data key that was current.
    package let old: Fingerprint
    /// The data key that is current now.
    package let new: Fingerprint
    /// How many resources were sealed anew.
    package let resources: Int
    /// The commit.
    package let commit: ObjectID?
  }

  /// A document that may hold secrets.
  private struct Document: Sendable {
    let place: String
    let bytes: [UInt8]
  }

  /// One that was sealed anew.
  private struct Resealed: Sendable {
    let id: ResourceID
    let blob: PackWriter.PreparedBlob
  }

  /// Rotates; reads and writes every resource that may hold a secret, on all cores.
  ///
  /// The caller holds the region's lock.
  /// - Throws: `SealingError` where the list of recipients is not authentic or a value does not open; nothing is written
  ///   then.
  package func run(checkpoint: () throws -> Void) async throws -> Report {
    let head = try region.head()
    let old = try region.keyring(of: [head], identities: identities)
    let (fingerprint, keyring) = try KeyAdministration.rotate(old)
    let tree = try region.root(of: head)
    let pack = try PackWriter(repository: region.git)
    var edits = try TreeEditor.edits(for: keyring.files, besides: old.files, into: pack)
    var local: [String: (mode: UInt32, id: ObjectID)?] = [:]
    let resources = try await reseal(tree, keyring, checkpoint) { resealed in
      try pack.write(resealed.blob)
      let entry = (mode: TreeMode.file, id: resealed.blob.id)
      if resealed.id.kind.isShared {
        edits[ResourcePath.path(of: resealed.id)] = entry
      } else {
        local[ResourcePath.path(of: resealed.id)] = entry
      }
    }
    let current = try keyring.currentKey().fingerprint
    try checkpoint()
    let message = """
      Rotate the data key: \(fingerprint.abbreviated) is followed by \(current.abbreviated)

      \(Count.text(resources, "resource")) sealed anew; no secret changes.

      """
    let commit = try region.commit(
      edits, local: local, on: head, message: message, log: "lockstep keys: rotate the data key", pack: pack)
    region.noteCurrentKey(identities: identities)
    return Report(old: fingerprint, new: current, resources: resources, commit: commit)
  }

  private func reseal(
    _ tree: ObjectID?, _ keyring: Keyring, _ checkpoint: () throws -> Void,
    _ take: (Resealed) throws -> Void
  ) async throws -> Int {
    let entries = try secretDocuments(of: tree)
    var count = 0
    var next = 0
    try await withThrowingTaskGroup(of: [Resealed].self) { group in
      var running = 0
      while next < entries.count || running > 0 {
        while running < Self.concurrency, next < entries.count {
          let chunk = try entries[next..<min(next + Self.chunk, entries.count)].map {
            Document(place: $0.place, bytes: try region.git.read($0.id).bytes)
          }
          next += chunk.count
          running += 1
          group.addTask { try Self.reseal(chunk, keyring) }
        }
        try checkpoint()
        guard let done = try await group.next() else { break }
        running -= 1
        count += done.count
        for resealed in done { try take(resealed) }
      }
    }
    return count
  }

  /// More than there are cores, so that none waits for the reading.
  private static let concurrency = 16
  private static let chunk = 512

  private func secretDocuments(of tree: ObjectID?) throws -> [(place: String, id: ObjectID)] {
    var entries: [(place: String, id: ObjectID)] = []
    for kind in SecretPlaces.kinds {
      let place = "\(kind.half)/\(kind.rawValue)"
      guard let folder = try region.git.entry(place, in: tree), folder.isTree else { continue }
      try TreeWalk.changes(from: nil, to: folder.id, in: region.git, prefix: place + "/") { change in
        guard let entry = change.new, ResourcePath.kind(ofPlace: change.path) != nil else { return }
        entries.append((change.path, entry.id))
      }
    }
    return entries
  }

  private static func reseal(_ documents: [Document], _ keyring: Keyring) throws -> [Resealed] {
    var ids: [ResourceID] = []
    var texts: [[UInt8]] = []
    for document in documents {
      let resource = try ResourceDocument.resource(bytes: document.bytes, place: document.place)
      let anew = try keyring.reseal(resource)
      if anew == resource { continue }
      ids.append(resource.id)
      texts.append(anew.canonicalBytes())
    }
    return zip(ids, try PackWriter.prepare(texts)).map { Resealed(id: $0, blob: $1) }
  }
}

import CPlatform
import CanonicalJSON
package import Git
import MediaResources
import Planning
package import RegionRepository
package import Sealing

/// Reads an account and compares it with the tree that it was last known to match.
package struct Observer {
  let region: RegionRepository
  let account: any LiveAccount
  let bindings: Bindings
  let keyring: Keyring
  private let sealsClear: Bool
  /// What the account has otherwise than the tree, since it could not take it; by path.
  private let held: [String: HeldResources.Entry]
  let beginSealing: (() throws -> Void)?
  let cancellation: Cancellation

  /// - Parameters:
  ///   - bindings: those that the account was last known to match.
  ///   - keyring: seals what was read, and opens what the tree has where the two texts differ.
  ///   - sealsClear: whether a secret that stands in clear in the tree counts as a change, so that it is sealed.
  ///   - beginSealing: writes the data key that the keyring has founded; what is sealed under one that nobody writes is
  ///     not kept for a later run.
  ///   - held: what the account has otherwise than the tree, since it could not take it: no difference.
  package init(
    region: RegionRepository, account: any LiveAccount, bindings: Bindings, keyring: Keyring,
    sealsClear: Bool = false, held: [HeldResources.Entry] = [], beginSealing: (() throws -> Void)? = nil,
    cancellation: Cancellation
  ) {
    self.region = region
    self.account = account
    self.bindings = bindings
    self.keyring = keyring
    self.sealsClear = sealsClear
    self.held = Dictionary(held.map { (ResourcePath.place(of: $0.id), $0) }) { first, _ in first }
    self.beginSealing = beginSealing
    self.cancellation = cancellation
  }

  /// What the saved index is made for; it counts for nothing under another account or other bindings.
  private var context: String {
    let bound = bindings.values.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
    return ([account.place] + bound).joined(separator: "\n")
  }

  /// What is known before anything is read.
  private struct Known: Sendable {
    let saved: ObservedIndex
    let tree: ObjectID?
    /// The blobs of the tree by path, where the saved index does not speak of this very tree.
    let blobs: [String: ObjectID]?

    /// What the saved index knows of a kind; nothing where it speaks of another tree, as after an apply.
    func listed(_ kind: ResourceKind) -> [ListedResource] {
      guard blobs == nil else { return [] }
      var listed: [ListedResource] = []
      saved.forEach { key, entry in
        guard ResourcePath.kind(ofPlace: entry.path) == kind else { return }
        listed.append(ListedResource(kind: kind, key: key, stamp: entry.stamp))
      }
      return listed
    }
  }

  /// A resource that had to be read: its place in the listing, and its text before live's own text is considered.
  struct Found: Sendable {
    let listed: ListedResource
    let resource: Resource
    let path: String
    let bytes: [UInt8]
    let blob: ObjectID
  }

  /// What reading a listed resource has shown.
  enum Look: Sendable {
    case found(Found)
    /// There is nothing to read, where a document would stand at a path.
    case nothing(ListedResource, path: String)
  }

  /// How much is read although nothing says that it changed.
  package enum Reading: Sendable {
    /// What a listing shows as changed, as far as looking does not count as a write.
    case unbilled
    /// What a listing shows as changed.
    case changed
    /// The files of every asset besides: storage elsewhere changes without its asset's telling.
    case contents
    /// Every document and every file.
    case everything
  }

  /// What has come of an observation so far.
  private struct Progress {
    var index: ObservedIndex
    var changes: [Observation.Change] = []
    /// The paths that the account has something for.
    var seen = TextSet()
    var hasRead = false
    /// What is read last, since it counts as a write: its cost is told before.
    var costly: [ListedResource] = []
    var unboundStorage: Set<String> = []
    /// Whether something was neither read nor known by its mark: what is known now is no index to keep.
    var isPartial = false
  }

  /// Compares the account with the whole tree of a commit.
  ///
  /// Lists everything; reads only what changed since the saved index was made, and what is asked for. What is listed is
  /// read as it comes, what counts as a write at the end, and of what was read no more is held than what judging needs.
  /// - Parameter pack: takes the texts of what differs; nil to leave them out.
  /// - Throws: errors of the account, `RegionError`, `GitError`, or `AccountError` (`.interrupted`).
  package func compare(
    with tree: ObjectID?, reading: Reading = .changed, into pack: PackWriter? = nil
  ) async throws -> Observation {
    try await account.checkPresence()
    // Pages and texts come and go: without this their freed memory is three times what is held.
    lockstep_return_memory()
    let readsAll = reading == .everything
    let saved = readsAll ? ObservedIndex(tree: nil) : try ObservedIndex(of: region, context: context)
    let blobs = saved.tree == tree && !readsAll ? nil : try Self.blobs(of: tree, in: region.git)
    let known = Known(saved: saved, tree: tree, blobs: blobs)
    var progress = Progress(index: ObservedIndex(tree: tree))
    let texts = pack.map(BlobBatch.init)
    let purpose = ListingPurpose(
      wants: { Self.entry(of: $0, in: known, reading) == nil },
      earlier: { reading == .changed || reading == .unbilled ? known.listed($0) : [] })
    let kept = account.billsReading && !readsAll ? try KeptReadings(for: region, context: context) : nil
    try await account.eachPortion(for: purpose) { listed in
      try cancellation.check()
      try await take(listed, known, reading, texts, &progress)
    }
    let unlooked = try await takeCostly(known, reading, kept, texts, &progress)
    try await texts?.flush()
    if !progress.hasRead, !progress.isPartial, blobs == nil, progress.index.count == saved.count {
      return Observation(changes: [], unboundStorage: [], index: progress.index, isIndexKept: true)
    }
    let removals = try await removals(besides: progress.seen, in: known)
    if !removals.isEmpty { try await account.checkPresence() }
    progress.changes += removals
    progress.changes.sort(by: Observation.Change.precedes)
    return Observation(
      changes: progress.changes, unboundStorage: progress.unboundStorage.sorted(), index: progress.index,
      isIndexKept: progress.isPartial, unlooked: unlooked)
  }

  /// Reads what a portion of the listing shows as new or changed.
  private func take(
    _ listed: [ListedResource], _ known: Known, _ reading: Reading, _ texts: BlobBatch?,
    _ progress: inout Progress
  ) async throws {
    var unread: [ListedResource] = []
    for item in listed {
      guard let entry = Self.entry(of: item, in: known, reading) else {
        unread.append(item)
        continue
      }
      progress.index.note(entry, for: item.key)
      guard entry.isOfNothing || progress.seen.insert(entry.path) else { throw twice(entry.path, item) }
    }
    if account.billsReading {
      progress.costly += unread.filter { account.countsAsWrite(readingOf: $0) }
      unread.removeAll { account.countsAsWrite(readingOf: $0) }
    }
    try await take(unread: unread, known, nil, [:], texts, &progress)
  }

  /// Reads what counts as a write, once all of it is known, or leaves it where nothing may be spent.
  /// - Returns: what was left.
  private func takeCostly(
    _ known: Known, _ reading: Reading, _ kept: KeptReadings?, _ texts: BlobBatch?, _ progress: inout Progress
  ) async throws -> [ResourceID] {
    // What was listed meanwhile may tell that some of it costs nothing.
    let costly = progress.costly.filter { account.countsAsWrite(readingOf: $0) }
    let earlier = (kept?.earlier ?? [:]).filter {
      // Who asks for files asks for what they are now.
      reading == .changed || ResourcePath.kind(ofPlace: $0.value.path) != .content
    }
    if reading == .unbilled {
      let free = Set(progress.costly).subtracting(costly)
      try await take(unread: Array(free), known, kept, earlier, texts, &progress)
      var written = try WrittenResources(of: account, for: region)
      var unlooked: [ResourceID] = []
      for listed in costly {
        guard let id = account.id(of: listed) else { continue }
        let path = ResourcePath.place(of: id)
        _ = progress.seen.insert(path)
        progress.isPartial = true
        let blob = try document(at: path, in: known) ?? .zero
        if !written.holds(path, blob, listed.stamp) { unlooked.append(id) }
      }
      try written.saveWhereChanged(for: region)
      return unlooked.sorted()
    }
    account.announce(readingOf: costly.filter { KeptReadings.find($0, in: earlier) == nil })
    try await take(unread: progress.costly, known, kept, earlier, texts, &progress)
    kept?.complete()
    return []
  }

  /// Reads and compares as they come: what is the same is not held.
  private func take(
    unread: [ListedResource], _ known: Known, _ kept: KeptReadings?,
    _ earlier: [String: KeptReadings.Reading], _ texts: BlobBatch?, _ progress: inout Progress
  ) async throws {
    try await read(unread, earlier) { look in
      progress.hasRead = true
      try keep(look, in: kept)
      let found: Found
      switch look {
      case .nothing(let listed, let path):
        progress.index.note(.ofNothing(at: path, listed.stamp), for: listed.key)
        return
      case .found(let resource): found = resource
      }
      guard progress.seen.insert(found.path) else { throw twice(found.resource.id.summary, found.listed) }
      guard let (change, text) = try compare(found, with: known, index: &progress.index) else { return }
      progress.changes.append(change)
      if let name = Bindings.unboundStorage(in: bindings.unbind(found.resource)) {
        progress.unboundStorage.insert(name)
      }
      try await texts?.append(text)
    }
  }

  private func twice(_ what: String, _ listed: ListedResource) -> AccountError {
    AccountError(.invalid, "\(account.place) holds \(what) twice: \(listed.key) is one of them")
  }

  /// What the saved index says of a resource that has not changed since.
  private static func entry(
    of item: ListedResource, in known: Known, _ reading: Reading
  ) -> ObservedIndex.Entry? {
    guard item.kind != .content || reading == .changed || reading == .unbilled, item.stamp != .unknown,
      let entry = known.saved[item.key], entry.stamp == item.stamp,
      known.blobs.map({ ($0[entry.path] ?? .zero) == entry.blob }) ?? true
    else { return nil }
    return entry
  }

  /// What the tree has and the account has no more.
  private func removals(besides seen: TextSet, in known: Known) async throws -> [Observation.Change] {
    var paths: [String] = []
    if let blobs = known.blobs {
      paths = blobs.keys.filter { !seen.contains($0) }
    } else {
      known.saved.forEach { _, entry in
        if !entry.isOfNothing, !seen.contains(entry.path) { paths.append(entry.path) }
      }
    }
    var removals: [Observation.Change] = []
    for path in paths {
      guard let kind = ResourcePath.kind(ofPlace: path), account.capabilities.kinds.contains(kind),
        let bytes = try region.git.file(path, in: known.tree)
      else { continue }
      let id = try ResourceDocument.resource(bytes: bytes, place: path).id
      if let held = held[path], held.live == nil { continue }
      // What a moving listing missed is seen by the next one.
      if try await account.stillHolds(id) { continue }
      removals.append(Observation.Change(id, .removed, path: path, blob: nil))
    }
    return removals
  }

  /// Compares one reading with the tree; wherever the tree's text, bound, says the same, the text stays.
  private func compare(
    _ reading: Found, with known: Known, index: inout ObservedIndex
  ) throws -> (change: Observation.Change, text: [UInt8])? {
    let path = reading.path
    let old = try document(at: path, in: known)
    // One that was held back is what it was then, whatever the tree says.
    if let held = held[path], let form = held.live, try isSame(reading, form, path) { return nil }
    func note(_ blob: ObjectID) {
      index.note(
        ObservedIndex.Entry(stamp: reading.listed.stamp, path: path, blob: blob), for: reading.listed.key)
    }
    guard let old else {
      note(reading.blob)
      return (
        Observation.Change(reading.resource.id, .added, path: path, blob: reading.blob), reading.bytes
      )
    }
    if old == reading.blob {
      note(old)
      return nil
    }
    let live = try ResourceDocument.resource(bytes: region.git.read(old).bytes, place: path)
    if !sealsClear || SealedValues.clearPlaces(in: live).isEmpty, try isSame(reading, old, path) {
      note(old)
      return nil
    }
    let bytes = try keyring.seal(bindings.unbind(reading.resource, live: live)).canonicalBytes()
    let blob = Repository.hash(.blob, bytes)
    note(blob)
    if blob == old { return nil }
    return (Observation.Change(reading.resource.id, .changed, path: path, blob: blob), bytes)
  }

  /// Whether a document says what was read.
  private func isSame(_ reading: Found, _ blob: ObjectID, _ path: String) throws -> Bool {
    let opened = try keyring.open(ResourceDocument.resource(bytes: region.git.read(blob).bytes, place: path))
    guard let bound = try? NormalForm.normalise(bindings.bind(opened)) else { return false }
    return Equivalence.agree(reading.resource, bound)
  }

  /// The document that the tree has at a path.
  private func document(at path: String, in known: Known) throws -> ObjectID? {
    if let blobs = known.blobs { return blobs[path] }
    return try region.git.entry(path, in: known.tree)?.id
  }

  private static func blobs(of tree: ObjectID?, in git: Repository) throws -> [String: ObjectID] {
    var blobs: [String: ObjectID] = [:]
    try TreeWalk.changes(from: nil, to: tree, in: git) { change in
      guard ResourcePath.kind(ofPlace: change.path) != nil, let entry = change.new else { return }
      blobs[change.path] = entry.id
    }
    return blobs
  }

  /// Keeps what was observed for the next time, once `observation.index.tree` is what the account is known to match.
  package func save(_ observation: Observation) {
    if observation.isIndexKept { return }
    observation.index.save(for: region, context: context)
    KeptReadings.forget(for: region)
    WrittenResources.forget(for: region)
  }
}

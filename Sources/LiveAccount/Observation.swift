import CanonicalJSON
package import Git
package import MediaResources
package import RegionRepository
package import Sealing

/// The difference between what a live account holds and the tree of a commit.
package struct Observation {
  /// One resource that differs.
  package struct Change: Sendable {
    /// The resource.
    package let id: ResourceID
    /// Its path from the root of the tree.
    package let path: String
    /// Whether the tree has it.
    package let wasThere: Bool
    /// Its canonical bytes as captured, or nil where the account has it no more.
    package let bytes: [UInt8]?
  }

  /// What differs, in path order.
  package let changes: [Change]
  /// The index to keep once the tree that these changes lead to is live.
  package var index: ObservedIndex
  /// Whether the index that is kept says the same.
  let isIndexKept: Bool
}

/// Reads an account and compares it with the tree that it was last known to match.
package struct Observer {
  private let region: RegionRepository
  private let account: any LiveAccount
  private let bindings: Bindings
  private let keyring: Keyring
  private let sealsClear: Bool
  private let cancellation: Cancellation

  /// - Parameters:
  ///   - bindings: those that the account was last known to match.
  ///   - keyring: seals what was read, and opens what the tree has where the two texts differ.
  ///   - sealsClear: whether a secret that stands in clear in the tree counts as a change, so that it is sealed.
  package init(
    region: RegionRepository, account: any LiveAccount, bindings: Bindings, keyring: Keyring,
    sealsClear: Bool = false, cancellation: Cancellation
  ) {
    self.region = region
    self.account = account
    self.bindings = bindings
    self.keyring = keyring
    self.sealsClear = sealsClear
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
      return saved.entries.compactMap { key, entry in
        guard ResourcePath.kind(ofPlace: entry.path) == kind else { return nil }
        return ListedResource(kind: kind, key: key, stamp: entry.stamp)
      }
    }
  }

  /// A resource that had to be read: its place in the listing, and its text before live's own text is considered.
  private struct Found: Sendable {
    let listed: ListedResource
    let resource: Resource
    let path: String
    let bytes: [UInt8]
    let blob: ObjectID
  }

  /// How much is read although nothing says that it changed.
  package enum Reading: Sendable {
    /// What a listing shows as changed.
    case changed
    /// The files of every asset besides: storage elsewhere changes without its asset's telling.
    case contents
    /// Every document and every file.
    case everything
  }

  /// Compares the account with the whole tree of a commit.
  ///
  /// Lists everything; reads only what changed since the saved index was made, and what is asked for.
  /// - Throws: errors of the account, `RegionError`, `GitError`, or `AccountError` (`.interrupted`).
  package func compare(with tree: ObjectID?, reading: Reading = .changed) async throws -> Observation {
    let readsAll = reading == .everything
    let saved = readsAll ? ObservedIndex(tree: nil) : try ObservedIndex(of: region, context: context)
    let blobs = saved.tree == tree && !readsAll ? nil : try Self.blobs(of: tree, in: region.git)
    let known = Known(saved: saved, tree: tree, blobs: blobs)
    var index = ObservedIndex(tree: tree)
    index.entries.reserveCapacity(saved.entries.count)
    var changes: [Observation.Change] = []
    var seen: Set<String> = []
    var hasRead = false
    let lists = try await listAtOnce(known, reading)
    for kind in account.capabilities.kinds.sorted() {
      try cancellation.check()
      var unread: [ListedResource] = []
      var kept: [String] = []
      let listed =
        if let list = lists[kind] { list } else { try await Self.list(kind, of: account, known, reading) }
      for item in listed {
        if let entry = Self.entry(of: item, in: known, reading) {
          index.entries[item.key] = entry
          kept.append(entry.path)
        } else {
          unread.append(item)
        }
      }
      guard !unread.isEmpty else { continue }
      seen.formUnion(kept)
      // Compared as they come: what is the same is not held.
      try await read(unread) { reading in
        hasRead = true
        guard seen.insert(reading.path).inserted else {
          throw AccountError(
            .invalid,
            "\(account.place) holds \(reading.resource.id.summary) twice: \(reading.listed.key) is one of them"
          )
        }
        if let change = try compare(reading, with: known, index: &index) { changes.append(change) }
      }
    }
    if !hasRead, blobs == nil, index.entries.count == saved.entries.count {
      return Observation(changes: [], index: index, isIndexKept: true)
    }
    for entry in index.entries.values { seen.insert(entry.path) }
    let removals = try await removals(besides: seen, in: known)
    if !removals.isEmpty { try await account.checkPresence() }
    changes += removals
    return Observation(changes: changes.sorted { $0.path < $1.path }, index: index, isIndexKept: false)
  }

  /// Every kind's list but that of contents, which follows from what the documents of assets say when they are read.
  private func listAtOnce(_ known: Known, _ reading: Reading) async throws -> [ResourceKind: [ListedResource]]
  {
    try await withThrowingTaskGroup(of: (ResourceKind, [ListedResource]).self) { group in
      for kind in account.capabilities.kinds where kind != .content {
        group.addTask { [account] in (kind, try await Self.list(kind, of: account, known, reading)) }
      }
      var lists: [ResourceKind: [ListedResource]] = [:]
      for try await (kind, list) in group { lists[kind] = list }
      return lists
    }
  }

  /// A list, for reading what the saved index does not know.
  private static func list(
    _ kind: ResourceKind, of account: any LiveAccount, _ known: Known, _ reading: Reading
  ) async throws -> [ListedResource] {
    try await account.list(
      kind,
      for: ListingPurpose(
        wants: { entry(of: $0, in: known, reading) == nil },
        earlier: { reading == .changed ? known.listed($0) : [] }))
  }

  /// What the saved index says of a resource that has not changed since.
  private static func entry(
    of item: ListedResource, in known: Known, _ reading: Reading
  ) -> ObservedIndex.Entry? {
    guard item.kind != .content || reading == .changed, item.stamp != .unknown,
      let entry = known.saved.entries[item.key], entry.stamp == item.stamp,
      known.blobs.map({ $0[entry.path] == entry.blob }) ?? true
    else { return nil }
    return entry
  }

  /// What the tree has and the account has no more.
  private func removals(besides seen: Set<String>, in known: Known) async throws -> [Observation.Change] {
    let paths = known.blobs.map { Array($0.keys) } ?? known.saved.entries.values.map(\.path)
    var removals: [Observation.Change] = []
    for path in paths {
      guard !seen.contains(path), let kind = ResourcePath.kind(ofPlace: path),
        account.capabilities.kinds.contains(kind),
        let bytes = try region.git.file(path, in: known.tree)
      else { continue }
      let id = try ResourceDocument.resource(bytes: bytes, place: path).id
      // What a moving listing missed is seen by the next one.
      if try await account.stillHolds(id) { continue }
      removals.append(Observation.Change(id: id, path: path, wasThere: true, bytes: nil))
    }
    return removals
  }

  /// Compares one reading with the tree; wherever the tree's text, bound, says the same, the text stays.
  private func compare(
    _ reading: Found, with known: Known, index: inout ObservedIndex
  ) throws -> Observation.Change? {
    let path = reading.path
    let old: ObjectID?
    if let blobs = known.blobs {
      old = blobs[path]
    } else {
      old = try region.git.entry(path, in: known.tree)?.id
    }
    func note(_ blob: ObjectID) {
      index.entries[reading.listed.key] = ObservedIndex.Entry(
        stamp: reading.listed.stamp, path: path, blob: blob)
    }
    guard let old else {
      note(reading.blob)
      return Observation.Change(id: reading.resource.id, path: path, wasThere: false, bytes: reading.bytes)
    }
    if old == reading.blob {
      note(old)
      return nil
    }
    let live = try ResourceDocument.resource(bytes: region.git.read(old).bytes, place: path)
    let opened = try keyring.open(live)
    if !sealsClear || SealedValues.clearPlaces(in: live).isEmpty,
      let bound = try? NormalForm.normalise(bindings.bind(opened)),
      Equivalence.agree(reading.resource, bound)
    {
      note(old)
      return nil
    }
    let bytes = try keyring.seal(bindings.unbind(reading.resource, live: live)).canonicalBytes()
    let blob = Repository.hash(.blob, bytes)
    note(blob)
    return blob == old
      ? nil : Observation.Change(id: reading.resource.id, path: path, wasThere: true, bytes: bytes)
  }

  // MARK: Reading

  /// How many readings run at once.
  private static let concurrency = 4

  /// Reads resources, several at once, in chunks so that a task costs less than what it does, and passes each on.
  private func read(_ items: [ListedResource], _ take: (Found) throws -> Void) async throws {
    let size = max(64, min(512, items.count / 16))
    try await withThrowingTaskGroup(of: [Found].self) { group in
      var start = 0
      var running = 0
      while start < items.count || running > 0 {
        while running < Self.concurrency, start < items.count {
          let chunk = Array(items[start..<min(start + size, items.count)])
          start += size
          running += 1
          group.addTask { [account, bindings, keyring, cancellation] in
            try await Self.read(
              chunk, from: account, bindings: bindings, keyring: keyring, cancellation: cancellation)
          }
        }
        if let done = try await group.next() { for reading in done { try take(reading) } }
        running -= 1
      }
    }
  }

  private static func read(
    _ chunk: [ListedResource], from account: any LiveAccount, bindings: Bindings, keyring: Keyring,
    cancellation: Cancellation
  ) async throws -> [Found] {
    var readings: [Found] = []
    readings.reserveCapacity(chunk.count)
    for listed in chunk {
      try cancellation.check()
      guard let document = try await account.read(listed) else { continue }
      let resource = try Self.resource(document, listed: listed, in: account)
      let bytes = try keyring.seal(bindings.unbind(resource)).canonicalBytes()
      readings.append(
        Found(
          listed: listed, resource: resource, path: ResourcePath.place(of: resource.id), bytes: bytes,
          blob: Repository.hash(.blob, bytes)))
    }
    return readings
  }

  /// The resource in a document, which must have a name that the services take.
  private static func resource(
    _ document: JSONObject, listed: ListedResource, in account: any LiveAccount
  ) throws(AccountError) -> Resource {
    func refuse(_ problem: String) -> AccountError {
      AccountError(
        .invalid, "\(account.place), \(listed.key): \(problem)", hint: "mend the document, or take it away")
    }
    let resource: Resource
    do { resource = try NormalForm.normalise(document, kind: listed.kind) } catch {
      throw refuse(error.message)
    }
    for name in [resource.id.assetName, resource.id.name].compactMap(\.self) {
      if let problem = Validation.nameProblem(name) { throw refuse(problem) }
    }
    return resource
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
  }
}

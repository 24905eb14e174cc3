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
  /// What is new or has changed, and was not looked at since that counts as a write.
  var unlooked: [ResourceID] = []
}

/// Reads an account and compares it with the tree that it was last known to match.
package struct Observer {
  let region: RegionRepository
  let account: any LiveAccount
  let bindings: Bindings
  let keyring: Keyring
  private let sealsClear: Bool
  let beginSealing: (() throws -> Void)?
  let cancellation: Cancellation

  /// - Parameters:
  ///   - bindings: those that the account was last known to match.
  ///   - keyring: seals what was read, and opens what the tree has where the two texts differ.
  ///   - sealsClear: whether a secret that stands in clear in the tree counts as a change, so that it is sealed.
  ///   - beginSealing: writes the data key that the keyring has founded; what is sealed under one that nobody writes is
  ///     not kept for a later run.
  package init(
    region: RegionRepository, account: any LiveAccount, bindings: Bindings, keyring: Keyring,
    sealsClear: Bool = false, beginSealing: (() throws -> Void)? = nil, cancellation: Cancellation
  ) {
    self.region = region
    self.account = account
    self.bindings = bindings
    self.keyring = keyring
    self.sealsClear = sealsClear
    self.beginSealing = beginSealing
    self.cancellation = cancellation
  }

  /// What the saved index is made for; it counts for nothing under another account or other bindings.
  private var context: String {
    let bound = bindings.values.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
    return ([account.place] + bound).joined(separator: "\n")
  }

  /// What is known before anything is read.
  struct Known: Sendable {
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
    var lists = try await listAtOnce(known, reading)
    if account.billsReading {
      // No look into a document is needed for it, and the cost is to be told before it arises.
      for kind in account.capabilities.kinds where kind == .content {
        lists[kind] = try await Self.list(kind, of: account, known, reading)
      }
    }
    let kept = account.billsReading && !readsAll ? try KeptReadings(for: region, context: context) : nil
    let earlier = (kept?.earlier ?? [:]).filter {
      // Who asks for files asks for what they are now.
      reading == .changed || ResourcePath.kind(ofPlace: $0.value.path) != .content
    }
    if reading != .unbilled { account.announce(readingOf: costly(lists, known, reading, earlier)) }
    var unlooked: [ResourceID] = []
    for kind in account.capabilities.kinds.sorted() {
      try cancellation.check()
      var unread: [ListedResource] = []
      var unchanged: [String] = []
      let listed =
        if let list = lists[kind] { list } else { try await Self.list(kind, of: account, known, reading) }
      for item in listed {
        if let entry = Self.entry(of: item, in: known, reading) {
          index.entries[item.key] = entry
          if !entry.isOfNothing { unchanged.append(entry.path) }
        } else if reading == .unbilled, account.countsAsWrite(readingOf: item),
          let id = account.id(of: item)
        {
          unlooked.append(id)
          seen.insert(ResourcePath.place(of: id))
        } else {
          unread.append(item)
        }
      }
      guard !unread.isEmpty else { continue }
      seen.formUnion(unchanged)
      // Compared as they come: what is the same is not held.
      try await read(unread, earlier) { look in
        hasRead = true
        try keep(look, in: kept)
        guard case .found(let reading) = look else {
          if case .nothing(let listed, let path) = look {
            index.entries[listed.key] = .ofNothing(at: path, listed.stamp)
          }
          return
        }
        guard seen.insert(reading.path).inserted else {
          throw AccountError(
            .invalid,
            "\(account.place) holds \(reading.resource.id.summary) twice: \(reading.listed.key) is one of them"
          )
        }
        if let change = try compare(reading, with: known, index: &index) { changes.append(change) }
      }
    }
    kept?.complete()
    if !hasRead, unlooked.isEmpty, blobs == nil, index.entries.count == saved.entries.count {
      return Observation(changes: [], index: index, isIndexKept: true)
    }
    for entry in index.entries.values where !entry.isOfNothing { seen.insert(entry.path) }
    let removals = try await removals(besides: seen, in: known)
    if !removals.isEmpty { try await account.checkPresence() }
    changes += removals
    return Observation(
      changes: changes.sorted { $0.path < $1.path }, index: index, isIndexKept: !unlooked.isEmpty,
      unlooked: unlooked.sorted())
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
        earlier: { reading == .changed || reading == .unbilled ? known.listed($0) : [] }))
  }

  /// What the saved index says of a resource that has not changed since.
  static func entry(
    of item: ListedResource, in known: Known, _ reading: Reading
  ) -> ObservedIndex.Entry? {
    guard item.kind != .content || reading == .changed || reading == .unbilled, item.stamp != .unknown,
      let entry = known.saved.entries[item.key], entry.stamp == item.stamp,
      known.blobs.map({ ($0[entry.path] ?? .zero) == entry.blob }) ?? true
    else { return nil }
    return entry
  }

  /// What the tree has and the account has no more.
  private func removals(besides seen: Set<String>, in known: Known) async throws -> [Observation.Change] {
    let paths =
      known.blobs.map { Array($0.keys) } ?? known.saved.entries.values.filter { !$0.isOfNothing }.map(\.path)
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
  }
}

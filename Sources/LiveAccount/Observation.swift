import CanonicalJSON
package import Git
package import MediaResources
package import RegionRepository

/// The difference between what a live account holds and a `mirrored/` tree.
package struct Observation {
  /// One resource that differs.
  package struct Change: Sendable {
    /// The resource.
    package let id: ResourceID
    /// Its path under `mirrored/`.
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
}

/// Reads an account and compares it with the tree that it was last known to match.
package struct Observer {
  private let region: RegionRepository
  private let account: any LiveAccount
  private let bindings: Bindings
  private let cancellation: Cancellation

  package init(
    region: RegionRepository, account: any LiveAccount, bindings: Bindings, cancellation: Cancellation
  ) {
    self.region = region
    self.account = account
    self.bindings = bindings
    self.cancellation = cancellation
  }

  /// What the saved index was made for; it counts for nothing under another account or other bindings.
  package var context: String {
    let bound = bindings.values.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
    return ([account.place] + bound).joined(separator: "\n")
  }

  /// A resource that had to be read: its place in the listing, and its text before live's own text is considered.
  private struct Reading: Sendable {
    let listed: ListedResource
    let resource: Resource
    let path: String
    let bytes: [UInt8]
    let blob: ObjectID
  }

  /// Compares the account with a tree.
  ///
  /// Lists everything; reads only what changed since the saved index was made.
  /// - Throws: errors of the account, `RegionError`, `GitError`, or `AccountError` (`.interrupted`).
  ///
  /// With `readingEverything` the saved index counts for nothing: every document and every content file is read.
  package func compare(with tree: ObjectID?, readingEverything: Bool = false) async throws -> Observation {
    let saved = readingEverything ? ObservedIndex(tree: nil) : try ObservedIndex(of: region, context: context)
    let listed = try await list()
    let fresh = saved.tree == tree && !readingEverything ? nil : try Self.blobs(of: tree, in: region.git)
    var index = ObservedIndex(tree: tree)
    index.entries.reserveCapacity(listed.count)
    var unread: [ListedResource] = []
    var unseen = fresh ?? [:]
    for item in listed {
      guard item.stamp != .unknown, let entry = saved.entries[item.key], entry.stamp == item.stamp,
        fresh.map({ $0[entry.path] == entry.blob }) ?? true
      else {
        if fresh == nil, let entry = saved.entries[item.key] { unseen[entry.path] = entry.blob }
        unread.append(item)
        continue
      }
      index.entries[item.key] = entry
      unseen[entry.path] = nil
    }
    let readings = try await read(unread)
    var changes: [Observation.Change] = []
    var seen: Set<String> = []
    for reading in readings {
      guard seen.insert(reading.path).inserted else {
        throw AccountError(
          .invalid, "\(account.place) holds \(reading.resource.id) twice (\(reading.listed.key))")
      }
      unseen[reading.path] = nil
      let change = try compare(reading, with: tree, fresh: fresh, index: &index)
      if let change { changes.append(change) }
    }
    if fresh == nil {
      let keys = Set(listed.lazy.map(\.key))
      for (key, entry) in saved.entries where !keys.contains(key) && !seen.contains(entry.path) {
        unseen[entry.path] = entry.blob
      }
    }
    for path in unseen.keys {
      guard let kind = ResourcePath.kind(ofPath: path), account.capabilities.kinds.contains(kind),
        let bytes = try region.git.file(path, in: tree)
      else { continue }
      let id = try MirroredDocument.resource(bytes: bytes, path: path).id
      changes.append(Observation.Change(id: id, path: path, wasThere: true, bytes: nil))
    }
    return Observation(changes: changes.sorted { $0.path < $1.path }, index: index)
  }

  private func list() async throws -> [ListedResource] {
    var all: [ListedResource] = []
    for kind in account.capabilities.kinds.sorted() {
      try cancellation.check()
      all += try await account.list(kind)
    }
    return all
  }

  /// Compares one reading with the tree; wherever the tree's text, bound, says the same, the text stays.
  private func compare(
    _ reading: Reading, with tree: ObjectID?, fresh: [String: ObjectID]?, index: inout ObservedIndex
  ) throws -> Observation.Change? {
    let path = reading.path
    let known: ObjectID?
    if let fresh { known = fresh[path] } else { known = try region.git.entry(path, in: tree)?.id }
    func note(_ blob: ObjectID) {
      index.entries[reading.listed.key] = ObservedIndex.Entry(
        stamp: reading.listed.stamp, path: path, blob: blob)
    }
    guard let known else {
      note(reading.blob)
      return Observation.Change(id: reading.resource.id, path: path, wasThere: false, bytes: reading.bytes)
    }
    if known == reading.blob {
      note(known)
      return nil
    }
    let live = try MirroredDocument.resource(bytes: region.git.read(known).bytes, path: path)
    if let bound = try? bindings.bind(live), Equivalence.equal(bound, reading.resource) {
      note(known)
      return nil
    }
    let bytes = bindings.unbind(reading.resource, live: live).canonicalBytes()
    note(Repository.hash(.blob, bytes))
    return Observation.Change(id: reading.resource.id, path: path, wasThere: true, bytes: bytes)
  }

  /// Reads resources, several at once, in chunks so that a task costs less than what it does.
  private func read(_ listed: [ListedResource]) async throws -> [Reading] {
    let size = max(64, min(2048, listed.count / 16))
    var readings: [Reading] = []
    readings.reserveCapacity(listed.count)
    // Contents name the container of an asset, which the account learns by reading the asset: kinds go in order.
    for kind in ResourceKind.allCases.sorted() {
      let items = listed.filter { $0.kind == kind }
      guard !items.isEmpty else { continue }
      try await withThrowingTaskGroup(of: [Reading].self) { group in
        var start = 0
        var running = 0
        while start < items.count || running > 0 {
          while running < 4, start < items.count {
            let chunk = Array(items[start..<min(start + size, items.count)])
            start += size
            running += 1
            group.addTask { [account, bindings, cancellation] in
              try await Self.read(chunk, from: account, bindings: bindings, cancellation: cancellation)
            }
          }
          if let done = try await group.next() { readings += done }
          running -= 1
        }
      }
    }
    return readings
  }

  private static func read(
    _ chunk: [ListedResource], from account: any LiveAccount, bindings: Bindings, cancellation: Cancellation
  ) async throws -> [Reading] {
    var readings: [Reading] = []
    readings.reserveCapacity(chunk.count)
    for listed in chunk {
      try cancellation.check()
      guard let document = try await account.read(listed) else { continue }
      let resource = try Self.resource(document, listed: listed, in: account)
      let neutral = bindings.unbind(resource)
      let bytes = neutral.canonicalBytes()
      readings.append(
        Reading(
          listed: listed, resource: resource, path: ResourcePath.path(of: resource.id), bytes: bytes,
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
    do {
      resource = try NormalForm.normalise(
        document, kind: listed.kind, assetName: document["assetName"]?.stringValue)
    } catch { throw refuse(error.message) }
    for name in [resource.id.assetName, resource.id.name].compactMap(\.self) {
      if let problem = Validation.nameProblem(name) { throw refuse(problem) }
    }
    return resource
  }

  private static func blobs(of tree: ObjectID?, in git: Repository) throws -> [String: ObjectID] {
    var blobs: [String: ObjectID] = [:]
    try TreeWalk.changes(from: nil, to: tree, in: git) { change in
      guard ResourcePath.kind(ofPath: change.path) != nil, let entry = change.new else { return }
      blobs[change.path] = entry.id
    }
    return blobs
  }
}

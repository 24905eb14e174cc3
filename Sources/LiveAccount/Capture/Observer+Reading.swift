import CanonicalJSON
import Git
import MediaResources
import RegionRepository
import Sealing

/// How an observer reads: several resources at once, and nothing twice that counts as a write.
extension Observer {
  /// How many readings run at once.
  private static let concurrency = 4

  /// Reads resources, several at once, in chunks so that a task costs less than what it does, and passes each on.
  ///
  /// After a failure what is under way comes to its end and is passed on: it may have cost something.
  func read(
    _ items: [ListedResource], _ earlier: [String: KeptReadings.Reading], _ take: (Look) async throws -> Void
  ) async throws {
    let size = account.billsReading ? 1 : max(64, min(512, items.count / 16))
    try await withThrowingTaskGroup(of: [Look].self) { group in
      var start = 0
      var running = 0
      var failure: (any Error)?
      while (failure == nil && start < items.count) || running > 0 {
        while failure == nil, running < Self.concurrency, start < items.count {
          let chunk = Array(items[start..<min(start + size, items.count)])
          start += size
          running += 1
          group.addTask { [account, bindings, keyring, cancellation] in
            try await Self.read(
              chunk, earlier, from: account, bindings: bindings, keyring: keyring, cancellation: cancellation)
          }
        }
        do {
          if let done = try await group.next() { for look in done { try await take(look) } }
        } catch { failure = failure ?? error }
        running -= 1
      }
      if let failure { throw failure }
    }
  }

  private static func read(
    _ chunk: [ListedResource], _ earlier: [String: KeptReadings.Reading], from account: any LiveAccount,
    bindings: Bindings, keyring: Keyring, cancellation: Cancellation
  ) async throws -> [Look] {
    var looks: [Look] = []
    looks.reserveCapacity(chunk.count)
    for listed in chunk {
      try cancellation.check()
      if let kept = KeptReadings.find(listed, in: earlier),
        let look = look(at: listed, kept, bindings: bindings, keyring: keyring)
      {
        looks.append(look)
        continue
      }
      guard let document = try await account.read(listed) else {
        // Files that are not there yet are looked for when the listing says something else.
        if listed.kind == .content, listed.stamp != .unknown, let id = account.id(of: listed) {
          looks.append(.nothing(listed, path: ResourcePath.place(of: id)))
        }
        continue
      }
      let resource = try Self.resource(document, listed: listed, in: account)
      looks.append(.found(try found(listed, resource, bindings: bindings, keyring: keyring)))
    }
    return looks
  }

  private static func found(
    _ listed: ListedResource, _ resource: Resource, bindings: Bindings, keyring: Keyring
  ) throws -> Found {
    let bytes = try keyring.seal(bindings.unbind(resource)).canonicalBytes()
    return Found(
      listed: listed, resource: resource, path: ResourcePath.place(of: resource.id), bytes: bytes,
      blob: Repository.hash(.blob, bytes))
  }

  /// Keeps for a later run what counted as a write, its secrets sealed under a data key that is in the history.
  func keep(_ look: Look, in kept: KeptReadings?) throws {
    guard let kept else { return }
    switch look {
    case .nothing(let listed, let path):
      if KeptReadings.find(listed, in: kept.earlier) == nil { kept.keep(listed, path: path, bytes: []) }
    case .found(let found):
      guard KeptReadings.find(found.listed, in: kept.earlier) == nil,
        found.listed.kind == .content || !SecretPlaces.secrets(of: found.resource).isEmpty
      else { return }
      if keyring.founded != nil, found.listed.kind != .content, !kept.hasDataKey {
        guard let beginSealing else { return }
        try beginSealing()
        kept.hasDataKey = true
      }
      kept.keep(found.listed, path: found.path, bytes: found.bytes)
    }
  }

  /// What an earlier run kept, as if it had been read now; nil where it cannot be opened any more.
  private static func look(
    at listed: ListedResource, _ kept: KeptReadings.Reading, bindings: Bindings, keyring: Keyring
  ) -> Look? {
    if kept.bytes.isEmpty { return .nothing(listed, path: kept.path) }
    do {
      let opened = try keyring.open(ResourceDocument.resource(bytes: kept.bytes, place: kept.path))
      let resource = try NormalForm.normalise(bindings.bind(opened))
      return .found(try found(listed, resource, bindings: bindings, keyring: keyring))
    } catch { return nil }
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
}

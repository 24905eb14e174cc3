package import MediaResources

extension LiveAccount {
  /// Lists by whole kinds, all at once but for contents, which follow from what the documents of assets say when they are
  /// read.
  package func list(
    _ kinds: Set<ResourceKind>, for purpose: ListingPurpose,
    taking take: @escaping @Sendable ([ListedResource]) async throws -> Void
  ) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      for kind in kinds where kind != .content {
        group.addTask { try await take(list(kind)) }
      }
      try await group.waitForAll()
    }
    if kinds.contains(.content) { try await take(list(.content)) }
  }

  /// Calls with every portion of a listing of the whole account, one after another, while more is listed.
  func eachPortion(
    for purpose: ListingPurpose, _ body: ([ListedResource]) async throws -> Void
  ) async throws {
    let (offers, desk) = AsyncStream.makeStream(of: PortionOffer.self)
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        defer { desk.finish() }
        try await list(capabilities.kinds, for: purpose) { listed in
          let (answers, answer) = AsyncStream.makeStream(of: Result<Void, any Error>.self)
          desk.yield(PortionOffer(listed: listed, answer: answer))
          // Whoever lists waits until the portion is done with: no more than one of each list is held.
          for await result in answers { return try result.get() }
          throw CancellationError()
        }
      }
      var failure: (any Error)?
      for await offer in offers {
        if failure == nil {
          do { try await body(offer.listed) } catch { failure = error }
        }
        offer.answer.yield(failure.map { .failure($0) } ?? .success(()))
      }
      if let failure {
        group.cancelAll()
        throw failure
      }
      try await group.waitForAll()
    }
  }
}

/// A portion of a listing, and whom to tell when it is done with.
private struct PortionOffer: Sendable {
  let listed: [ListedResource]
  let answer: AsyncStream<Result<Void, any Error>>.Continuation
}

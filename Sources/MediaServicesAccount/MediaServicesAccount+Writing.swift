import CanonicalJSON
import LiveAccount
package import MediaResources
import Planning

extension MediaServicesAccount {
  package func create(_ resource: Resource) async throws {
    try await put(resource, over: .nothing)
    guard resource.id.kind == .streamingLocator, let asset = StreamingLocatorView(resource).assetName,
      packaged.contains(asset)
    else { return }
    try await awaitPaths(ofLocator: resource.id.name)
  }

  package func replace(_ resource: Resource) async throws {
    let id = resource.id
    guard Self.isImmutable(id.kind) else { return try await put(resource, over: .anything) }
    // Everything in hand before anything is taken away: the new form, and the old one to bring back.
    guard let document = try await read(id) else { return try await put(resource, over: .nothing) }
    let old = try normalised(document, id)
    if Equivalence.equal(old, resource) { return }
    try await check(resource)
    try await delete(id)
    do { try await put(resource, over: .nothing) } catch let refusal as AccountError {
      guard refusal.code != .interrupted, refusal.code != .io else {
        throw AccountError(
          refusal.code,
          "\(refusal.message); \(id.summary) is deleted, and not known to be made again yet: it serves nobody"
            + " until then",
          hint: "run the same command again; it makes it")
      }
      try await bringBack(old, after: refusal)
    }
  }

  /// Puts the old form of an immutable resource back, whose new form the service refused.
  private func bringBack(_ old: Resource, after refusal: AccountError) async throws -> Never {
    do { try await put(old, over: .nothing) } catch {
      throw AccountError(
        refusal.code,
        "\(refusal.message); and the form that it had could not be brought back (\(error)): it is not there now",
        hint: refusal.hint)
    }
    throw AccountError(
      refusal.code, "\(refusal.message); the form that it had was brought back", hint: refusal.hint)
  }

  /// Kinds that the services let nobody change: a change is a deletion and a new one of the same name, id and keys.
  static func isImmutable(_ kind: ResourceKind) -> Bool {
    kind == .streamingLocator || kind == .streamingPolicy
  }

  // MARK: Writing

  /// What a write expects to find.
  private enum Before { case nothing, anything }

  /// Writes a resource; after a refusal or a lost answer looks what is there, since the write may have happened.
  private func put(_ resource: Resource, over before: Before) async throws {
    let policy = try await check(resource)
    var existing: Resource?
    var isChanged = false
    if !Self.isImmutable(resource.id.kind), let found = try await observed(resource.id) {
      // A write that changes nothing would change ids and times of the service's own.
      if Self.isWritten(resource, as: found) { return }
      if before == .nothing { throw taken(resource, found) }
      isChanged = true
      if resource.id.kind == .streamingEndpoint {
        if try await scale(found, to: resource) { return }
        existing = found
      }
    }
    let bodies = RequestBody(profile: settings.profile)
    let body =
      if let existing { bodies.update(of: existing, to: resource) } else {
        bodies.make(resource, policy: policy)
      }
    forget(resource.id)
    let request = ServiceRequest(
      method: existing == nil ? .put : .patch, url: addresses.resource(resource.id),
      body: JSONValue.object(body).compactBytes(),
      effect: .write, billing: .put(resource.id.kind), what: resource.id.summary)
    var spent = 0.0
    for attempt in 0... {
      let start = client.clock.now()
      do {
        let answer = try await client.send(request)
        try await complete(answer, resource.id.summary)
        if isChanged { noteLag(of: resource.id) }
        return
      } catch let failure as ServiceFailure {
        if case .refused(let status) = failure.effect, ![400, 409, 412].contains(status) {
          throw failure.error
        }
        let found = try await observed(resource.id)
        if let found, Self.isWritten(resource, as: found) {
          if isChanged { noteLag(of: resource.id) }
          return
        }
        if case .refused = failure.effect { throw explained(failure, resource, found: found) }
        if before == .nothing, let found { throw taken(resource, found) }
        let wait = RetryTable.backoffSeconds(attempt: attempt, random: client.clock.random())
        spent += client.clock.now() - start + wait
        guard spent < settings.deadlineSeconds else { throw failure.error }
        let now = client.clock.now()
        notices.trying(
          Tries.Pause(
            seconds: wait, isAskedFor: false, failure: failure, vainSeconds: spent,
            end: now + settings.deadlineSeconds - spent), now: now)
        try await client.clock.wait(wait, until: cancellation)
      }
    }
  }

  /// Tells that players may get keys by the old form of a policy for a while.
  private func noteLag(of id: ResourceID) {
    guard id.kind == .contentKeyPolicy, let lag = settings.profile.keyDeliveryLagSeconds else { return }
    notices.lagging(id.summary, lagSeconds: lag, now: client.clock.now())
  }

  /// Whether what the service holds is what was sent; what it made up where nothing was sent does not count.
  static func isWritten(_ sent: Resource, as found: Resource) -> Bool {
    if Equivalence.equal(sent, found) { return true }
    guard sent.id.kind == .asset else { return false }
    var rest = found
    for member in ["container", "storageAccountName"] where sent.properties[member] == nil {
      rest.properties[member] = nil
    }
    return Equivalence.equal(sent, rest)
  }

  func observed(_ id: ResourceID) async throws -> Resource? {
    try await read(id).map { try normalised($0, id) }
  }

  /// Refuses what the service would complete by itself.
  /// - Returns: the streaming policy of a locator.
  @discardableResult
  private func check(_ resource: Resource) async throws -> StreamingPolicyView? {
    let obstacles = Obstacles(profile: settings.profile)
    var problems = obstacles.find(to: resource, from: nil)
    var policy: StreamingPolicyView?
    if resource.id.kind == .streamingLocator {
      let view = StreamingLocatorView(resource)
      if let name = view.streamingPolicyName { policy = try await self.policy(name) }
      if problems.isEmpty, let policy {
        problems = obstacles.lackingKeys(view, policy).map { "\(resource.id.summary): \($0)" }
      }
    }
    guard problems.isEmpty else {
      throw AccountError(
        .unsupported, problems.joined(separator: "; "),
        hint: "complete the document in the region where it was made, and commit that")
    }
    return policy
  }

  private func taken(_ resource: Resource, _ found: Resource) -> AccountError {
    let differences = ResourceDifference.between(
      SecretPlaces.redacted(found), SecretPlaces.redacted(resource)
    ).map(\.place)
    return AccountError(
      .exists,
      "\(resource.id.summary) is in \(place) already, in another form"
        + (differences.isEmpty ? " (secrets differ)" : " (\(differences.prefix(5).joined(separator: ", ")))"),
      hint: "take the account's state into the repository first: lockstep capture")
  }

  /// A refusal, with what it means for this kind of resource.
  private func explained(_ failure: ServiceFailure, _ resource: Resource, found: Resource?) -> AccountError {
    if let found, failure.error.hint == nil { return taken(resource, found) }
    return failure.error
  }

  /// Forgets what is known of a resource that changes.
  private func forget(_ id: ResourceID) {
    if id.kind == .streamingPolicy { policies[id.name] = nil }
    if id.kind == .asset { marks.forget(id.name) }
  }

  // MARK: Deleting

  package func delete(_ id: ResourceID) async throws {
    forget(id)
    if id.kind == .asset { try await checkUnused(id) }
    if id.kind == .streamingEndpoint { try await stop(id) }
    let request = ServiceRequest(
      method: .delete, url: addresses.resource(id), effect: .delete, billing: .delete(id.kind),
      what: id.summary)
    do {
      let answer = try await client.send(request)
      try await complete(answer, id.summary)
    } catch let failure as ServiceFailure {
      throw failure.error
    }
  }

  /// Refuses to take an asset away under its locators: a service would take them with it.
  func checkUnused(_ asset: ResourceID) async throws {
    let names = try await locatorNames(of: asset)
    guard !names.isEmpty else { return }
    throw AccountError(
      .refused,
      "\(asset.summary) is published by \(names.prefix(5).map { "locator/\($0)" }.joined(separator: ", "))"
        + (names.count > 5 ? " and \(names.count - 5) more" : ""), hint: "take those away first")
  }

  /// The locators that publish an asset.
  func locatorNames(of asset: ResourceID) async throws -> [String] {
    let answer = try await explained {
      try await client.send(
        ServiceRequest(
          method: .post, url: addresses.action(asset, "listStreamingLocators"), effect: .read,
          billing: .write, what: "the locators of \(asset.summary)"))
    }
    guard !answer.isAbsent else { return [] }
    let locators = (try? JSONValue.parse(answer.body))?["streamingLocators"]?.arrayValue ?? []
    return locators.map { $0["name"]?.stringValue ?? "one without a name" }
  }
}

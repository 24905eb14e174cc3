import CanonicalJSON
import LiveAccount
import MediaResources

/// What only streaming endpoints need: operations of their own, which take a while (facts: trap 24).
extension MediaServicesAccount {
  /// Gives an endpoint as many units as are wanted, which no other write does.
  /// - Returns: whether nothing else is to change.
  func scale(_ found: Resource, to wanted: Resource) async throws -> Bool {
    guard let units = wanted.properties["scaleUnits"], found.properties["scaleUnits"] != units else {
      return false
    }
    try await operate("scale", on: wanted.id, ["scaleUnit": units])
    return try await observed(wanted.id).map { Self.isWritten(wanted, as: $0) } ?? false
  }

  /// Stops an endpoint that streams: it cannot be taken away before.
  func stop(_ id: ResourceID) async throws {
    guard let state = try await redacted(id)?["properties"]?["resourceState"]?.stringValue,
      !["Stopped", "Deleting"].contains(state)
    else { return }
    try await operate("stop", on: id, nil)
  }

  private func operate(_ action: String, on id: ResourceID, _ body: JSONValue?) async throws {
    let answer = try await explained {
      try await client.send(
        ServiceRequest(
          method: .post, url: addresses.action(id, action), body: body?.compactBytes(), effect: .repeatable,
          billing: .write, what: "the \(action) of \(id.summary)"))
    }
    try await complete(answer, id.summary)
  }
}

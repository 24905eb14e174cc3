import CanonicalJSON

/// A change of what players and licences rely on.
///
/// Holds no secret.
package struct IdentityChange: Sendable, Equatable, CustomStringConvertible {
  /// The trailer by which a commit says that a resource's identity may change in it.
  package static let allowingTrailer = "Lockstep-Allow-Identity-Change"

  /// The resource.
  package let resource: ResourceID
  /// What of it changes, such as `the value of content key 6000…`.
  package let what: String
  /// What breaks.
  package let consequence: String
  /// Where it stands in the document, as a JSON pointer; of what is gone, where it stood.
  package let pointer: String

  package var description: String { "\(resource): \(what) would change; \(consequence)" }
}

/// An id that a locator claims: its own, which no other one may have, or that of a content key, which another locator
/// may have with the same value.
package struct IdentityClaim: Sendable, Hashable {
  /// What the id names.
  package enum Kind: Sendable, Hashable {
    case locatorID, contentKeyID
  }

  /// What the id names.
  package let kind: Kind
  /// The id in lower case.
  package let id: String
}

/// What must never change silently (DESIGN §4): locator ids, content key ids, labels and values, policy secrets.
package enum Identity {
  /// How a resource's identity differs from another form of it.
  package static func changes(from old: Resource, to new: Resource) -> [IdentityChange] {
    switch old.id.kind {
    case .streamingLocator: locatorChanges(from: old, to: new)
    case .contentKeyPolicy: secretChanges(from: old, to: new)
    default: []
    }
  }

  /// The ids that a resource claims.
  package static func claims(of resource: Resource) -> [IdentityClaim] {
    guard resource.id.kind == .streamingLocator else { return [] }
    let view = StreamingLocatorView(resource)
    let locator = view.streamingLocatorID.map { IdentityClaim(kind: .locatorID, id: $0.lowercased()) }
    return [locator].compactMap(\.self)
      + view.contentKeys.map { IdentityClaim(kind: .contentKeyID, id: $0.id.lowercased()) }
  }

  /// Why two resources cannot both be there: one locator id twice, or one content key id with two values.
  package static func clash(_ a: Resource, _ b: Resource) -> String? {
    guard a.id != b.id, a.id.kind == .streamingLocator, b.id.kind == .streamingLocator else { return nil }
    let (one, two) = (StreamingLocatorView(a), StreamingLocatorView(b))
    if let id = one.streamingLocatorID, id.lowercased() == two.streamingLocatorID?.lowercased() {
      return "\(a.id) and \(b.id) claim the same locator id \(id)"
    }
    for key in one.contentKeys {
      let other = two.contentKeys.first { $0.id.lowercased() == key.id.lowercased() }
      // Of values that are sealed, each for its own place, it cannot be told whether they are the same.
      if let other, !other.isSealed, !key.isSealed, !equal(other.value, key.value) {
        return "\(a.id) and \(b.id) have two values for one content key id, \(key.id)"
      }
    }
    return nil
  }

  private static func locatorChanges(from old: Resource, to new: Resource) -> [IdentityChange] {
    let before = StreamingLocatorView(old)
    let after = StreamingLocatorView(new)
    var changes: [IdentityChange] = []
    func note(_ what: String, _ consequence: String, _ pointer: String) {
      changes.append(
        IdentityChange(
          resource: old.id, what: what, consequence: consequence, pointer: "/properties/\(pointer)"))
    }
    if before.streamingLocatorID?.lowercased() != after.streamingLocatorID?.lowercased() {
      note(
        "the locator id \(before.streamingLocatorID ?? "(none)")", "every URL with it stops working",
        "streamingLocatorId")
    }
    for key in before.contentKeys {
      guard let index = after.contentKeys.firstIndex(where: { $0.id.lowercased() == key.id.lowercased() })
      else {
        note("the content key \(key.id)", "media encrypted with it cannot be played", "contentKeys")
        continue
      }
      let same = after.contentKeys[index]
      if !equal(same.value, key.value) {
        note(
          "the value of the content key \(key.id)", "media encrypted with it cannot be played",
          "contentKeys/\(index)/value")
      }
      if !equal(same.label, key.label) {
        note(
          "the label of the content key \(key.id)", "another part of the media is encrypted with it",
          "contentKeys/\(index)/labelReferenceInStreamingPolicy")
      }
    }
    return changes
  }

  private static func secretChanges(from old: Resource, to new: Resource) -> [IdentityChange] {
    let after = SecretPlaces.secrets(of: new)
    return SecretPlaces.secrets(of: old).compactMap { secret in
      if after.contains(where: { $0.place == secret.place && $0.value == secret.value }) { return nil }
      return IdentityChange(
        resource: old.id, what: "the secret at \(secret.place)",
        consequence: "tokens and licences made with it are refused",
        pointer: after.first { $0.place == secret.place }?.pointer ?? secret.pointer)
    }
  }

  private static func equal(_ a: String?, _ b: String?) -> Bool {
    switch (a, b) {
    case (nil, nil): true
    case (let a?, let b?): a.utf8.elementsEqual(b.utf8)
    default: false
    }
  }
}

package import MediaResources
package import Sealing

/// Compares two versions of a resource property by property, secrets unseen.
///
/// Of a secret it says only what became of its value. Under one data key that shows without any key; where a value was
/// sealed anew, both are opened and compared, if they can be here.
package struct ResourceComparison: Sendable {
  private let keyring: Keyring
  private let reveals: Bool

  /// - Parameters:
  ///   - keyring: what opens values that were sealed anew; nil to open none.
  ///   - reveals: whether secrets are opened and shown.
  package init(keyring: Keyring?, reveals: Bool = false) {
    self.keyring =
      keyring
      ?? Keyring(
        files: SealingFiles(),
        identities: Identities { () throws(SealingError) in
          throw SealingError(.noIdentity, "no value is opened for this")
        }, trust: .none)
    self.reveals = reveals
  }

  /// How two versions differ; nil stands for a resource that is not there.
  /// - Throws: `SealingError` where secrets are to be shown and cannot be opened.
  package func report(_ old: Resource?, _ new: Resource?) throws -> DifferenceReport {
    var report = DifferenceReport.file(
      (new ?? old)?.id.summary ?? "", old: old != nil, new: new != nil)
    report.properties = try properties(old, new)
    return report
  }

  private func properties(_ old: Resource?, _ new: Resource?) throws -> [DifferenceReport.Property] {
    if reveals {
      let (before, after) = (try old.map(keyring.open), try new.map(keyring.open))
      return ResourceDifference.between(before, after).map { .shown($0) }
    }
    let (before, after) = (old.map(SecretPlaces.redacted), new.map(SecretPlaces.redacted))
    return ResourceDifference.between(before, after).filter {
      $0.old != SecretPlaces.redaction && $0.new != SecretPlaces.redaction
    }.map { .shown($0) } + secrets(old, new)
  }

  /// What became of each secret; those that share a place are compared in their order.
  private func secrets(_ old: Resource?, _ new: Resource?) -> [DifferenceReport.Property] {
    var before = old.map { SecretPlaces.secrets(of: $0) } ?? []
    var properties: [DifferenceReport.Property] = []
    for secret in new.map({ SecretPlaces.secrets(of: $0) }) ?? [] {
      guard let id = new?.id, let index = before.firstIndex(where: { $0.place == secret.place }) else {
        properties.append(.secret(place: secret.place, .added))
        continue
      }
      let known = before.remove(at: index)
      properties.append(.secret(place: secret.place, compare(known, secret, of: id)))
    }
    return properties + before.map { .secret(place: $0.place, .removed) }
  }

  /// What became of a secret at one place of a resource.
  package func compare(
    _ old: SecretPlace, _ new: SecretPlace, of id: ResourceID
  ) -> DifferenceReport.SecretChange {
    if old.value == new.value { return .unchanged }
    return switch keyring.isSame(old, new, of: id) {
    case true?: .unchanged
    case false?: .changed
    case nil: .unknown
    }
  }
}

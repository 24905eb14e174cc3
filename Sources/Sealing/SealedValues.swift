import CanonicalJSON
package import MediaResources

/// What can be said of the secrets of a resource without any key.
package enum SealedValues {
  /// The places of a resource where a secret stands in clear.
  package static func clearPlaces(in resource: Resource) -> [String] {
    SecretPlaces.secrets(of: resource).filter { !($0.value.stringValue.map(SealedValue.isSealed) ?? false) }
      .map(\.place)
  }

  /// The data keys that a resource's values are sealed with.
  package static func fingerprints(in resource: Resource) -> Set<Fingerprint> {
    Set(values(in: resource).map(\.value.fingerprint))
  }

  /// Whether two forms of a resource hold values whose equality shows only when they are opened: sealed at one place
  /// with two data keys.
  package static func mustBeOpened(_ a: Resource, _ b: Resource) -> Bool {
    guard a != b else { return false }
    let others = values(in: b)
    return values(in: a).contains { one in
      others.contains { $0.place == one.place && $0.value.fingerprint != one.value.fingerprint }
    }
  }

  private static func values(in resource: Resource) -> [(place: String, value: SealedValue)] {
    SecretPlaces.secrets(of: resource).compactMap { secret in
      secret.value.stringValue.flatMap { try? SealedValue($0) }.map { (secret.place, $0) }
    }
  }
}

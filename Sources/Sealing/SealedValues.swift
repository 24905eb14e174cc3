import CanonicalJSON
package import MediaResources

/// What can be said of the secrets of a resource without any key.
package enum SealedValues {
  /// The places of a resource where a secret stands in clear, or in a form that is no sealed value.
  package static func clearPlaces(in resource: Resource) -> [String] {
    clearSecrets(in: resource).map(\.place)
  }

  /// The secrets of a resource that stand in clear, or in a form that is no sealed value.
  package static func clearSecrets(in resource: Resource) -> [SecretPlace] {
    SecretPlaces.secrets(of: resource).filter { value(of: $0) == nil }
  }

  /// The data keys that a resource's values are sealed with.
  package static func fingerprints(in resource: Resource) -> Set<Fingerprint> {
    Set(SecretPlaces.secrets(of: resource).compactMap { value(of: $0)?.fingerprint })
  }

  /// Where the first value stands that is sealed with a data key, as a JSON pointer; nil where none is.
  package static func pointer(toValueSealedWith fingerprint: Fingerprint, in resource: Resource) -> String? {
    SecretPlaces.secrets(of: resource).first { value(of: $0)?.fingerprint == fingerprint }?.pointer
  }

  /// Whether two forms of a resource hold values whose equality shows only when they are opened: at one place sealed with
  /// two data keys, or sealed here and in clear there.
  package static func mustBeOpened(_ a: Resource, _ b: Resource) -> Bool {
    guard a != b else { return false }
    let others = SecretPlaces.secrets(of: b)
    return SecretPlaces.secrets(of: a).contains { one in
      others.contains { $0.place == one.place && value(of: $0)?.fingerprint != value(of: one)?.fingerprint }
    }
  }

  private static func value(of secret: SecretPlace) -> SealedValue? {
    secret.value.stringValue.flatMap { try? SealedValue($0) }
  }
}

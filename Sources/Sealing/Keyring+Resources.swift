import CanonicalJSON
package import MediaResources

extension Keyring {
  /// A resource that a live account holds, its secrets in clear, as it stands in a repository.
  ///
  /// A resource without secrets needs no key.
  package func seal(_ resource: Resource) throws(SealingError) -> Resource {
    try SecretPlaces.replacing(in: resource) { (secret) throws(SealingError) in
      try seal(secret.value, of: resource.id, at: secret.place, under: currentKey())
    }
  }

  /// A resource that a person wrote: the secrets that stand in clear are sealed, the others stay.
  /// - Throws: `SealingError` (`.malformed`) for what begins like a sealed value and is none, (`.notAuthentic`) for one that
  ///   was sealed for another place.
  package func sealClear(_ resource: Resource) throws(SealingError) -> Resource {
    try about(resource) { () throws(SealingError) in
      try SecretPlaces.replacing(in: resource) { (secret) throws(SealingError) in
        if let sealed = try Self.sealed(secret.value) {
          try check(sealed, of: resource.id, at: secret.place)
          return secret.value
        }
        return try seal(secret.value, of: resource.id, at: secret.place, under: currentKey())
      }
    }
  }

  /// A resource of a repository with its secrets in clear; what stands in clear already stays.
  ///
  /// A resource without sealed values needs no key.
  /// - Throws: `SealingError` naming the resource.
  package func open(_ resource: Resource) throws(SealingError) -> Resource {
    try about(resource) { () throws(SealingError) in
      try SecretPlaces.replacing(in: resource) { (secret) throws(SealingError) in
        guard let sealed = try Self.sealed(secret.value) else { return secret.value }
        return try key(sealed.fingerprint).open(sealed, of: resource.id, at: secret.place)
      }
    }
  }

  /// Whether two texts at one place of a resource are the same secret, sealed or in clear; nil where that shows only when
  /// they are opened, and they cannot be here.
  package func isSame(_ a: SecretPlace, _ b: SecretPlace, of resource: ResourceID) -> Bool? {
    let sealed = [a, b].map { $0.value.stringValue.flatMap { try? SealedValue($0) } }
    // Under one data key one secret is one text.
    if let one = sealed[0], let other = sealed[1], one.fingerprint == other.fingerprint {
      return one == other
    }
    var clear: [JSONValue] = []
    for (secret, sealed) in zip([a, b], sealed) {
      guard let sealed else {
        clear.append(secret.value)
        continue
      }
      guard let value = try? key(sealed.fingerprint).open(sealed, of: resource, at: secret.place) else {
        return nil
      }
      clear.append(value)
    }
    return clear[0] == clear[1]
  }

  /// A resource of a repository under the current data key; what stands in clear is sealed.
  ///
  /// A resource without secrets needs no key.
  package func reseal(_ resource: Resource) throws(SealingError) -> Resource {
    try about(resource) { () throws(SealingError) in
      guard !SecretPlaces.secrets(of: resource).isEmpty else { return resource }
      let current = try currentKey()
      return try SecretPlaces.replacing(in: resource) { (secret) throws(SealingError) in
        guard let sealed = try Self.sealed(secret.value) else {
          return try seal(secret.value, of: resource.id, at: secret.place, under: current)
        }
        if sealed.fingerprint == current.fingerprint { return secret.value }
        let clear = try key(sealed.fingerprint).open(sealed, of: resource.id, at: secret.place)
        return try seal(clear, of: resource.id, at: secret.place, under: current)
      }
    }
  }

  /// A sealed value that a person moved or copied opens nowhere: that shows here, where it can be opened.
  private func check(
    _ sealed: SealedValue, of resource: ResourceID, at place: String
  ) throws(SealingError) {
    do throws(SealingError) { _ = try key(sealed.fingerprint).open(sealed, of: resource, at: place) } catch {
      guard error.isLackOfKey else { throw error }
    }
  }

  private func seal(
    _ value: JSONValue, of resource: ResourceID, at place: String, under key: DataKey
  ) throws(SealingError) -> JSONValue {
    guard let sealed = key.seal(value, of: resource, at: place) else {
      throw SealingError(.refused, "\(resource): the secret at \(place) is too long to be sealed")
    }
    return .string(sealed.text)
  }

  private static func sealed(_ value: JSONValue) throws(SealingError) -> SealedValue? {
    guard let text = value.stringValue, SealedValue.isSealed(text) else { return nil }
    return try SealedValue(text)
  }

  private func about<Result>(
    _ resource: Resource, _ body: () throws(SealingError) -> Result
  ) throws(SealingError) -> Result {
    do throws(SealingError) { return try body() } catch { throw error.about(resource.id.description) }
  }
}

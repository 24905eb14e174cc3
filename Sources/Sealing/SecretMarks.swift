import Age
import CanonicalJSON
import Crypto
package import MediaResources

/// Marks that stand for secrets where people look at documents: the same at one place exactly where the secret is the
/// same, sealed anew or not; they tell nothing else.
///
/// A mark is a keyed hash of place and secret, under a key that only this identity has. Where a sealed value cannot be
/// opened, its mark is a hash of the sealed text: then a value under another data key looks like another value.
package struct SecretMarks: Sendable {
  private let keyring: Keyring
  private let key: SymmetricKey

  /// Marks under an identity, or under a random key where there is none.
  package init(keyring: Keyring, identities: Identities) {
    self.keyring = keyring
    var secret = (try? identities.read().identities.first?.reveal()).flatMap(\.self).map { Array($0.utf8) }
    key =
      secret.map {
        HKDF<SHA256>.deriveKey(
          inputKeyMaterial: SymmetricKey(data: $0), info: Array("lockstep marks 1".utf8), outputByteCount: 32)
      } ?? SymmetricKey(size: .bits256)
    if var bytes = secret.take() { wipe(&bytes) }
  }

  /// A resource with a mark in the place of every secret, such as `<secret 1f0a33c2>`.
  package func marked(_ resource: Resource) -> Resource {
    SecretPlaces.replacing(in: resource) { .string("<secret \(mark(of: $0, in: resource.id))>") }
  }

  /// The mark of one secret: eight hexadecimal digits.
  package func mark(of secret: SecretPlace, in resource: ResourceID) -> String {
    guard let text = secret.value.stringValue, SealedValue.isSealed(text) else {
      return hash("clear", secret.place, secret.value)
    }
    guard let sealed = try? SealedValue(text), let key = try? keyring.key(sealed.fingerprint),
      let value = try? key.open(sealed, of: resource, at: secret.place)
    else { return hash("sealed", secret.place, secret.value) }
    return hash("clear", secret.place, value)
  }

  private func hash(_ kind: String, _ place: String, _ value: JSONValue) -> String {
    let message = Array("\(kind)\n\(place)\n".utf8) + value.compactBytes()
    return Hexadecimal.text(HMAC<SHA256>.authenticationCode(for: message, using: key).prefix(4))
  }
}

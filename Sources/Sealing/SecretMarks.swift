import CanonicalJSON
import Crypto
package import MediaResources

/// Marks that stand for secrets where people look at documents: the same at one place exactly where the secret is the
/// same, sealed anew or not; they tell nothing else.
///
/// A mark is a keyed hash of place and secret, under a key that is derived from the fleet's first data key. Where a sealed
/// value cannot be opened, its mark is a hash of the sealed text: then a value under another data key looks like another
/// value. A secret in clear has no mark of its own.
package final class SecretMarks {
  private let keyring: Keyring
  private lazy var key: SymmetricKey? = try? keyring.markKey()

  /// Marks of what a keyring opens; a key is asked for only when there is a sealed value.
  package init(keyring: Keyring) { self.keyring = keyring }

  /// A resource with a mark in the place of every secret, such as `<secret 1f0a33c2>`.
  /// - Parameter done: the pointers of secrets that have their marks already; those of this resource are added.
  package func marked(_ resource: Resource, besides done: inout Set<String>) -> Resource {
    SecretPlaces.replacing(in: resource) { secret in
      guard done.insert(secret.pointer).inserted else { return secret.value }
      return .string("<secret \(mark(of: secret, in: resource.id))>")
    }
  }

  /// The mark of one secret: eight hexadecimal digits, or `in clear`.
  private func mark(of secret: SecretPlace, in resource: ResourceID) -> String {
    guard let text = secret.value.stringValue, let sealed = try? SealedValue(text) else { return "in clear" }
    guard let key, let dataKey = try? keyring.key(sealed.fingerprint),
      let value = try? dataKey.open(sealed, of: resource, at: secret.place)
    else { return Hexadecimal.text(SHA256.hash(data: Array(text.utf8)).prefix(4)) }
    let message = Array("\(secret.place)\n".utf8) + value.compactBytes()
    return Hexadecimal.text(HMAC<SHA256>.authenticationCode(for: message, using: key).prefix(4))
  }
}

extension Keyring {
  /// A key that stays the same when the data key is rotated: derived from the first one of the fleet.
  fileprivate func markKey() throws(SealingError) -> SymmetricKey {
    let authority = try authority()
    var oldest = authority.key
    for fingerprint in authority.trusted.sorted() {
      guard let other = try? keyFile(fingerprint).key else { continue }
      if (other.generation, other.fingerprint) < (oldest.generation, oldest.fingerprint) { oldest = other }
    }
    return oldest.markKey
  }
}

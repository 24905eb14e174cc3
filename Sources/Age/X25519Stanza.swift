import Crypto

/// A file's key for the holder of an X25519 key.
struct X25519Stanza {
  static let kind = "X25519"
  private static let label = Array("age-encryption.org/v1/X25519".utf8)
  private static let shareByteCount = 32

  private let share: [UInt8]
  private let body: [UInt8]

  /// Reads a stanza; nil for one of another kind.
  init?(_ stanza: Stanza) throws(AgeError) {
    guard stanza.kind == Self.kind else { return nil }
    guard stanza.arguments.count == 1, let share = RawBase64.decode(stanza.arguments[0]),
      share.count == Self.shareByteCount, stanza.body.count == FileKey.wrappedByteCount
    else { throw AgeError(.malformed, "an X25519 recipient in the header of the age file is malformed") }
    self.share = share
    body = stanza.body
  }

  /// Wraps a file's key for a recipient.
  static func wrap(_ fileKey: SymmetricKey, forKey recipient: [UInt8]) throws(AgeError) -> Stanza {
    do {
      let ephemeral = Curve25519.KeyAgreement.PrivateKey()
      let share = [UInt8](ephemeral.publicKey.rawRepresentation)
      let key = try wrappingKey(ephemeral, theirs: recipient, salt: share + recipient)
      return Stanza(
        kind: kind, arguments: [RawBase64.encode(share)], body: try FileKey.wrap(fileKey, under: key))
    } catch {
      throw AgeError(.badRecipient, "an age recipient is a key that nothing can be encrypted to")
    }
  }

  /// The file's key; nil where it is for somebody else.
  func unwrap(_ identity: Identity) throws(AgeError) -> SymmetricKey? {
    let key: SymmetricKey
    do {
      key = try Self.wrappingKey(
        identity.key, theirs: share, salt: share + [UInt8](identity.key.publicKey.rawRepresentation))
    } catch {
      throw AgeError(.malformed, "an X25519 recipient in the header of the age file holds an unsafe key")
    }
    return FileKey.unwrap(body, under: key)
  }

  private struct UnsafeShare: Error {}

  private static func wrappingKey(
    _ ours: Curve25519.KeyAgreement.PrivateKey, theirs: [UInt8], salt: [UInt8]
  ) throws -> SymmetricKey {
    let theirs = try Curve25519.KeyAgreement.PublicKey(rawRepresentation: theirs)
    let secret = try ours.sharedSecretFromKeyAgreement(with: theirs)
    // A point of low order gives zeros with every key; not every library refuses it.
    guard secret.withUnsafeBytes({ $0.contains { $0 != 0 } }) else { throw UnsafeShare() }
    return secret.hkdfDerivedSymmetricKey(
      using: SHA256.self, salt: salt, sharedInfo: label, outputByteCount: 32)
  }
}

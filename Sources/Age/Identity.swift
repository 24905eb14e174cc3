import Crypto

/// The secret X25519 key that opens what is encrypted to its recipient.
///
/// Neither its description nor its mirror shows the key.
package struct Identity: Sendable, CustomStringConvertible, CustomReflectable {
  static let prefix = "AGE-SECRET-KEY-"

  let key: Curve25519.KeyAgreement.PrivateKey

  /// Makes a new identity.
  package static func generate() -> Identity { Identity(key: Curve25519.KeyAgreement.PrivateKey()) }

  /// Reads an identity: `AGE-SECRET-KEY-1…`.
  /// - Throws: `AgeError` (`.badIdentity`), which does not repeat the text.
  package init(_ text: String) throws(AgeError) {
    guard text.hasPrefix("\(Self.prefix)1") else {
      throw AgeError(.badIdentity, "this is no age identity: it does not begin with \(Self.prefix)1")
    }
    var decoded: (prefix: String, bytes: [UInt8])
    do { decoded = try Bech32.decode(text) } catch {
      throw AgeError(.badIdentity, "this is no age identity: it \(error.reason)")
    }
    defer { wipe(&decoded.bytes) }
    guard decoded.prefix == Self.prefix,
      let key = try? Curve25519.KeyAgreement.PrivateKey(rawRepresentation: decoded.bytes)
    else { throw AgeError(.badIdentity, "this is no age identity: its key is of the wrong length") }
    self.key = key
  }

  private init(key: Curve25519.KeyAgreement.PrivateKey) { self.key = key }

  /// Whom others encrypt to.
  package var recipient: Recipient { Recipient(key: [UInt8](key.publicKey.rawRepresentation)) }

  /// The identity's text, which is secret: for writing an identity file only.
  package func reveal() -> String {
    // Only the copy is wiped: the representation may be the very memory of the key.
    var bytes = [UInt8](key.rawRepresentation)
    defer { wipe(&bytes) }
    return Bech32.encode(prefix: Self.prefix.lowercased(), bytes).uppercased()
  }

  package var description: String { "the identity of \(recipient)" }

  package var customMirror: Mirror { Mirror(self, children: ["recipient": recipient.text]) }
}

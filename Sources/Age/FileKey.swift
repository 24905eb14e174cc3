import Crypto

/// The key of one file, and how it is wrapped under another key.
enum FileKey {
  private static let byteCount = 16
  /// Of a wrapped key: it and a tag.
  static let wrappedByteCount = byteCount + 16

  /// A new key.
  static func random() -> SymmetricKey { SymmetricKey(size: SymmetricKeySize(bitCount: byteCount * 8)) }

  /// Encrypts a file's key under a key that is used once.
  static func wrap(_ fileKey: SymmetricKey, under key: SymmetricKey) throws -> [UInt8] {
    var bytes = fileKey.withUnsafeBytes { [UInt8]($0) }
    defer { wipe(&bytes) }
    let box = try ChaChaPoly.seal(bytes, using: key, nonce: try nonce())
    return [UInt8](box.ciphertext) + [UInt8](box.tag)
  }

  /// Decrypts a file's key; nil where it was wrapped under another key.
  static func unwrap(_ body: [UInt8], under key: SymmetricKey) -> SymmetricKey? {
    guard body.count == wrappedByteCount,
      let box = try? ChaChaPoly.SealedBox(
        nonce: nonce(), ciphertext: body[..<byteCount], tag: body[byteCount...]),
      var opened = try? ChaChaPoly.open(box, using: key)
    else { return nil }
    defer { wipe(&opened) }
    return SymmetricKey(data: opened)
  }

  /// Zeros, as the format demands: no key wraps twice.
  private static func nonce() throws -> ChaChaPoly.Nonce {
    try ChaChaPoly.Nonce(data: [UInt8](repeating: 0, count: 12))
  }
}

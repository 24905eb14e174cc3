import Crypto

/// The encrypted content of a file: chunks, each under a number and whether it is the last (the STREAM construction).
enum PayloadStream {
  static let nonceByteCount = 16
  private static let chunkByteCount = 64 * 1024
  private static let tagByteCount = 16

  /// Encrypts content under a file's key.
  static func seal(_ plaintext: [UInt8], _ fileKey: SymmetricKey) throws(AgeError) -> [UInt8] {
    let nonce = randomBytes(nonceByteCount)
    let key = payloadKey(fileKey, nonce)
    let chunks = max(1, (plaintext.count + chunkByteCount - 1) / chunkByteCount)
    var sealed = nonce
    sealed.reserveCapacity(nonce.count + plaintext.count + chunks * tagByteCount)
    do {
      for index in 0..<chunks {
        let start = index * chunkByteCount
        let chunk = plaintext[start..<min(start + chunkByteCount, plaintext.count)]
        let box = try ChaChaPoly.seal(
          chunk, using: key, nonce: chunkNonce(index, isLast: index == chunks - 1))
        sealed += box.ciphertext
        sealed += box.tag
      }
    } catch { throw AgeError(.program, "the content of the age file could not be encrypted") }
    return sealed
  }

  /// Decrypts all that follows a header; nothing is returned of content of which a part is not right.
  static func open(_ payload: ArraySlice<UInt8>, _ fileKey: SymmetricKey) throws(AgeError) -> [UInt8] {
    guard payload.count >= nonceByteCount else {
      throw AgeError(.malformed, "the age file is cut off behind its header")
    }
    let key = payloadKey(fileKey, Array(payload.prefix(nonceByteCount)))
    var rest = payload.dropFirst(nonceByteCount)
    var plaintext: [UInt8] = []
    plaintext.reserveCapacity(rest.count)
    var index = 0
    repeat {
      let chunk = rest.prefix(chunkByteCount + tagByteCount)
      rest = rest.dropFirst(chunk.count)
      guard let opened = open(chunk, index, isLast: rest.isEmpty, key) else {
        wipe(&plaintext)
        throw AgeError(.corrupt, "the content of the age file was changed, or is cut off")
      }
      plaintext += opened
      index += 1
    } while !rest.isEmpty
    return plaintext
  }

  /// One chunk, of which only the first may be empty; nil where it is not right.
  private static func open(
    _ chunk: ArraySlice<UInt8>, _ index: Int, isLast: Bool, _ key: SymmetricKey
  ) -> [UInt8]? {
    guard chunk.count >= tagByteCount, index == 0 || chunk.count > tagByteCount,
      let box = try? ChaChaPoly.SealedBox(
        nonce: chunkNonce(index, isLast: isLast), ciphertext: chunk.dropLast(tagByteCount),
        tag: chunk.suffix(tagByteCount)),
      let opened = try? ChaChaPoly.open(box, using: key)
    else { return nil }
    return [UInt8](opened)
  }

  /// Eleven bytes of the chunk's number, and one that marks the last.
  private static func chunkNonce(_ index: Int, isLast: Bool) throws -> ChaChaPoly.Nonce {
    var bytes: [UInt8] = [0, 0, 0]
    for shift in stride(from: 56, through: 0, by: -8) {
      bytes.append(UInt8(truncatingIfNeeded: UInt64(index) >> UInt64(shift)))
    }
    return try ChaChaPoly.Nonce(data: bytes + [isLast ? 1 : 0])
  }

  private static func payloadKey(_ fileKey: SymmetricKey, _ nonce: [UInt8]) -> SymmetricKey {
    HKDF<SHA256>.deriveKey(
      inputKeyMaterial: fileKey, salt: nonce, info: Array("payload".utf8), outputByteCount: 32)
  }
}

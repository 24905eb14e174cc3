import Age
import MediaResources

/// A secret as it stands in a repository: `sealed:<key fingerprint>:<base64url>`.
///
/// The bytes are the ciphertext and its tag of 16 bytes; `DataKey` says how they come about.
package struct SealedValue: Sendable, Equatable {
  /// The data key that it was sealed with.
  package let fingerprint: Fingerprint
  /// Ciphertext and tag.
  let bytes: [UInt8]

  init(fingerprint: Fingerprint, bytes: [UInt8]) {
    self.fingerprint = fingerprint
    self.bytes = bytes
  }

  /// Whether a text is meant as a sealed value.
  package static func isSealed(_ text: String) -> Bool { text.hasPrefix(SealedPrefix.text) }

  /// Reads a sealed value.
  /// - Throws: `SealingError` (`.malformed`); the text is not repeated.
  package init(_ text: String) throws(SealingError) {
    let parts = text.utf8.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
      .map { String(decoding: $0, as: UTF8.self) }
    guard parts.count == 3, Self.isSealed(text), let fingerprint = Fingerprint(parts[1]) else {
      throw SealingError(
        .malformed, "it begins like a sealed value and is none (sealed:<32 hexadecimal digits>:<base64url>)",
        hint: "bring the sealed value back as it was: git checkout COMMIT -- FILE")
    }
    guard let bytes = RawBase64.decode(parts[2], alphabet: .urlSafe), bytes.count > DataKey.tagLength,
      (bytes.count - DataKey.tagLength) % DataKey.paddedTo == 0
    else {
      throw SealingError(
        .malformed, "the sealed value is cut off or was edited",
        hint: "bring the sealed value back as it was: git checkout COMMIT -- FILE")
    }
    self.init(fingerprint: fingerprint, bytes: bytes)
  }

  /// The text that stands in a document.
  package var text: String {
    "\(SealedPrefix.text)\(fingerprint):\(RawBase64.encode(bytes, alphabet: .urlSafe))"
  }
}

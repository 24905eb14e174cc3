/// A set of texts of which 16 bytes are kept, whatever their length: for asking whether one came before.
///
/// Texts are told apart by their UTF-8. Two that differ count as one with the odds of two random numbers of 128 bits.
package struct TextSet: Sendable {
  private var digests: Set<SIMD2<UInt64>> = []

  package init() {}

  /// Takes a text in; false where it was there already.
  package mutating func insert(_ text: String) -> Bool { digests.insert(Self.digest(text)).inserted }

  /// Whether a text was taken in.
  package func contains(_ text: String) -> Bool { digests.contains(Self.digest(text)) }

  private static func digest(_ text: String) -> SIMD2<UInt64> {
    var text = text
    return text.withUTF8 { bytes in
      func half(_ number: UInt8) -> UInt64 {
        var hasher = Hasher()
        hasher.combine(number)
        hasher.combine(bytes: UnsafeRawBufferPointer(bytes))
        return UInt64(bitPattern: Int64(hasher.finalize()))
      }
      return SIMD2(half(0), half(1))
    }
  }
}

/// What names a data key: 16 bytes derived from it one way, as 32 lower-case hexadecimal digits.
package struct Fingerprint: Sendable, Hashable, Comparable, CustomStringConvertible {
  /// The digits.
  package let text: String

  /// How many digits there are.
  static let length = 32

  /// Takes 32 lower-case hexadecimal digits; nil for anything else.
  package init?(_ text: some StringProtocol) {
    guard text.utf8.count == Self.length, text.utf8.allSatisfy(Self.isDigit) else { return nil }
    self.text = String(text)
  }

  /// Takes digits that were just made.
  init(unchecked text: String) { self.text = text }

  private static func isDigit(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"): true
    default: false
    }
  }

  /// The first eight digits, for people.
  package var abbreviated: String { String(text.prefix(8)) }

  package var description: String { text }

  package static func < (a: Fingerprint, b: Fingerprint) -> Bool { a.text < b.text }
}

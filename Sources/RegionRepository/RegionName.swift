/// The name of a region: 1 to 40 lower-case ASCII letters, digits and inner hyphens.
///
/// It stands in ref names, configuration keys and trailers, so it is kept to what all of them can hold.
package struct RegionName: Hashable, Sendable, Comparable, CustomStringConvertible {
  /// The name itself.
  package let text: String

  /// Makes a name, or nil when the text is not one.
  package init?(_ text: String) {
    let bytes = Array(text.utf8)
    guard (1...40).contains(bytes.count), bytes.first != UInt8(ascii: "-"), bytes.last != UInt8(ascii: "-")
    else { return nil }
    for byte in bytes {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"):
        continue
      default: return nil
      }
    }
    self.text = text
  }

  /// Makes a name from what a person typed.
  /// - Throws: `RegionError` that says what a name may be.
  package init(checking text: String) throws(RegionError) {
    guard let name = RegionName(text) else {
      throw RegionError(
        .badConfiguration,
        "'\(text)' cannot be a region's name: 1 to 40 lower-case letters, digits and inner hyphens are allowed",
        hint: "choose a name such as 'east' or 'eu-west-1'")
    }
    self = name
  }

  package var description: String { text }

  package static func < (a: RegionName, b: RegionName) -> Bool { a.text < b.text }
}

import Crypto
import MediaResources

/// Small things that a drill needs of paths, bytes and lists.
enum DrillPath {
  /// A path as it stands in an address; what services put into the paths of manifests stays as it is.
  static func encode(_ path: String) -> String {
    path.utf8.map { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"):
        return String(UnicodeScalar(byte))
      default:
        return "/-._~()=,".utf8.contains(byte)
          ? String(UnicodeScalar(byte)) : "%" + Hexadecimal.text([byte]).uppercased()
      }
    }.joined()
  }

  /// A path of an address as a file has it; as it stands where it has no such meaning.
  static func decode(_ text: some StringProtocol) -> String {
    var bytes: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "%"), rest.count >= 2,
        let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
      {
        bytes.append(value)
        rest = rest.dropFirst(2)
      } else {
        bytes.append(byte)
      }
    }
    return String(validating: bytes, as: UTF8.self) ?? String(text)
  }

  /// The SHA-256 in lower-case hexadecimal digits.
  static func digest(_ bytes: [UInt8]) -> String { Hexadecimal.text(Array(SHA256.hash(data: bytes))) }

  /// Some elements, the first and the last among them; all where the count is nil.
  static func spread<Element>(_ elements: [Element], _ count: Int?) -> [Element] {
    guard let count, count < elements.count else { return elements }
    guard count > 1 else { return Array(elements.prefix(count)) }
    return (0..<count).map { elements[$0 * (elements.count - 1) / (count - 1)] }
  }
}

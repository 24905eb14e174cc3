extension JSONValue {
  /// The canonical form of a file: two-space indentation, one member or element a line, a final newline, `{}` and `[]`
  /// for empty ones; stripped of white space it is exactly `compactBytes()`.
  package func canonicalBytes() -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(1024)
    appendCanonical(to: &bytes)
    bytes.append(JSONByte.newline)
    return bytes
  }

  /// The RFC 8785 form, with one extension: an integer is kept digit for digit whatever its size.
  package func compactBytes() -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(512)
    appendCompact(to: &bytes)
    return bytes
  }

  /// Appends the canonical form without the final newline.
  package func appendCanonical(to bytes: inout [UInt8]) { append(to: &bytes, depth: 0) }

  /// Appends the RFC 8785 form.
  package func appendCompact(to bytes: inout [UInt8]) { append(to: &bytes, depth: nil) }

  /// `depth` nil writes without white space.
  private func append(to bytes: inout [UInt8], depth: Int?) {
    switch self {
    case .null: bytes.append(contentsOf: "null".utf8)
    case .bool(let value): bytes.append(contentsOf: value ? "true".utf8 : "false".utf8)
    case .number(let number): number.append(to: &bytes)
    case .string(let text): JSONString.append(text, to: &bytes)
    case .array(let elements):
      Self.appendList(elements, UInt8(ascii: "["), UInt8(ascii: "]"), to: &bytes, depth: depth) {
        $0.append(to: &$1, depth: $2)
      }
    case .object(let object):
      Self.appendList(object.members, UInt8(ascii: "{"), UInt8(ascii: "}"), to: &bytes, depth: depth) {
        JSONString.append($0.key, to: &$1)
        $1.append(UInt8(ascii: ":"))
        if $2 != nil { $1.append(JSONByte.space) }
        $0.value.append(to: &$1, depth: $2)
      }
    }
  }

  @inline(__always)
  private static func appendList<Element>(
    _ elements: [Element], _ open: UInt8, _ close: UInt8, to bytes: inout [UInt8], depth: Int?,
    _ appendElement: (Element, inout [UInt8], Int?) -> Void
  ) {
    bytes.append(open)
    let inner = depth.map { $0 + 1 }
    var isFirst = true
    for element in elements {
      if !isFirst { bytes.append(UInt8(ascii: ",")) }
      isFirst = false
      if let inner { indent(inner, &bytes) }
      appendElement(element, &bytes, inner)
    }
    if !isFirst, let depth { indent(depth, &bytes) }
    bytes.append(close)
  }

  @inline(__always)
  private static func indent(_ depth: Int, _ bytes: inout [UInt8]) {
    bytes.append(JSONByte.newline)
    for _ in 0..<depth {
      bytes.append(JSONByte.space)
      bytes.append(JSONByte.space)
    }
  }
}

/// Bytes with a name.
enum JSONByte {
  static let newline = UInt8(ascii: "\n")
  static let space = UInt8(ascii: " ")
  static let quote = UInt8(ascii: "\"")
  static let backslash = UInt8(ascii: "\\")
}

/// Strings as RFC 8785 §3.2.2.2 writes them.
enum JSONString {
  static func append(_ text: String, to bytes: inout [UInt8]) {
    var text = text
    bytes.append(JSONByte.quote)
    text.withUTF8 { input in
      var start = 0
      for index in 0..<input.count {
        let byte = input[index]
        guard byte < 0x20 || byte == JSONByte.quote || byte == JSONByte.backslash else { continue }
        bytes.append(contentsOf: input[start..<index])
        appendEscape(byte, to: &bytes)
        start = index + 1
      }
      bytes.append(contentsOf: input[start...])
    }
    bytes.append(JSONByte.quote)
  }

  private static func appendEscape(_ byte: UInt8, to bytes: inout [UInt8]) {
    bytes.append(JSONByte.backslash)
    switch byte {
    case 0x08: bytes.append(UInt8(ascii: "b"))
    case 0x09: bytes.append(UInt8(ascii: "t"))
    case 0x0A: bytes.append(UInt8(ascii: "n"))
    case 0x0C: bytes.append(UInt8(ascii: "f"))
    case 0x0D: bytes.append(UInt8(ascii: "r"))
    case JSONByte.quote, JSONByte.backslash: bytes.append(byte)
    default:
      let digits = Array("0123456789abcdef".utf8)
      bytes.append(contentsOf: "u00".utf8)
      bytes.append(digits[Int(byte >> 4)])
      bytes.append(digits[Int(byte & 15)])
    }
  }
}

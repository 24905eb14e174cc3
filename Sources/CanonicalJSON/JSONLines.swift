/// Where in the lines of a canonical file a value stands.
package enum JSONLines {
  /// The line, from 1, of the value that a JSON pointer leads to, or of the nearest one above it that is there.
  package static func line(of pointer: String, in value: JSONValue) -> Int {
    var line = 1
    var value = value
    let parts = pointer.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
    for part in parts.dropFirst() {
      let name = unescaped(part)
      switch value {
      case .object(let object):
        guard let inner = object[name] else { return line }
        line += 1
        for (key, member) in object {
          if key.utf8.elementsEqual(name.utf8) { break }
          line += count(member)
        }
        value = inner
      case .array(let elements):
        guard let index = Int(name), elements.indices.contains(index) else { return line }
        line += 1 + elements[..<index].reduce(0) { $0 + count($1) }
        value = elements[index]
      default: return line
      }
    }
    return line
  }

  /// How many lines a value takes.
  private static func count(_ value: JSONValue) -> Int {
    switch value {
    case .object(let object) where !object.isEmpty: 2 + object.reduce(0) { $0 + count($1.value) }
    case .array(let elements) where !elements.isEmpty: 2 + elements.reduce(0) { $0 + count($1) }
    default: 1
    }
  }

  private static func unescaped(_ part: Substring.UTF8View) -> String {
    var result: [UInt8] = []
    var isEscaped = false
    for byte in part {
      if isEscaped {
        result.append(byte == UInt8(ascii: "1") ? UInt8(ascii: "/") : UInt8(ascii: "~"))
        isEscaped = false
      } else if byte == UInt8(ascii: "~") {
        isEscaped = true
      } else {
        result.append(byte)
      }
    }
    return String(decoding: result, as: UTF8.self)
  }

  /// The first line, from 1, in which two texts differ.
  package static func firstDifference(_ a: [UInt8], _ b: [UInt8]) -> Int {
    var line = 1
    for (one, other) in zip(a, b) {
      if one != other { return line }
      if one == UInt8(ascii: "\n") { line += 1 }
    }
    return line
  }
}

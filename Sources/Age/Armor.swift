/// The form of an age file that is text (a strict kind of PEM, RFC 7468).
enum Armor {
  private static let begin = Array("-----BEGIN AGE ENCRYPTED FILE-----".utf8)
  private static let end = Array("-----END AGE ENCRYPTED FILE-----".utf8)
  private static let columns = 64
  private static let bytesPerLine = 48
  private static let newline = UInt8(ascii: "\n")
  private static let padding = UInt8(ascii: "=")

  /// Whether a file is text of this form; white space may stand before it.
  static func isArmored(_ file: [UInt8]) -> Bool { file.drop(while: isWhitespace).starts(with: begin) }

  /// The text of a file.
  static func encode(_ file: [UInt8]) -> [UInt8] {
    var text = begin + [newline]
    text.reserveCapacity(file.count * 4 / 3 + file.count / bytesPerLine + 128)
    var rest = file[...]
    while !rest.isEmpty {
      let line = RawBase64.encoded(rest.prefix(bytesPerLine))
      text += line
      for _ in 0..<((4 - line.count % 4) % 4) { text.append(padding) }
      text.append(newline)
      rest = rest.dropFirst(bytesPerLine)
    }
    return text + end + [newline]
  }

  /// The file in a text, read strictly: one file has one text, but for the kind of its line ends and white space
  /// around it.
  static func decode(_ text: [UInt8]) throws(AgeError) -> [UInt8] {
    var lines = text.drop(while: isWhitespace).split(
      separator: newline, omittingEmptySubsequences: false
    ).map { $0.last == UInt8(ascii: "\r") ? $0.dropLast() : $0 }[...]
    guard lines.popFirst().map({ $0.elementsEqual(begin) }) == true else {
      throw AgeError(.malformed, "the first line of the age file's armor is malformed")
    }
    guard let last = lines.firstIndex(where: { $0.elementsEqual(end) }) else {
      throw AgeError(.malformed, "the age file's armor is cut off")
    }
    guard lines[(last + 1)...].allSatisfy({ $0.allSatisfy(isWhitespace) }) else {
      throw AgeError(.malformed, "something follows the age file's armor")
    }
    var file: [UInt8] = []
    for (index, line) in zip(lines.indices, lines[..<last]) {
      guard let bytes = decode(line, isLast: index == last - 1) else {
        throw AgeError(.malformed, "line \(index + 1) of the age file's armor is malformed")
      }
      file += bytes
    }
    return file
  }

  private static func decode(_ line: ArraySlice<UInt8>, isLast: Bool) -> [UInt8]? {
    guard isLast ? !line.isEmpty && line.count <= columns && line.count % 4 == 0 : line.count == columns
    else {
      return nil
    }
    guard isLast else { return RawBase64.decoded(line) }
    let padded = line.suffix(2).reversed().prefix { $0 == padding }.count
    guard let bytes = RawBase64.decoded(line.dropLast(padded)) else { return nil }
    return bytes
  }

  private static func isWhitespace(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"), newline: true
    default: false
    }
  }
}

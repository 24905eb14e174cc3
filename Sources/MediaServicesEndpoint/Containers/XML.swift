/// XML as the storage service writes and reads it: elements and text, nothing else.
enum XML {
  static let head = "<?xml version=\"1.0\" encoding=\"utf-8\"?>"

  /// Text with what XML reserves escaped; what XML cannot hold becomes `?`.
  static func text(_ text: String) -> String {
    guard
      text.utf8.contains(where: { $0 < 0x20 || [0x22, 0x26, 0x3C, 0x3E].contains($0) }) || !isWritable(text)
    else {
      return text
    }
    var escaped = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": escaped += "&amp;"
      case "<": escaped += "&lt;"
      case ">": escaped += "&gt;"
      case "\"": escaped += "&quot;"
      case "\t", "\n", "\r": escaped += "&#\(scalar.value);"
      default: escaped.unicodeScalars.append(isWritable(scalar) ? scalar : "?")
      }
    }
    return escaped
  }

  /// Whether XML 1.0 can hold a text at all.
  static func isWritable(_ text: String) -> Bool { text.unicodeScalars.allSatisfy(isWritable) }

  private static func isWritable(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x09, 0x0A, 0x0D, 0x20...0xD7FF, 0xE000...0xFFFD, 0x10000...0x10FFFF: true
    default: false
    }
  }

  /// An element with text in it.
  static func element(_ name: String, _ content: String) -> String {
    content.isEmpty ? "<\(name) />" : "<\(name)>\(text(content))</\(name)>"
  }

  /// The elements with text in a document's root element, in their order.
  /// - Throws: `BlobError` (`.invalidXML`) for anything else than that.
  static func elements(of root: String, in text: String) throws(BlobError) -> [(name: String, text: String)] {
    var rest = Array(text.utf8)[...]
    if rest.starts(with: [0xEF, 0xBB, 0xBF]) { rest = rest.dropFirst(3) }
    skipSpace(&rest)
    if rest.starts(with: "<?".utf8) {
      guard let end = rest.firstIndex(of: UInt8(ascii: ">")) else { throw broken() }
      rest = rest[(end + 1)...]
    }
    guard let first = try tag(&rest), first.name == root, !first.isEnd else { throw broken() }
    var elements: [(name: String, text: String)] = []
    if first.isEmpty { return elements }
    while let begin = try tag(&rest) {
      if begin.isEnd {
        guard begin.name == root else { throw broken() }
        skipSpace(&rest)
        guard rest.isEmpty else { throw broken() }
        return elements
      }
      if begin.isEmpty {
        elements.append((begin.name, ""))
        continue
      }
      guard let end = rest.firstIndex(of: UInt8(ascii: "<")) else { throw broken() }
      let content = String(decoding: rest[..<end], as: UTF8.self)
      rest = rest[end...]
      guard let close = try tag(&rest), close.isEnd, close.name == begin.name else { throw broken() }
      elements.append((begin.name, unescape(content)))
    }
    throw broken()
  }

  private static func tag(
    _ rest: inout ArraySlice<UInt8>
  ) throws(BlobError) -> (name: String, isEnd: Bool, isEmpty: Bool)? {
    skipSpace(&rest)
    guard !rest.isEmpty else { return nil }
    guard rest.first == UInt8(ascii: "<"), let end = rest.firstIndex(of: UInt8(ascii: ">")) else {
      throw broken()
    }
    var inner = rest[(rest.startIndex + 1)..<end]
    rest = rest[(end + 1)...]
    let (isEnd, isEmpty) = (inner.first == UInt8(ascii: "/"), inner.last == UInt8(ascii: "/"))
    if isEnd { inner = inner.dropFirst() } else if isEmpty { inner = inner.dropLast() }
    // Attributes (a namespace) say nothing here.
    let name = inner.prefix { $0 > 0x20 }
    guard !name.isEmpty, name.first != UInt8(ascii: "!") else { throw broken() }
    return (String(decoding: name, as: UTF8.self), isEnd, isEmpty)
  }

  private static func skipSpace(_ rest: inout ArraySlice<UInt8>) { rest = rest.drop { $0 <= 0x20 } }

  private static func unescape(_ text: String) -> String {
    text.replacing("&lt;", with: "<").replacing("&gt;", with: ">").replacing("&quot;", with: "\"")
      .replacing("&#43;", with: "+").replacing("&amp;", with: "&")
  }

  private static func broken() -> BlobError {
    BlobError(.invalidXML, "the body is not the XML that this operation takes")
  }
}

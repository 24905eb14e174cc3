/// An element of an XML document: as much of XML as manifests use.
///
/// Names lose their prefix; comments, instructions and declarations are skipped; entities other than the five of XML itself
/// stay as they are. No document can make it read anything else.
struct XMLElement {
  let name: String
  var attributes: [String: String] = [:]
  var children: [XMLElement] = []
  var text = ""

  /// The first child of a name.
  func first(_ name: String) -> XMLElement? { children.first { $0.name == name } }

  /// The children of a name.
  func all(_ name: String) -> [XMLElement] { children.filter { $0.name == name } }

  private static let deepest = 64

  /// Reads a document; nil where it is not well-formed.
  static func parse(_ text: String) -> XMLElement? {
    var stack = [XMLElement(name: "")]
    var rest = Substring(text)
    while let open = rest.firstIndex(of: "<") {
      stack[stack.count - 1].text += rest[..<open]
      rest = rest[rest.index(after: open)...]
      if rest.hasPrefix("!--") {
        guard let end = rest.firstRange(of: "-->") else { return nil }
        rest = rest[end.upperBound...]
        continue
      }
      if rest.hasPrefix("![CDATA[") {
        guard let end = rest.firstRange(of: "]]>") else { return nil }
        stack[stack.count - 1].text += rest[rest.index(rest.startIndex, offsetBy: 8)..<end.lowerBound]
        rest = rest[end.upperBound...]
        continue
      }
      guard let end = tagEnd(rest) else { return nil }
      let tag = rest[..<end]
      rest = rest[rest.index(after: end)...]
      if tag.hasPrefix("?") || tag.hasPrefix("!") { continue }
      if tag.hasPrefix("/") {
        guard stack.count > 1, let done = stack.popLast(), done.name == local(tag.dropFirst()) else {
          return nil
        }
        stack[stack.count - 1].children.append(done)
        continue
      }
      let isEmpty = tag.hasSuffix("/")
      let element = element(of: isEmpty ? tag.dropLast() : tag)
      if isEmpty {
        stack[stack.count - 1].children.append(element)
      } else {
        guard stack.count < deepest else { return nil }
        stack.append(element)
      }
    }
    guard stack.count == 1, stack[0].children.count == 1 else { return nil }
    return stack[0].children.first
  }

  /// Where a tag ends: the first `>` outside quotes.
  private static func tagEnd(_ text: Substring) -> Substring.Index? {
    var quote: Character?
    for index in text.indices {
      let character = text[index]
      if let open = quote {
        if character == open { quote = nil }
      } else if character == "\"" || character == "'" {
        quote = character
      } else if character == ">" {
        return index
      }
    }
    return nil
  }

  private static func element(of tag: Substring) -> XMLElement {
    let name = tag.prefix { !$0.isWhitespace }
    var element = XMLElement(name: local(name))
    var rest = tag.dropFirst(name.count)
    while let equals = rest.firstIndex(of: "=") {
      let key = rest[..<equals]
      rest = rest[rest.index(after: equals)...].drop(while: \.isWhitespace)
      guard let quote = rest.first, quote == "\"" || quote == "'" else { break }
      rest = rest.dropFirst()
      let value = rest.prefix { $0 != quote }
      rest = rest.dropFirst(value.count + 1)
      element.attributes[local(key)] = plain(value)
    }
    return element
  }

  /// A name without white space and prefix.
  private static func local(_ name: Substring) -> String {
    let trimmed = name.filter { !$0.isWhitespace }
    return trimmed.split(separator: ":").last.map(String.init) ?? String(trimmed)
  }

  /// Text with XML's own entities put in.
  static func plain(_ text: some StringProtocol) -> String {
    guard text.contains("&") else { return String(text) }
    return [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&amp;", "&")]
      .reduce(String(text)) { $0.replacing($1.0, with: $1.1) }
  }
}

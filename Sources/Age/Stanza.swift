/// One way into a file: its key, wrapped for one recipient.
struct Stanza: Equatable {
  /// The kind of recipient.
  let kind: String
  /// What the kind needs besides the body.
  let arguments: [String]
  /// The wrapped key.
  let body: [UInt8]

  /// Columns of a line of the body; a shorter one, which may be empty, ends it.
  static let columns = 64

  /// The lines of a header for this.
  var text: [UInt8] {
    var text = Array("-> \(([kind] + arguments).joined(separator: " "))\n".utf8)
    var rest = RawBase64.encoded(body[...])[...]
    while rest.count >= Self.columns {
      text += rest.prefix(Self.columns) + [UInt8(ascii: "\n")]
      rest = rest.dropFirst(Self.columns)
    }
    return text + rest + [UInt8(ascii: "\n")]
  }

  /// Reads what follows `-> ` and the lines of the body.
  init(first: ArraySlice<UInt8>, from lines: inout LineReader) throws(AgeError) {
    let words = first.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
    guard words.allSatisfy({ !$0.isEmpty && $0.allSatisfy { (33...126).contains($0) } }) else {
      throw AgeError(.malformed, "a recipient in the header of the age file is malformed")
    }
    kind = String(decoding: words[0], as: UTF8.self)
    arguments = words.dropFirst().map { String(decoding: $0, as: UTF8.self) }
    var body: [UInt8] = []
    while true {
      guard let line = lines.next(), line.count <= Self.columns, let bytes = RawBase64.decoded(line) else {
        throw AgeError(.malformed, "the key for a recipient in the header of the age file is malformed")
      }
      body += bytes
      if line.count < Self.columns { break }
    }
    self.body = body
  }

  init(kind: String, arguments: [String], body: [UInt8]) {
    self.kind = kind
    self.arguments = arguments
    self.body = body
  }
}

/// The lines of a header, each of which ends in a line feed and nothing else.
struct LineReader {
  private let bytes: ArraySlice<UInt8>
  /// Where the next line begins.
  private(set) var position: Int

  init(_ bytes: ArraySlice<UInt8>) {
    self.bytes = bytes
    position = bytes.startIndex
  }

  /// The next line without its end; nil where no line ends any more.
  mutating func next() -> ArraySlice<UInt8>? {
    guard let end = bytes[position...].firstIndex(of: UInt8(ascii: "\n")) else { return nil }
    defer { position = end + 1 }
    return bytes[position..<end]
  }
}

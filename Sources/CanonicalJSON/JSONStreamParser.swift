/// Reads one JSON text, given whole or in chunks of any size, byte by byte over UTF-8.
///
///     var parser = JSONStreamParser()
///     try parser.consume(Array("{\"a\":".utf8))
///     try parser.consume(Array("1}".utf8))
///     let value = try parser.finish()          // {"a": 1}
///
/// The same machine reads whole texts, so every way of cutting a text gives the same value or the same error. Refused
/// are duplicate members, lone surrogates, invalid UTF-8, a byte order mark, anything after the value, nesting deeper
/// than 256, and numbers that no double can hold. Costs the bytes; memory is the value and the token at hand.
package struct JSONStreamParser {
  /// How deep arrays and objects may nest.
  package static let maximumDepth = 256

  enum State: UInt8 {
    case value, valueOrEnd, key, keyOrEnd, colon, commaOrEnd, string, escape, unicode, number, word, done
  }

  struct Frame {
    let isObject: Bool
    let firstValue: Int
    let firstKey: Int
  }

  struct Key {
    let text: String
    let line: Int
    let column: Int
  }

  var state = State.value
  var frames: [Frame] = []
  var values: [JSONValue] = []
  var keys: [Key] = []

  /// The bytes of a token that began in an earlier chunk, or that has escapes.
  var scratch: [UInt8] = []
  var isKey = false
  /// Continuation bytes that the UTF-8 sequence at hand still needs, and what the next one may be.
  var continuation: (needed: Int, low: UInt8, high: UInt8) = (0, 0x80, 0xBF)
  /// The escape `\uXXXX` at hand.
  var unit: (digits: Int, value: UInt32) = (0, 0)
  /// A high surrogate that waits for its low one.
  var highSurrogate: UInt32?

  /// Bytes of earlier chunks.
  var consumed = 0
  var line = 1
  /// Offset of the line's first byte in the whole text.
  var lineStart = 0
  /// Offset of the token's first byte in the whole text.
  var tokenStart = 0

  /// A parser at the start of a text.
  package init() {}

  /// Reads the next bytes of the text.
  /// - Throws: `JSONError` at the first byte that cannot stand where it stands; the parser is of no use then.
  package mutating func consume(_ chunk: [UInt8]) throws(JSONError) {
    let result = chunk.withUnsafeBytes { bytes -> Result<Void, JSONError> in
      Result { () throws(JSONError) in try consume(bytes) }
    }
    try result.get()
  }

  /// Reads the next bytes of the text.
  package mutating func consume(_ chunk: UnsafeRawBufferPointer) throws(JSONError) {
    var index = 0
    while index < chunk.count {
      switch state {
      case .string: try readString(chunk, &index)
      case .escape: try readEscape(chunk, &index)
      case .unicode: try readUnicode(chunk, &index)
      case .number: try readNumber(chunk, &index)
      case .word: try readWord(chunk, &index)
      default: try readStructure(chunk, &index)
      }
    }
    consumed += chunk.count
  }

  /// Ends the text.
  /// - Throws: `JSONError` when the value is not complete.
  package mutating func finish() throws(JSONError) -> JSONValue {
    if state == .number { try endNumber() }
    if state == .word { try endWord() }
    guard state == .done, let value = values.first else {
      let isEmpty = values.isEmpty && frames.isEmpty && state == .value
      throw error(
        at: consumed, isEmpty ? "the text is empty" : "the text ends in the middle of \(unfinished)")
    }
    return value
  }

  private var unfinished: String {
    switch state {
    case .string, .escape, .unicode: "a string"
    default: frames.last.map { $0.isObject ? "an object" : "an array" } ?? "a value"
    }
  }

  func error(at offset: Int, _ message: String) -> JSONError {
    JSONError(line: line, column: offset - lineStart + 1, message: message)
  }

  // MARK: Structure

  private mutating func readStructure(_ chunk: UnsafeRawBufferPointer, _ index: inout Int) throws(JSONError) {
    // Most of a canonical text's bytes between tokens are indentation.
    while chunk[index] == JSONByte.space {
      index += 1
      if index == chunk.count { return }
    }
    let byte = chunk[index]
    switch byte {
    case 0x09, 0x0D: index += 1
    case 0x0A:
      index += 1
      line += 1
      lineStart = consumed + index
    case JSONByte.quote:
      switch state {
      case .value, .valueOrEnd: isKey = false
      case .key, .keyOrEnd: isKey = true
      default: throw unexpected(byte, at: index)
      }
      tokenStart = consumed + index
      state = .string
      index += 1
    case UInt8(ascii: ":"):
      guard state == .colon else { throw unexpected(byte, at: index) }
      state = .value
      index += 1
    case UInt8(ascii: ","):
      guard state == .commaOrEnd, let frame = frames.last else { throw unexpected(byte, at: index) }
      state = frame.isObject ? .key : .value
      index += 1
    case UInt8(ascii: "{"), UInt8(ascii: "["):
      guard state == .value || state == .valueOrEnd else { throw unexpected(byte, at: index) }
      guard frames.count < Self.maximumDepth else {
        throw error(at: consumed + index, "arrays and objects nest deeper than \(Self.maximumDepth)")
      }
      let isObject = byte == UInt8(ascii: "{")
      frames.append(Frame(isObject: isObject, firstValue: values.count, firstKey: keys.count))
      state = isObject ? .keyOrEnd : .valueOrEnd
      index += 1
    case UInt8(ascii: "}"), UInt8(ascii: "]"):
      guard let frame = frames.last, frame.isObject == (byte == UInt8(ascii: "}")),
        state == .commaOrEnd || state == (frame.isObject ? .keyOrEnd : .valueOrEnd)
      else { throw unexpected(byte, at: index) }
      try close(frame)
      index += 1
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
      try begin(.number, byte, at: index)
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"):
      try begin(.word, byte, at: index)
    default: throw unexpected(byte, at: index)
    }
  }

  private mutating func begin(_ token: State, _ byte: UInt8, at index: Int) throws(JSONError) {
    guard state == .value || state == .valueOrEnd else { throw unexpected(byte, at: index) }
    tokenStart = consumed + index
    scratch.removeAll(keepingCapacity: true)
    state = token
  }

  private func unexpected(_ byte: UInt8, at index: Int) -> JSONError {
    let offset = consumed + index
    if byte == 0xEF, offset == 0 {
      return error(at: offset, "a byte order mark must not stand before the value")
    }
    let what =
      byte > 0x20 && byte < 0x7F
      ? "'\(Unicode.Scalar(byte))'" : "the byte 0x\(String(byte, radix: 16, uppercase: true))"
    let wanted =
      switch state {
      case .value: "a value"
      case .valueOrEnd: "a value or ']'"
      case .key: "a member's name in double quotes"
      case .keyOrEnd: "a member's name in double quotes or '}'"
      case .colon: "':'"
      case .commaOrEnd: frames.last.map { $0.isObject ? "',' or '}'" : "',' or ']'" } ?? "the end"
      default: "nothing more after the value"
      }
    return error(at: offset, "\(what) stands where \(wanted) is expected")
  }

  mutating func end(_ value: JSONValue) {
    values.append(value)
    state = frames.isEmpty ? .done : .commaOrEnd
  }

  private mutating func close(_ frame: Frame) throws(JSONError) {
    frames.removeLast()
    let elements = values[frame.firstValue...]
    guard frame.isObject else {
      let array = Array(elements)
      values.removeSubrange(frame.firstValue...)
      end(.array(array))
      return
    }
    var members: [JSONObject.Element] = []
    members.reserveCapacity(elements.count)
    var isOrdered = true
    for (offset, value) in elements.enumerated() {
      let key = keys[frame.firstKey + offset].text
      if isOrdered, let last = members.last { isOrdered = CanonicalOrder.isLess(last.key, key) }
      members.append((key, value))
    }
    if !isOrdered { members = try sorted(members, firstKey: frame.firstKey) }
    keys.removeSubrange(frame.firstKey...)
    values.removeSubrange(frame.firstValue...)
    end(.object(JSONObject(ordered: members)))
  }

  /// Members in canonical order.
  /// - Throws: `JSONError` at the second of two members with one name.
  private func sorted(
    _ members: [JSONObject.Element], firstKey: Int
  ) throws(JSONError) -> [JSONObject.Element] {
    let order = members.indices.sorted {
      if CanonicalOrder.isLess(members[$0].key, members[$1].key) { return true }
      return members[$0].key.utf8.elementsEqual(members[$1].key.utf8) && $0 < $1
    }
    for (a, b) in zip(order, order.dropFirst()) where members[a].key.utf8.elementsEqual(members[b].key.utf8) {
      let key = keys[firstKey + b]
      throw JSONError(
        line: key.line, column: key.column, message: "the member \"\(key.text)\" stands here twice")
    }
    return order.map { members[$0] }
  }
}

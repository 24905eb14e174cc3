extension JSONStreamParser {
  /// Reads plain characters of a string up to its end, an escape, or the end of the chunk.
  mutating func readString(_ chunk: UnsafeRawBufferPointer, _ index: inout Int) throws(JSONError) {
    let start = index
    if let high = highSurrogate, chunk[index] != JSONByte.backslash { throw loneSurrogate(high) }
    while index < chunk.count {
      if continuation.needed == 0 {
        while Self.isPlain(chunk[index]) {
          index += 1
          if index == chunk.count { break }
        }
        if index == chunk.count { break }
      }
      let byte = chunk[index]
      if byte >= 0x80 || continuation.needed > 0 {
        try checkUTF8(byte, at: index)
      } else if byte == JSONByte.quote {
        let slice = UnsafeRawBufferPointer(rebasing: chunk[start..<index])
        index += 1
        endString(slice)
        return
      } else if byte == JSONByte.backslash {
        scratch.append(contentsOf: chunk[start..<index])
        state = .escape
        index += 1
        return
      } else if byte < 0x20 {
        throw error(
          at: consumed + index,
          "the control character 0x\(String(byte, radix: 16, uppercase: true)) must be escaped in a string")
      }
      index += 1
    }
    scratch.append(contentsOf: chunk[start..<index])
  }

  /// Whether a byte stands for itself in a string: ASCII but for control characters, `"` and `\`.
  @inline(__always)
  private static func isPlain(_ byte: UInt8) -> Bool {
    byte >= 0x20 && byte < 0x80 && byte != JSONByte.quote && byte != JSONByte.backslash
  }

  private mutating func endString(_ last: UnsafeRawBufferPointer) {
    let text: String
    if scratch.isEmpty {
      text = String(decoding: last, as: UTF8.self)
    } else {
      scratch.append(contentsOf: last)
      text = String(decoding: scratch, as: UTF8.self)
      scratch.removeAll(keepingCapacity: true)
    }
    if isKey {
      keys.append(Key(text: text, line: line, column: tokenStart - lineStart + 1))
      state = .colon
    } else {
      end(.string(text))
    }
  }

  /// Checks one byte of a multi-byte sequence (Unicode 16, table 3-7): no overlong forms, no surrogates, no more than
  /// U+10FFFF.
  private mutating func checkUTF8(_ byte: UInt8, at index: Int) throws(JSONError) {
    if continuation.needed > 0 {
      guard byte >= continuation.low, byte <= continuation.high else { throw invalidUTF8(index) }
      continuation = (continuation.needed - 1, 0x80, 0xBF)
      return
    }
    switch byte {
    case 0xC2...0xDF: continuation = (1, 0x80, 0xBF)
    case 0xE0: continuation = (2, 0xA0, 0xBF)
    case 0xED: continuation = (2, 0x80, 0x9F)
    case 0xE1...0xEF: continuation = (2, 0x80, 0xBF)
    case 0xF0: continuation = (3, 0x90, 0xBF)
    case 0xF1...0xF3: continuation = (3, 0x80, 0xBF)
    case 0xF4: continuation = (3, 0x80, 0x8F)
    default: throw invalidUTF8(index)
    }
  }

  private func invalidUTF8(_ index: Int) -> JSONError {
    error(at: consumed + index, "this byte is not valid UTF-8")
  }

  // MARK: Escapes

  mutating func readEscape(_ chunk: UnsafeRawBufferPointer, _ index: inout Int) throws(JSONError) {
    let byte = chunk[index]
    if let high = highSurrogate, byte != UInt8(ascii: "u") { throw loneSurrogate(high) }
    switch byte {
    case JSONByte.quote, JSONByte.backslash, UInt8(ascii: "/"): scratch.append(byte)
    case UInt8(ascii: "b"): scratch.append(0x08)
    case UInt8(ascii: "f"): scratch.append(0x0C)
    case UInt8(ascii: "n"): scratch.append(0x0A)
    case UInt8(ascii: "r"): scratch.append(0x0D)
    case UInt8(ascii: "t"): scratch.append(0x09)
    case UInt8(ascii: "u"):
      unit = (0, 0)
      state = .unicode
      index += 1
      return
    default: throw error(at: consumed + index - 1, "this escape is none that JSON knows")
    }
    state = .string
    index += 1
  }

  mutating func readUnicode(_ chunk: UnsafeRawBufferPointer, _ index: inout Int) throws(JSONError) {
    while index < chunk.count, unit.digits < 4 {
      guard let digit = Self.hexDigit(chunk[index]) else {
        throw error(at: consumed + index, "four hexadecimal digits must follow '\\u'")
      }
      unit = (unit.digits + 1, unit.value << 4 | digit)
      index += 1
    }
    guard unit.digits == 4 else { return }
    state = .string
    switch (highSurrogate, unit.value) {
    case (let high?, 0xDC00...0xDFFF):
      highSurrogate = nil
      append(scalar: 0x10000 + (high - 0xD800) << 10 + (unit.value - 0xDC00))
    case (let high?, _): throw loneSurrogate(high)
    case (nil, 0xD800...0xDBFF): highSurrogate = unit.value
    case (nil, 0xDC00...0xDFFF): throw loneSurrogate(unit.value)
    default: append(scalar: unit.value)
    }
  }

  private func loneSurrogate(_ value: UInt32) -> JSONError {
    error(
      at: tokenStart,
      "the string has the lone surrogate \\u\(String(value, radix: 16)), which stands for no character")
  }

  private mutating func append(scalar value: UInt32) {
    guard let scalar = Unicode.Scalar(value) else { return }
    scratch.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
  }

  private static func hexDigit(_ byte: UInt8) -> UInt32? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte - UInt8(ascii: "0"))
    case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt32(byte - UInt8(ascii: "a") + 10)
    case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt32(byte - UInt8(ascii: "A") + 10)
    default: nil
    }
  }
}

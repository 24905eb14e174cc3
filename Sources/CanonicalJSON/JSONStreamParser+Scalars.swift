#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

extension JSONStreamParser {
  // MARK: Numbers

  mutating func readNumber(_ chunk: UnsafeRawBufferPointer, _ index: inout Int) throws(JSONError) {
    let start = index
    while index < chunk.count, Self.isNumberByte(chunk[index]) { index += 1 }
    scratch.append(contentsOf: chunk[start..<index])
    if index < chunk.count { try endNumber() }
  }

  private static func isNumberByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "."),
      UInt8(ascii: "e"), UInt8(ascii: "E"):
      true
    default: false
    }
  }

  mutating func endNumber() throws(JSONError) {
    let isInteger = try checkNumber()
    let number = isInteger ? integer() : try double()
    scratch.removeAll(keepingCapacity: true)
    end(.number(number))
  }

  /// Checks the number's grammar (RFC 8259 §6), and says whether it has neither fraction nor exponent.
  private func checkNumber() throws(JSONError) -> Bool {
    var position = 0
    func byte() -> UInt8? { position < scratch.count ? scratch[position] : nil }
    func digits() throws(JSONError) {
      let start = position
      while let byte = byte(), byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") { position += 1 }
      if position == start { throw error(at: tokenStart + position, "a digit is missing in this number") }
    }
    if byte() == UInt8(ascii: "-") { position += 1 }
    let leading = position
    try digits()
    if scratch[leading] == UInt8(ascii: "0"), position > leading + 1 {
      throw error(at: tokenStart + leading, "a number must not begin with zeros")
    }
    var isInteger = true
    if byte() == UInt8(ascii: ".") {
      isInteger = false
      position += 1
      try digits()
    }
    if byte() == UInt8(ascii: "e") || byte() == UInt8(ascii: "E") {
      isInteger = false
      position += 1
      if byte() == UInt8(ascii: "+") || byte() == UInt8(ascii: "-") { position += 1 }
      try digits()
    }
    guard position == scratch.count else {
      throw error(
        at: tokenStart + position, "'\(Unicode.Scalar(scratch[position]))' has no place in this number")
    }
    return isInteger
  }

  private func integer() -> JSONNumber {
    var value: Int64 = 0
    let isNegative = scratch[0] == UInt8(ascii: "-")
    for byte in scratch[(isNegative ? 1 : 0)...] {
      let digit = Int64(byte - UInt8(ascii: "0"))
      let (product, overflow) = value.multipliedReportingOverflow(by: 10)
      let (sum, carry) = product.addingReportingOverflow(isNegative ? -digit : digit)
      if overflow || carry { return .bigInteger(String(decoding: scratch, as: UTF8.self)) }
      value = sum
    }
    return .int64(value)
  }

  /// The nearest double.
  ///
  /// Zero, negative or tiny, is zero; a double that is an integer is written without a fraction (RFC 8785),
  /// so it reads back as an integer of the same digits.
  private mutating func double() throws(JSONError) -> JSONNumber {
    guard let value = Double(String(decoding: scratch, as: UTF8.self)), value.isFinite else {
      throw error(at: tokenStart, "no double can hold this number")
    }
    return .double(value)
  }

  // MARK: Words

  mutating func readWord(_ chunk: UnsafeRawBufferPointer, _ index: inout Int) throws(JSONError) {
    let start = index
    while index < chunk.count, Self.isLetter(chunk[index]), scratch.count + index - start < 6 { index += 1 }
    scratch.append(contentsOf: chunk[start..<index])
    if index < chunk.count { try endWord() }
  }

  private static func isLetter(_ byte: UInt8) -> Bool {
    (byte | 0x20) >= UInt8(ascii: "a") && (byte | 0x20) <= UInt8(ascii: "z")
  }

  mutating func endWord() throws(JSONError) {
    let word = String(decoding: scratch, as: UTF8.self)
    scratch.removeAll(keepingCapacity: true)
    switch word {
    case "true": end(.bool(true))
    case "false": end(.bool(false))
    case "null": end(.null)
    default: throw error(at: tokenStart, "this word is none that JSON knows (true, false, null)")
    }
  }
}

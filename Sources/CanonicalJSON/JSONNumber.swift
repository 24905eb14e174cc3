/// A JSON number that loses nothing: integers are kept digit for digit whatever their size.
package enum JSONNumber: Sendable, Hashable {
  /// An integer that fits 64 bits.
  case int64(Int64)
  /// An integer beyond 64 bits, as its canonical digits (no leading zeros, `-` where negative).
  case bigInteger(String)
  /// A number with a fraction or an exponent; always finite.
  case double(Double)
}

extension JSONNumber {
  /// Appends the number as RFC 8785 writes it: integers as their digits, doubles as ECMAScript's Number::toString.
  func append(to bytes: inout [UInt8]) {
    switch self {
    case .int64(let value): bytes.append(contentsOf: String(value).utf8)
    case .bigInteger(let digits): bytes.append(contentsOf: digits.utf8)
    case .double(let value): ECMAScriptNumber.append(value, to: &bytes)
    }
  }
}

/// ECMAScript's Number::toString for base ten (ECMA-262 §6.1.6.1.20), which RFC 8785 prescribes.
enum ECMAScriptNumber {
  /// Appends a finite double.
  ///
  /// Swift prints the shortest digits that read back as the same double, as ECMAScript demands; only the layout differs.
  static func append(_ value: Double, to bytes: inout [UInt8]) {
    if value == 0 {
      bytes.append(UInt8(ascii: "0"))
      return
    }
    var (digits, point) = shortest(value.magnitude)
    if value < 0 { bytes.append(UInt8(ascii: "-")) }
    let count = digits.count
    switch point {
    case count...21 where point >= count:
      bytes += digits
      bytes.append(contentsOf: repeatElement(UInt8(ascii: "0"), count: point - count))
    case 1...21:
      bytes += digits[..<point]
      bytes.append(UInt8(ascii: "."))
      bytes += digits[point...]
    case -5...0:
      bytes.append(contentsOf: "0.".utf8)
      bytes.append(contentsOf: repeatElement(UInt8(ascii: "0"), count: -point))
      bytes += digits
    default:
      bytes.append(digits.removeFirst())
      if !digits.isEmpty {
        bytes.append(UInt8(ascii: "."))
        bytes += digits
      }
      bytes.append(UInt8(ascii: "e"))
      bytes.append(point > 0 ? UInt8(ascii: "+") : UInt8(ascii: "-"))
      bytes.append(contentsOf: String(abs(point - 1)).utf8)
    }
  }

  /// The shortest digits, without leading or trailing zeros, and where the decimal point stands: value = 0.DIGITS × 10^point.
  private static func shortest(_ value: Double) -> (digits: [UInt8], point: Int) {
    var digits: [UInt8] = []
    var point = 0
    var exponent = 0
    var seenPoint = false
    var text = Array(value.description.utf8)[...]
    if let mark = text.firstIndex(of: UInt8(ascii: "e")) {
      exponent = Int(String(decoding: text[(mark + 1)...], as: UTF8.self)) ?? 0
      text = text[..<mark]
    }
    for byte in text {
      if byte == UInt8(ascii: ".") {
        seenPoint = true
      } else if byte == UInt8(ascii: "0"), digits.isEmpty {
        if seenPoint { point -= 1 }
      } else {
        digits.append(byte)
        if !seenPoint { point += 1 }
      }
    }
    while digits.last == UInt8(ascii: "0") { digits.removeLast() }
    return (digits, point + exponent)
  }
}

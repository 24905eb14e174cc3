import Hummingbird

/// The parameters of a request's query, decoded.
///
/// Never shown in a message: it may hold signatures and tokens.
struct RequestQuery: Sendable {
  private let parameters: [String: String]

  /// - Throws: `BlobError` for an escape that is broken, or a parameter that stands there twice: what is checked and what
  ///   is used must be one.
  init(_ text: String?) throws(BlobError) {
    var parameters: [String: String] = [:]
    for part in (text ?? "").split(separator: "&", omittingEmptySubsequences: true) {
      let sides = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard let name = Self.decode(sides[0]), let value = Self.decode(sides.count == 2 ? sides[1] : ""),
        parameters.updateValue(value, forKey: name) == nil
      else {
        throw BlobError(.invalidQueryParameterValue, "the query has a broken escape, or a parameter twice")
      }
    }
    self.parameters = parameters
  }

  /// A parameter's value; nil where it is absent or empty.
  subscript(name: String) -> String? { parameters[name].flatMap { $0.isEmpty ? nil : $0 } }

  /// Whether a parameter is there, even without a value.
  func has(_ name: String) -> Bool { parameters[name] != nil }

  private static func decode(_ text: Substring) -> String? {
    PercentText.decode(text.utf8.contains(UInt8(ascii: "+")) ? text.replacing("+", with: "%20")[...] : text)
  }
}

/// `%20` and its like (RFC 3986 §2.1).
enum PercentText {
  /// The text with escapes put in; nil where an escape or the UTF-8 is broken.
  static func decode(_ text: some StringProtocol) -> String? {
    var bytes: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "%") else {
        bytes.append(byte)
        continue
      }
      guard rest.count >= 2, let high = digit(rest[rest.startIndex]),
        let low = digit(rest[rest.startIndex + 1])
      else { return nil }
      bytes.append(high << 4 | low)
      rest = rest.dropFirst(2)
    }
    return String(validating: bytes, as: UTF8.self)
  }

  /// The text with everything escaped but letters, digits and `-._~`.
  static func encode(_ text: String, keeping kept: String = "") -> String {
    let plain = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~\(kept)".utf8)
    let digits = Array("0123456789ABCDEF".utf8)
    var bytes: [UInt8] = []
    for byte in text.utf8 {
      if plain.contains(byte) {
        bytes.append(byte)
      } else {
        bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  private static func digit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    default: nil
    }
  }
}

/// What a region calls by a name of its own: symbols such as `storage.main` and the values that they stand for here.
///
/// A mirrored document holds `${storage.main}` where the live account holds `eaststorage`. `bind` puts the value in,
/// `unbind` takes it out, and `bind(unbind(x)) == x` holds for every document. A literal `${` is written `$${`.
package struct Bindings: Sendable, Equatable {
  /// Symbol to value.
  package let values: [String: String]
  /// Symbols in the order in which `unbind` tries them: longest value first, so that a value which contains another
  /// one is found whole; then by symbol, so that the result is the same everywhere.
  private let order: [(symbol: String, value: [UInt8])]

  /// Makes bindings.
  /// - Throws: `RegionError` (`.binding`) where a symbol is not dotted lower-case ASCII, or a value is empty or holds `$`.
  package init(_ values: [String: String]) throws(RegionError) {
    for (symbol, value) in values {
      guard !symbol.isEmpty, symbol.utf8.allSatisfy(Self.isSymbolByte) else {
        throw RegionError(
          .binding, "'\(symbol)' cannot name a binding: lower-case letters, digits, '.' and '-' are allowed")
      }
      guard !value.isEmpty, !value.utf8.contains(UInt8(ascii: "$")) else {
        throw RegionError(
          .binding, "the binding \(symbol) has the value '\(value)': it must not be empty or hold '$'")
      }
    }
    self.values = values
    order = values.map { (symbol: $0.key, value: Array($0.value.utf8)) }
      .sorted { ($1.value.count, $0.symbol) < ($0.value.count, $1.symbol) }
  }

  /// No bindings at all.
  package static let none = Bindings()

  private init() {
    values = [:]
    order = []
  }

  package static func == (a: Bindings, b: Bindings) -> Bool { a.values == b.values }

  private static func isSymbolByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."),
      UInt8(ascii: "-"):
      true
    default: false
    }
  }

  // MARK: Text

  /// The region-neutral form of a value as this region has it.
  ///
  /// With `whole`, only a value that is all of the text is replaced (a storage account's name); otherwise each place
  /// where a bound value stands as a whole word is (a host name inside a URL template).
  package func unbind(_ text: String, whole: Bool) -> String {
    if whole {
      if let match = order.first(where: { $0.value.elementsEqual(text.utf8) }) { return "${\(match.symbol)}" }
      return Self.escape(Array(text.utf8))
    }
    let bytes = Array(text.utf8)
    var result: [UInt8] = []
    var index = 0
    while index < bytes.count {
      if bytes[index] == UInt8(ascii: "$"), index + 1 < bytes.count, bytes[index + 1] == UInt8(ascii: "{") {
        result += Array("$${".utf8)
        index += 2
      } else if let match = match(in: bytes, at: index) {
        result += Array("${\(match.symbol)}".utf8)
        index += match.value.count
      } else {
        result.append(bytes[index])
        index += 1
      }
    }
    return String(decoding: result, as: UTF8.self)
  }

  /// The bound value that stands at an index as a whole word, not right after a `$` (where its symbol would read as
  /// an escaped literal).
  private func match(in bytes: [UInt8], at index: Int) -> (symbol: String, value: [UInt8])? {
    if index > 0, bytes[index - 1] == UInt8(ascii: "$") || Self.isWordByte(bytes[index - 1]) { return nil }
    return order.first { candidate in
      let end = index + candidate.value.count
      guard end <= bytes.count, bytes[index..<end].elementsEqual(candidate.value) else { return false }
      return end == bytes.count || !Self.isWordByte(bytes[end])
    }
  }

  private static func isWordByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), 0x80...0xFF:
      true
    default: false
    }
  }

  private static func escape(_ bytes: [UInt8]) -> String {
    var result: [UInt8] = []
    for (index, byte) in bytes.enumerated() {
      if byte == UInt8(ascii: "$"), index + 1 < bytes.count, bytes[index + 1] == UInt8(ascii: "{") {
        result.append(byte)
      }
      result.append(byte)
    }
    return String(decoding: result, as: UTF8.self)
  }

  /// The form that this region's account takes.
  /// - Throws: `RegionError` (`.binding`) for a symbol that this region does not bind, or an unfinished `${`.
  package func bind(_ text: String) throws(RegionError) -> String {
    let bytes = Array(text.utf8)
    guard bytes.contains(UInt8(ascii: "$")) else { return text }
    let dollar = UInt8(ascii: "$")
    let brace = UInt8(ascii: "{")
    var result: [UInt8] = []
    var index = 0
    while index < bytes.count {
      if bytes[index] == dollar, index + 2 < bytes.count, bytes[index + 1] == dollar,
        bytes[index + 2] == brace
      {
        result += [dollar, brace]
        index += 3
      } else if bytes[index] == dollar, index + 1 < bytes.count, bytes[index + 1] == brace {
        guard let end = bytes[index...].firstIndex(of: UInt8(ascii: "}")) else {
          throw RegionError(
            .binding, "'\(text)' has a '${' that is not closed", hint: "write a literal '${' as '$${'")
        }
        let symbol = String(decoding: bytes[(index + 2)..<end], as: UTF8.self)
        guard let value = values[symbol] else {
          throw RegionError(
            .binding, "the symbol ${\(symbol)} is not bound in this region",
            hint: "say what it is called here: lockstep bind \(symbol)=NAME -C REGION")
        }
        result += Array(value.utf8)
        index = end + 1
      } else {
        result.append(bytes[index])
        index += 1
      }
    }
    return String(decoding: result, as: UTF8.self)
  }
}

/// A JSON value that loses nothing: every integer digit for digit, every string scalar for scalar.
///
///     let value = try JSONValue.parse(#"{"b": 1, "a": 9223372036854775807}"#)
///     value["a"]?.int64Value          // 9223372036854775807
///     value.compactBytes()            // {"a":9223372036854775807,"b":1}
///
/// Equality is exact: strings compare by their UTF-8 bytes, never by canonical equivalence.
package enum JSONValue: Sendable {
  case null
  case bool(Bool)
  case number(JSONNumber)
  case string(String)
  case array([JSONValue])
  case object(JSONObject)
}

extension JSONValue: Hashable {
  package static func == (a: JSONValue, b: JSONValue) -> Bool {
    switch (a, b) {
    case (.null, .null): true
    case (.bool(let a), .bool(let b)): a == b
    case (.number(let a), .number(let b)): a == b
    case (.string(let a), .string(let b)): a.utf8.elementsEqual(b.utf8)
    case (.array(let a), .array(let b)): a == b
    case (.object(let a), .object(let b)): a == b
    default: false
    }
  }

  package func hash(into hasher: inout Hasher) {
    switch self {
    case .null: hasher.combine(0)
    case .bool(let value): hasher.combine(value)
    case .number(let value): hasher.combine(value)
    case .string(let value): hasher.combine(exactly: value)
    case .array(let values): hasher.combine(values)
    case .object(let object): hasher.combine(object)
    }
  }
}

extension Hasher {
  /// Feeds a string's UTF-8 bytes: canonically equivalent strings that differ hash apart.
  mutating func combine(exactly text: String) {
    var text = text
    text.withUTF8 { combine(bytes: UnsafeRawBufferPointer($0)) }
    combine(0xFF as UInt8)
  }
}

extension JSONValue {
  /// The text of a string; nil for every other value.
  package var stringValue: String? { if case .string(let value) = self { value } else { nil } }
  /// The members of an object; nil for every other value.
  package var objectValue: JSONObject? { if case .object(let value) = self { value } else { nil } }
  /// The elements of an array; nil for every other value.
  package var arrayValue: [JSONValue]? { if case .array(let value) = self { value } else { nil } }
  /// The truth value; nil for every other value.
  package var boolValue: Bool? { if case .bool(let value) = self { value } else { nil } }
  /// The number where it is an integer of 64 bits; nil for every other value.
  package var int64Value: Int64? { if case .number(.int64(let value)) = self { value } else { nil } }
  /// A member of an object; nil where there is none, and for every other value.
  package subscript(key: String) -> JSONValue? { objectValue?[key] }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
  ExpressibleByFloatLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
  package init(stringLiteral value: String) { self = .string(value) }
  package init(integerLiteral value: Int64) { self = .number(.int64(value)) }
  package init(booleanLiteral value: Bool) { self = .bool(value) }
  /// A float literal must be finite: JSON has no other numbers.
  package init(floatLiteral value: Double) { self = .number(.double(value)) }
  package init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
  package init(dictionaryLiteral elements: (String, JSONValue)...) { self = .object(JSONObject(elements)) }
}

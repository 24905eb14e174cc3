import CanonicalJSON
import HTTPTypes
import LiveAccount
import MediaResources

/// What a list is asked for: `$filter`, `$orderby`, `$top`, and where to go on, `$skiptoken`.
struct ListOptions: Sendable {
  /// One comparison of a filter; all of them must hold.
  struct Condition: Sendable {
    let field: String
    let comparison: String
    let value: String
    let isTime: Bool
    let isGUID: Bool

    /// Whether a resource's value meets it; one that is absent meets only `ne`.
    func holds(for actual: String?) -> Bool {
      guard let actual else { return comparison == "ne" }
      let (a, b) =
        isTime
        ? (TimeOrder.key(actual), TimeOrder.key(value))
        : isGUID ? (actual.lowercased(), value.lowercased()) : (actual, value)
      let isEqual = a.utf8.elementsEqual(b.utf8)
      switch comparison {
      case "eq": return isEqual
      case "ne": return !isEqual
      case "gt": return b.utf8.lexicographicallyPrecedes(a.utf8)
      case "ge": return isEqual || b.utf8.lexicographicallyPrecedes(a.utf8)
      case "lt": return a.utf8.lexicographicallyPrecedes(b.utf8)
      default: return isEqual || a.utf8.lexicographicallyPrecedes(b.utf8)
      }
    }
  }

  /// A place in a list: the value it is ordered by, and the name.
  struct Key: Sendable, Equatable {
    let value: String
    let name: String

    func precedes(_ other: Key) -> Bool {
      if !value.utf8.elementsEqual(other.value.utf8) {
        return value.utf8.lexicographicallyPrecedes(other.value.utf8)
      }
      return name.utf8.lexicographicallyPrecedes(other.name.utf8)
    }
  }

  let filter: [Condition]
  /// The field that orders the list.
  let orderedBy: String
  let isDescending: Bool
  let top: Int?
  /// The place after which the page begins.
  let after: Key?

  /// - Throws: `ServiceError` for whatever the list of this kind does not take.
  init(_ call: Call, _ rules: ListRules) throws(ServiceError) {
    let known = rules.takesOptions ? ["$filter", "$orderby", "$top", "$skiptoken"] : ["$skiptoken"]
    if let other = call.query.names.first(where: { $0.hasPrefix("$") && !known.contains($0) }) {
      throw ServiceError.badRequest(
        "The query option '\(other)' is not supported by this list.", target: other)
    }
    filter =
      try call.query["$filter"].map { text throws(ServiceError) in try Self.conditions(text, rules) } ?? []
    let order = (call.query["$orderby"] ?? "name").split(separator: " ").map(String.init)
    orderedBy = Self.field(order.first ?? "name")
    guard rules.fields[orderedBy]?.isOrderable == true, order.count <= 2,
      order.count < 2 || ["asc", "desc"].contains(order[1].lowercased())
    else {
      throw ServiceError.badRequest(
        "The query option '$orderby' is invalid: this list cannot be ordered by '\(call.query["$orderby"] ?? "")'.",
        target: "$orderby")
    }
    isDescending = order.count == 2 && order[1].lowercased() == "desc"
    top = try call.query["$top"].map { text throws(ServiceError) in
      guard let top = Int(text), top > 0 else {
        throw ServiceError.badRequest(
          "The query option '$top' is invalid: '\(text)' is no positive number.", target: "$top")
      }
      return top
    }
    after = try call.query["$skiptoken"].map { text throws(ServiceError) in try Self.key(ofToken: text) }
  }

  private static func field(_ text: String) -> String {
    text.replacing(".", with: "/").lowercased()
  }

  // MARK: Tokens

  /// The `$skiptoken` of a place.
  static func token(_ key: Key) -> String {
    Hexadecimal.text(JSONValue.array([.string(key.value), .string(key.name)]).compactBytes())
  }

  private static func key(ofToken text: String) throws(ServiceError) -> Key {
    let digits = Array(text.utf8)
    let bytes = stride(from: 0, to: digits.count - 1, by: 2).compactMap {
      UInt8(String(decoding: digits[$0..<($0 + 2)], as: UTF8.self), radix: 16)
    }
    let parts = (try? JSONValue.parse(bytes))?.arrayValue?.compactMap(\.stringValue)
    guard let parts, parts.count == 2 else {
      throw ServiceError.badRequest(
        "The query option '$skiptoken' is invalid: use the '@odata.nextLink' as it is.", target: "$skiptoken")
    }
    return Key(value: parts[0], name: parts[1])
  }

  // MARK: Filters

  /// Reads `FIELD OPERATOR VALUE and …`; texts stand in single quotes, a quote in them twice.
  private static func conditions(_ text: String, _ rules: ListRules) throws(ServiceError) -> [Condition] {
    func refuse(_ reason: String) -> ServiceError {
      .badRequest("The query option '$filter' is invalid: \(reason).", target: "$filter")
    }
    guard let words = words(of: text) else { throw refuse("a quote is not closed in \"\(text)\"") }
    var conditions: [Condition] = []
    var rest = words[...]
    while true {
      guard rest.count >= 3 else { throw refuse("\"\(text)\" is no comparison") }
      let parts = Array(rest.prefix(3))
      rest = rest.dropFirst(3)
      let (field, comparison) = (field(parts[0]), parts[1].lowercased())
      guard let rule = rules.fields[field], rule.operators.contains(comparison) else {
        throw refuse("'\(parts[0]) \(parts[1])' is not supported by this list")
      }
      let value = try value(parts[2], of: rule, refuse)
      conditions.append(
        Condition(
          field: field, comparison: comparison, value: value, isTime: rule.isTime, isGUID: rule.isGUID))
      guard let joint = rest.popFirst() else { return conditions }
      guard joint.lowercased() == "and" else {
        throw refuse("comparisons are joined by 'and', not '\(joint)'")
      }
    }
  }

  private static func value(
    _ word: String, of rule: ListRules.Field, _ refuse: (String) -> ServiceError
  ) throws(ServiceError) -> String {
    let isQuoted = word.utf8.first == UInt8(ascii: "'")
    let text = isQuoted ? String(word.dropFirst().dropLast()) : word
    if rule.isTime {
      guard UTCTime.seconds(text) != nil else { throw refuse("'\(text)' is no UTC time") }
    } else if !isQuoted, !Validation.isGUID(text) {
      throw refuse("the text \(word) must stand in single quotes")
    }
    return text
  }

  /// Words, each quoted text one of them with its quotes; nil where a quote is not closed.
  private static func words(of text: String) -> [String]? {
    var words: [String] = []
    var word: [UInt8] = []
    var isQuoted = false
    let bytes = Array(text.utf8)
    var index = 0
    while index < bytes.count {
      let byte = bytes[index]
      index += 1
      if byte == UInt8(ascii: "'") {
        if isQuoted, index < bytes.count, bytes[index] == byte {
          index += 1
          word.append(byte)
          continue
        }
        isQuoted.toggle()
        word.append(byte)
      } else if byte == UInt8(ascii: " "), !isQuoted {
        if !word.isEmpty { words.append(String(decoding: word, as: UTF8.self)) }
        word = []
      } else {
        word.append(byte)
      }
    }
    if !word.isEmpty { words.append(String(decoding: word, as: UTF8.self)) }
    return isQuoted ? nil : words
  }
}

/// Times as texts that sort as they follow each other.
enum TimeOrder {
  static func key(_ text: String) -> String {
    let short = UTCTime.shortened(text).dropLast()
    let parts = short.split(separator: ".", maxSplits: 1)
    let fraction = parts.count > 1 ? parts[1] : ""
    return "\(parts.first ?? "").\(fraction)" + String(repeating: "0", count: max(0, 9 - fraction.utf8.count))
  }
}

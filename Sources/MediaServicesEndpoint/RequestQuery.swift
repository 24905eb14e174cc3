import HTTP
import MediaResources

/// The parameters of a request's query, decoded, by their names whatever the case.
///
/// Never shown in a message: it may hold signatures and tokens.
struct RequestQuery: Sendable {
  private let parameters: [String: String]

  /// Nil for an escape that is broken, or a parameter with two values: what is checked and what is used must be one.
  init?(_ text: String?) {
    var parameters: [String: String] = [:]
    for part in (text ?? "").split(separator: "&", omittingEmptySubsequences: true) {
      let sides = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard let name = Self.decode(sides[0])?.lowercased(),
        let value = Self.decode(sides.count == 2 ? sides[1] : ""), parameters[name] ?? value == value
      else { return nil }
      parameters[name] = value
    }
    self.parameters = parameters
  }

  /// The names, in lower case and in order.
  var names: [String] { parameters.keys.sorted() }

  /// A parameter's value, by its name in lower case; nil where it is absent or empty.
  subscript(name: String) -> String? { parameters[name].flatMap { $0.isEmpty ? nil : $0 } }

  /// Whether a parameter is there, even without a value.
  func has(_ name: String) -> Bool { parameters[name] != nil }

  private static func decode(_ text: Substring) -> String? {
    PercentEncoding.decode(text.replacing("+", with: " "))
  }
}

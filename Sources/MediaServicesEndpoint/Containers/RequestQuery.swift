import MediaResources

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
    PercentEncoding.decode(text.replacing("+", with: " "))
  }
}

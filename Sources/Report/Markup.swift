import History

/// HTML: what is interpolated into it is escaped, unless it is markup itself.
struct Markup: ExpressibleByStringInterpolation, Sendable {
  let source: String

  init(stringLiteral source: String) { self.source = source }

  init(stringInterpolation: StringInterpolation) { source = stringInterpolation.source }

  init(joining parts: [Markup], with separator: String = "") {
    source = parts.map(\.source).joined(separator: separator)
  }

  struct StringInterpolation: StringInterpolationProtocol {
    fileprivate var source = ""

    init(literalCapacity: Int, interpolationCount: Int) { source.reserveCapacity(literalCapacity) }

    mutating func appendLiteral(_ literal: String) { source += literal }

    mutating func appendInterpolation(_ markup: Markup) { source += markup.source }

    mutating func appendInterpolation(_ text: String) { source += Markup.escaped(ReportText.prose(text)) }

    /// A name that somebody gave: its direction of writing ends with it.
    mutating func appendInterpolation(name: String) {
      source += "<bdi>\(Markup.escaped(ReportText.name(name)))</bdi>"
    }

    mutating func appendInterpolation(_ number: Int) { source += ReportText.grouped(number) }

    mutating func appendInterpolation(lines: [Markup]) {
      source += lines.map(\.source).joined(separator: "\n")
    }
  }

  private static func escaped(_ text: String) -> String {
    var escaped = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": escaped += "&amp;"
      case "<": escaped += "&lt;"
      case ">": escaped += "&gt;"
      case "\"": escaped += "&quot;"
      case "'": escaped += "&#39;"
      default: escaped.unicodeScalars.append(scalar)
      }
    }
    return escaped
  }
}

/// Makes texts that came from others fit for a report.
enum ReportText {
  private static let longestName = 120
  private static let longestProse = 600

  /// A name; one that is too long is cut.
  static func name(_ text: String) -> String { clean(text, longestName) }

  /// A sentence; one that is too long is cut.
  static func prose(_ text: String) -> String { clean(text, longestProse) }

  /// `10,000`.
  static func grouped(_ number: Int) -> String {
    let digits = String(number.magnitude)
    var grouped = ""
    for (index, digit) in digits.enumerated() {
      if index > 0, (digits.count - index).isMultiple(of: 3) { grouped += "," }
      grouped.append(digit)
    }
    return (number < 0 ? "-" : "") + grouped
  }

  /// Counted in scalars: one character that a person sees may be of any length.
  private static func clean(_ text: String, _ limit: Int) -> String {
    let scalars = text.unicodeScalars.prefix(4 * limit)
    let shown = withoutCredentials(Printable.text(String(scalars))).unicodeScalars
    guard shown.count > limit || scalars.endIndex < text.unicodeScalars.endIndex else { return String(shown) }
    return String(shown.prefix(limit - 1)) + "…"
  }

  /// Takes users and passwords out of URLs: a place may have come with a token in it.
  private static func withoutCredentials(_ text: String) -> String {
    var (rest, cleaned) = (text[...], "")
    while let mark = rest.firstRange(of: "://") {
      cleaned += rest[..<mark.upperBound]
      rest = rest[mark.upperBound...]
      let authority = rest.prefix { !"/?# \t\n\"'<>".contains($0) }
      guard let at = authority.lastIndex(of: "@") else { continue }
      cleaned += "…"
      rest = rest[at...]
    }
    return cleaned + rest
  }
}

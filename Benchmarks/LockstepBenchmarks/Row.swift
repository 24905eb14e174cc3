import Foundation

/// One line of the table.
struct Row {
  /// What was measured.
  let what: String
  /// What it took.
  let figure: String
  /// What it is compared with, and what that took.
  let against: String
  /// The ratio of the two, where there is one.
  let ratio: String
  /// What was aimed at.
  let aim: String

  /// The rows as a Markdown table with columns of equal width.
  static func table(_ rows: [Row]) -> String {
    let head = Row(what: "what", figure: "measured", against: "against", ratio: "ratio", aim: "aim")
    let cells = ([head] + rows).map { row in
      [row.what, row.figure, row.against, row.ratio, row.aim].map { $0.replacing("|", with: "\\|") }
    }
    let widths = (0..<5).map { column in cells.map { $0[column].count }.max() ?? 0 }
    var lines = cells.map { row in
      "| "
        + zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }.joined(separator: " | ")
        + " |"
    }
    lines.insert(
      "|" + widths.map { String(repeating: "-", count: $0 + 2) }.joined(separator: "|") + "|", at: 1)
    return lines.joined(separator: "\n")
  }
}

/// Times, and what is made of them.
enum Timing {
  /// Seconds that a piece of work takes.
  static func seconds(_ work: () throws -> Void) rethrows -> Double {
    let start = ContinuousClock.now
    try work()
    let passed = start.duration(to: .now).components
    return Double(passed.seconds) + Double(passed.attoseconds) * 1e-18
  }

  /// The middle of some times.
  static func median(_ times: [Double]) -> Double {
    let sorted = times.sorted()
    return sorted.isEmpty ? 0 : sorted[sorted.count / 2]
  }

  /// A time with a unit that suits it.
  static func text(_ seconds: Double) -> String {
    switch seconds {
    case ..<0.001: String(format: "%.2f µs", seconds * 1e6)
    case ..<1: String(format: "%.1f ms", seconds * 1e3)
    default: String(format: "%.2f s", seconds)
    }
  }

  /// How many times more the second one takes.
  static func ratio(_ mine: Double, _ other: Double) -> String {
    String(format: "%.1f times faster", other / mine)
  }
}

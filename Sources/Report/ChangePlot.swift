/// Changes a day as bars, one lane a region, on one time axis, with the times as primary below and role changes across.
///
/// Lanes, not colours, tell the regions apart. Bars stretch with the page; what is to be read stands beside them.
struct ChangePlot {
  /// So many bars are told apart at the width of a page.
  private static let mostBars: Int64 = 62
  /// So many regions have a lane of their own.
  private static let mostLanes = 8
  /// A plot shows at least so many days.
  private static let fewestDays: Int64 = 14

  private let report: FleetReport
  /// The first day, and how many days a bar stands for.
  private let start: Int64
  private let width: Int64
  private let bars: Int
  private let lanes: [(name: String, counts: [Int])]
  private let otherLanes: Int
  private let peak: Int
  private let end: Int64

  /// A role change in the time of the plot, with its number.
  private struct Mark {
    let number: Int
    let role: FleetReport.Role
    /// Where it stands, from 0 to 1.
    let place: Double
  }

  init(of report: FleetReport) {
    self.report = report
    let today = Calendar.day(of: report.madeAt)
    let days = report.changes.days
    let since = min(Calendar.day(of: report.changes.since), today)
    let first = min(days.keys.min() ?? today, today - Self.fewestDays + 1)
    let begin = max(since, first)
    let span = today - begin + 1
    // Days, weeks, or whole weeks.
    let width = span <= Self.mostBars ? 1 : (span + 7 * Self.mostBars - 1) / (7 * Self.mostBars) * 7
    let bars = Int((span + width - 1) / width)
    let start = today - Int64(bars) * width + 1
    let known = report.regions.map(\.name)
    let changed = report.changes.regions.map(\.name)
    let names = known + changed.filter { !known.contains($0) }
    var lanes: [(name: String, counts: [Int])] = []
    for name in names.prefix(Self.mostLanes) {
      var counts = [Int](repeating: 0, count: bars)
      for (day, regions) in days {
        guard let count = regions[name] else { continue }
        // Clocks differ: what is dated later than now is of today.
        counts[Int(max(0, min(today, day) - start) / width)] += count
      }
      lanes.append((name, counts))
    }
    (self.start, self.width, self.bars, self.lanes) = (start, width, bars, lanes)
    otherLanes = max(0, names.count - Self.mostLanes)
    peak = max(1, lanes.flatMap(\.counts).max() ?? 0)
    end = report.madeAt
  }

  private var unit: String { width == 1 ? "day" : width == 7 ? "week" : "\(width / 7) weeks" }

  /// Where a point in time stands, from 0 to 1.
  private func place(_ seconds: Int64) -> Double {
    let begin = start * Calendar.secondsOfDay
    let length = Int64(bars) * width * Calendar.secondsOfDay
    return min(1, max(0, Double(seconds - begin) / Double(length)))
  }

  private var marks: [Mark] {
    report.roles.filter { $0.since >= start * Calendar.secondsOfDay && $0.cause != nil }.reversed()
      .enumerated()
      .map { Mark(number: $0 + 1, role: $1, place: place($1.since)) }
  }

  // MARK: Markup

  var figure: Markup {
    let marks = marks
    return """
      <figure class="plot">
      \(flags(marks))
      \(lines: lanes.map { lane($0.name, $0.counts, marks) })
      <div class="lane"><div></div><div class="scale"><span>\(Calendar.date(ofDay: start, withYear: true))</span>\
      <span>\(Calendar.date(ofDay: start + Int64(bars) * width / 2, withYear: false))</span>\
      <span>\(Calendar.date(ofDay: Calendar.day(of: end)))</span></div></div>
      <figcaption>\(caption(marks))</figcaption>
      </figure>
      \(table)
      """
  }

  /// Numbers of role changes; those that would stand on each other share one.
  private func flags(_ marks: [Mark]) -> Markup {
    guard !marks.isEmpty else { return "" }
    var groups: [[Mark]] = []
    for mark in marks {
      if let last = groups.last?.last, mark.place - last.place < 0.04 {
        groups[groups.count - 1].append(mark)
      } else {
        groups.append([mark])
      }
    }
    let flags = groups.map { group -> Markup in
      let (first, last) = (group[0].number, group[group.count - 1].number)
      let place = (group[0].place + group[group.count - 1].place) / 2
      return """
        <span class="flag" style="left:\(Self.percent(place))">\(first == last ? "\(first)" : "\(first)–\(last)")</span>
        """
    }
    return """
      <div class="lane" aria-hidden="true"><div></div><div class="flags">\(Markup(joining: flags))</div></div>
      """
  }

  private func lane(_ name: String, _ counts: [Int], _ marks: [Mark]) -> Markup {
    let total = counts.reduce(0, +)
    let drawn = counts.enumerated().compactMap { index, count -> Markup? in
      guard count > 0 else { return nil }
      // Even one of many is seen.
      let height = max(3, Double(count) / Double(peak) * 90)
      return """
        <rect class="bar" x="\(Self.number(Double(index) + 0.1))" y="\(Self.number(92 - height))" width="0.8" \
        height="\(Self.number(height))"/>
        """
    }
    let reigns = report.roles.filter { $0.primary == name }.compactMap { role -> Markup? in
      let (from, to) = (place(role.since), place(role.until ?? end))
      guard to > from else { return nil }
      return line("reign", from, to, at: 98)
    }
    let changes = marks.map { line("change", $0.place, $0.place, at: nil) }
    return """
      <div class="lane"><div class="label">\(name: name)<span class="muted">\(Self.words(total))</span></div>
      <svg viewBox="0 0 \(Self.number(Double(bars))) 100" preserveAspectRatio="none" role="img" \
      aria-label="\(summary(name, counts))">
      \(line("ground", 0, 1, at: 92))\(Markup(joining: drawn))\(Markup(joining: reigns))\(Markup(joining: changes))
      </svg></div>
      """
  }

  /// A line across at a height, or from top to bottom.
  private func line(_ kind: String, _ from: Double, _ to: Double, at height: Int?) -> Markup {
    let (a, b) = (Self.number(from * Double(bars)), Self.number(to * Double(bars)))
    return """
      <line class="\(kind)" x1="\(a)" y1="\(String(height ?? 0))" x2="\(b)" y2="\(String(height ?? 100))"/>
      """
  }

  /// A lane in words.
  private func summary(_ name: String, _ counts: [Int]) -> String {
    guard let most = counts.max(), most > 0, let index = counts.firstIndex(of: most) else {
      return "\(ReportText.name(name)): no change"
    }
    return "\(ReportText.name(name)): \(Self.words(counts.reduce(0, +))), most in the \(unit) from"
      + " \(Calendar.date(ofDay: start + Int64(index) * width)): \(most)"
  }

  private func caption(_ marks: [Mark]) -> Markup {
    let others: Markup =
      otherLanes == 0 ? "" : "\(otherLanes) more regions have no lane here. "
    let listed = marks.suffix(12).map { mark -> Markup in
      "\(mark.number): \(name: mark.role.primary) by \(mark.role.cause ?? ""), \(Calendar.time(mark.role.since))"
    }
    let words: Markup =
      marks.isEmpty
      ? "No region became primary in this time." : "Role changes: \(Markup(joining: listed, with: "; "))."
    return """
      Changes a \(unit), by the region where they were first made; the highest bar stands for \(peak). \
      <span class="key"></span>marks the time as primary. \(others)\(words)
      """
  }

  /// The plot as a table, with what is not nothing.
  private var table: Markup {
    let rows = (0..<bars).filter { index in lanes.contains { $0.counts[index] > 0 } }.map { index in
      [Markup("\(Calendar.date(ofDay: start + Int64(index) * width))")]
        + lanes.map { Markup("\($0.counts[index])") }
    }
    guard !rows.isEmpty else { return "" }
    let columns = [Table.Column("From")] + lanes.map { Table.Column($0.name, .number) }
    return """
      <details><summary>The plot as a table</summary>
      \(Table("Changes a \(unit), by region", columns, rows).markup)
      </details>
      """
  }

  private static func words(_ count: Int) -> String {
    count == 0 ? "no change" : "\(ReportText.grouped(count)) change\(count == 1 ? "" : "s")"
  }

  /// A number with at most two digits after the point, whatever the language of the system.
  private static func number(_ value: Double) -> String {
    let hundredths = Int((value * 100).rounded())
    let rest = hundredths % 100
    return rest == 0 ? "\(hundredths / 100)" : "\(hundredths / 100).\(rest < 10 ? "0" : "")\(rest)"
  }

  private static func percent(_ place: Double) -> String { number(place * 100) + "%" }
}

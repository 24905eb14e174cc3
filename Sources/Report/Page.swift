/// A report as one HTML page that needs nothing else: no network, no font, no script.
///
/// A pure function of the report. Every text is escaped; size is bounded by what the report shows.
package struct Page {
  let report: FleetReport
  let statement: Statement

  package init(_ report: FleetReport) {
    self.report = report
    statement = Statement(of: report)
  }

  /// The page.
  package var html: String {
    let sections = sections
    let page: Markup = """
      <!DOCTYPE html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <meta name="referrer" content="no-referrer">
      <title>Fleet report: \(title)</title>
      <style>
      \(Markup(stringLiteral: StyleSheet.text))
      </style>
      </head>
      <body>
      <div class="page">
      \(masthead)
      <nav aria-label="Contents"><ul>
      \(lines: sections.map { "<li><a href=\"#\(Markup(stringLiteral: $0.id))\">\($0.title)</a></li>" })
      </ul></nav>
      <main>
      \(callout)
      \(lines: sections.map(section))
      </main>
      \(footer)
      </div>
      </body>
      </html>

      """
    return page.source
  }

  private var title: String {
    let names = report.regions.prefix(4).map(\.name)
    return (names.isEmpty ? [report.askedRegion] : names).joined(separator: ", ")
      + " – \(Calendar.date(ofDay: Calendar.day(of: report.madeAt)))"
  }

  // MARK: The top

  private var masthead: Markup {
    """
    <header class="masthead">
    <p class="eyebrow"><strong>Fleet report</strong> &nbsp; \(Calendar.time(report.madeAt)) UTC, as seen from region \
    \(name: report.askedRegion)</p>
    <p class="verdict">\(verdict)</p>
    <h1>\(statement.sentence)</h1>
    <ul class="notes">\(Markup(joining: statement.notes.map { "<li>\($0)</li>" }))</ul>
    \(figures)
    </header>
    """
  }

  private var verdict: Markup {
    switch statement.tone {
    case .ready: Self.sign("ready", "✓", "Ready")
    case .unseen: Self.sign("unseen", "!", "Ready, as far as can be seen")
    case .losing: Self.sign("losing", "!", "Ready, with a loss")
    case .notReady: Self.sign("not-ready", "✕", "Not ready")
    case .unknown: Self.sign("unknown", "?", "Not known")
    }
  }

  /// A word with a sign; the colour says nothing more.
  static func sign(_ kind: Markup, _ sign: Markup, _ word: Markup) -> Markup {
    "<span class=\"sign \(kind)\"><span aria-hidden=\"true\">\(sign)</span>\(word)</span>"
  }

  private var figures: Markup {
    func figure(_ term: Markup, _ value: Markup, _ words: Markup) -> Markup {
      "<div><dt>\(term)</dt><dd>\(value)</dd><dd>\(words)</dd></div>"
    }
    let tally = report.changes
    let primary: Markup = report.primary.map { "\(name: $0)" } ?? "none"
    let epoch: Markup = report.epoch.map { "epoch \(String($0))\(since)" } ?? "in no fleet"
    let drill: Markup =
      report.drills.first.map { drill in
        drill.failed == 0
          ? "\(drill.locators) of \(drill.locators) play" : "\(drill.failed) of \(drill.locators) fail"
      } ?? "none"
    let drilled: Markup =
      report.drills.first.map {
        "in \(name: $0.region), \(Calendar.ago($0.at, now: report.madeAt))"
      } ?? "no drill is recorded"
    // A rejoin brings a region back; players had recovered before.
    let last = report.moves.first { $0.cause != "rejoin" }
    let move: Markup = last.map { "\(Calendar.duration($0.milliseconds))" } ?? "none"
    let moved: Markup =
      last.map {
        "\($0.cause) to \(name: $0.to), \(Calendar.ago($0.at, now: report.madeAt))"
      } ?? "no switchover or failover is recorded"
    return """
      <dl class="figures">
      \(figure("Primary", primary, epoch))
      \(figure("Last drill", drill, drilled))
      \(figure("Last recovery time", move, moved))
      \(figure("Changes", "\(tally.commits)", "since \(Calendar.date(ofDay: Calendar.day(of: tally.since)))"))
      </dl>
      """
  }

  private var since: Markup {
    report.roles.first.map { ", since \(Calendar.date(ofDay: Calendar.day(of: $0.since)))" } ?? ""
  }

  // MARK: What wants attention

  private static let shownLines = 20

  private var callout: Markup {
    let parts = [
      callout("What wants attention", "attention", report.problems),
      callout("What could not be found out", "unknown", report.unknown),
    ]
    return Markup(joining: parts, with: "\n")
  }

  private func callout(_ title: Markup, _ id: Markup, _ texts: [String]) -> Markup {
    guard !texts.isEmpty else { return "" }
    var items = texts.prefix(Self.shownLines).map { text -> Markup in "<li>\(text)</li>" }
    let more = texts.count - items.count
    if more > 0 { items.append("<li>and \(more) more</li>") }
    return """
      <section class="callout" aria-labelledby="\(id)">
      <h2 id="\(id)">\(title)</h2>
      <ul>
      \(lines: items)
      </ul>
      </section>
      """
  }

  // MARK: Sections

  /// A part of the page with a heading.
  struct Section {
    let id: String
    let title: String
    let body: Markup
  }

  private var sections: [Section] {
    [
      Section(id: "regions", title: "Regions and roles", body: regions),
      Section(id: "readiness", title: "Readiness", body: readiness),
      Section(id: "recovery", title: "Drills and recovery", body: recovery),
      Section(id: "changes", title: "Changes", body: changes),
      Section(id: "conflicts", title: "Conflicts", body: conflicts),
      Section(id: "people", title: "Who did what", body: people),
    ]
  }

  private func section(_ section: Section) -> Markup {
    let id = Markup(stringLiteral: section.id)
    return """
      <section aria-labelledby="\(id)">
      <h2 id="\(id)">\(section.title)</h2>
      \(section.body)
      </section>
      """
  }

  private var footer: Markup {
    """
    <footer>
    <p>Made by <code>lockstep report</code> in region \(name: report.askedRegion) on \(Calendar.time(report.madeAt)). All \
    times are in UTC.</p>
    <p>Names, ids and counts only: this page holds no key, no token and no other secret. It shows what could be read from \
    where it was made, and says where that was not enough.</p>
    </footer>
    """
  }

  /// Said where there is nothing to show.
  static func nothing(_ words: Markup) -> Markup { "<p class=\"muted\">\(words)</p>" }

  /// A dash, with words for those that are read to.
  static let unknown: Markup = "<span aria-hidden=\"true\">–</span> not known"
}

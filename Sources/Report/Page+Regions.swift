extension FleetReport {
  /// So many commits and changes that would be lost are named; the others are counted.
  static let shownLosses = 10
}

/// Who is what, and who could take over.
extension Page {
  var regions: Markup {
    let rows = report.regions.map { region -> [Markup] in
      let repository: Markup =
        region.repository.map { "<span class=\"muted\">\(name: $0)</span>" } ?? ""
      return [
        "\(name: region.name)\(repository)", region.role.map { "\($0)" } ?? "in no fleet",
        region.head.map { "<span class=\"id\">\($0)</span>" } ?? Self.unknown,
        Self.text(region.behind), Self.text(region.applied), Self.text(region.drift),
      ]
    }
    return """
      \(Table(
        "Every region, as seen from \(report.askedRegion)",
        ["Region", "Role", "Newest commit", "Mirrored", "Applied", "Drift"].map { Table.Column($0) }, rows).markup)
      <h3>Who was primary</h3>
      \(roles)
      """
  }

  private static func text(_ text: String?) -> Markup { text.map { "\($0)" } ?? unknown }

  /// So many times as primary are shown.
  private static let shownRoles = 12

  private var roles: Markup {
    guard !report.roles.isEmpty else { return Self.nothing("No region was ever named primary.") }
    let shown = report.roles.prefix(Self.shownRoles)
    let rows = shown.map { role -> [Markup] in
      let reason: Markup = role.reason.map { "<span class=\"muted\">\($0)</span>" } ?? ""
      return [
        "\(name: role.primary)", "\(Int(role.epoch))", Calendar.time(role.since),
        role.until.map { Calendar.time($0) } ?? "now",
        "\(role.cause ?? "named, with no cause in the commit")\(reason)", "\(name: role.by)",
      ]
    }
    let more = report.roles.count - shown.count
    return """
      \(Table(
        "The newest first", [
          Table.Column("Primary"), Table.Column("Epoch", .number), Table.Column("Since"),
          Table.Column("Until"), Table.Column("By way of"), Table.Column("By"),
        ], rows).markup)
      \(more > 0 ? Self.nothing("And \(more) before: <code>lockstep log --roles</code> shows all.") : "")
      """
  }

  // MARK: Readiness

  var readiness: Markup {
    guard !report.regions.isEmpty, report.primary != nil else {
      return Self.nothing("A region that is in no fleet has nobody that could take over.")
    }
    // Those that would take over come first.
    let order =
      report.regions.filter { $0.name != report.primary }
      + report.regions.filter { $0.name == report.primary }
    return Markup(joining: order.map(readiness), with: "\n")
  }

  private func readiness(_ region: FleetReport.Region) -> Markup {
    let isPrimary = region.name == report.primary
    let title: Markup = "<h3>\(name: region.name)\(isPrimary ? ", the primary" : "")</h3>"
    switch region.readiness {
    case .unknown(let reason):
      return """
        \(title)
        <p>\(Self.sign("unknown", "?", "Not known")) \(reason)</p>
        """
    case .told(let checks, let loss):
      let rows = checks.map { check -> [Markup] in
        ["\(check.name)", Self.outcome(check.outcome), "\(check.statement)\(Self.hint(check.hint))"]
      }
      let lost: Markup = loss.map(losses) ?? ""
      return """
        \(title)
        \(lost)
        \(Table(
          isPrimary ? "Whether it is as it says" : "Whether it can take over now",
          [Table.Column("Check"), Table.Column("Result"), Table.Column("What was found", .long)], rows).markup)
        """
    }
  }

  private static func outcome(_ outcome: FleetReport.Check.Outcome) -> Markup {
    switch outcome {
    case .ready: sign("ready", "✓", "ready")
    case .notReady: sign("not-ready", "✕", "not ready")
    case .skipped: sign("skipped", "–", "not checked")
    }
  }

  static func hint(_ hint: String?) -> Markup { hint.map { "<span class=\"muted\">\($0)</span>" } ?? "" }

  private func losses(_ loss: FleetReport.Loss) -> Markup {
    let lost =
      loss.commits.map { text -> Markup in "commit “<bdi>\(text)</bdi>”" }
      + (loss.uncaptured ?? []).map { "\($0), which nobody has captured" }
    var items = lost.prefix(FleetReport.shownLosses).map { item -> Markup in "<li>\(item)</li>" }
    if lost.count > items.count { items.append("<li>and \(lost.count - items.count) more</li>") }
    let list: Markup = items.isEmpty ? "" : "<ul>\(Markup(joining: items))</ul>"
    return "<p>\(Statement.sentence(loss, loss.primary))</p>\(list)"
  }
}

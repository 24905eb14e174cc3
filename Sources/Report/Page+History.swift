/// What happened: drills, moves, changes, conflicts, people.
extension Page {
  // MARK: Drills and moves

  var recovery: Markup {
    """
    <h3>Drills</h3>
    \(drills)
    <h3>Switchovers, failovers, rejoins</h3>
    \(moves)
    """
  }

  private var drills: Markup {
    guard !report.drills.isEmpty else {
      return Self.nothing("No drill is recorded here. <code>lockstep drill REGION</code> makes one.")
    }
    let rows = report.drills.map { drill -> [Markup] in
      [
        Calendar.time(drill.at), "\(name: drill.region)", "\(drill.locators)",
        drill.failed == 0
          ? Self.sign("ready", "✓", "all play") : Self.sign("not-ready", "✕", "\(drill.failed) failed"),
        drill.against.map { "\(name: $0)" } ?? "nobody", "\(Calendar.duration(drill.milliseconds))",
        "\(name: drill.by)",
      ]
    }
    return Table(
      "What players would have got from a region’s own servers, the newest first",
      [
        Table.Column("When"), Table.Column("Region"), Table.Column("Played", .number),
        Table.Column("Result"), Table.Column("Compared with"), Table.Column("Took", .number),
        Table.Column("By"),
      ], rows
    ).markup
  }

  private var moves: Markup {
    guard !report.moves.isEmpty else {
      return Self.nothing("No switchover, failover or rejoin is recorded here.")
    }
    let rows = report.moves.map { move -> [Markup] in
      let steps: Markup =
        move.steps.isEmpty ? "" : "<span class=\"muted\">\(move.steps)</span>"
      return [
        Calendar.time(move.at), "\(move.cause)\(steps)", "\(name: move.from)", "\(name: move.to)",
        "\(Calendar.duration(move.milliseconds))", "\(move.lost)", "\(name: move.by)",
      ]
    }
    return Table(
      "How long each took, and each step of it, the newest first",
      [
        Table.Column("When it had ended"), Table.Column("What", .long), Table.Column("From"),
        Table.Column("To"),
        Table.Column("Took", .number), Table.Column("Commits lost", .number), Table.Column("By"),
      ], rows
    ).markup
  }

  // MARK: Changes

  var changes: Markup {
    let tally = report.changes
    guard report.hasHistory else { return Self.nothing("There is no history yet.") }
    let since = Calendar.date(ofDay: Calendar.day(of: tally.since))
    guard tally.commits > 0 else {
      return "\(Self.nothing("Nothing changed since \(since)."))\(ChangePlot(of: report).figure)"
    }
    return """
      <p>\(tally.commits) commits since \(since) changed \(tally.files) files.</p>
      \(ChangePlot(of: report).figure)
      """
  }

  // MARK: Conflicts

  var conflicts: Markup {
    """
    <h3>Open</h3>
    \(open)
    <h3>Settled</h3>
    \(settled)
    """
  }

  private static let shownConflicts = 50

  private var open: Markup {
    guard !report.conflicts.isEmpty else {
      return Self.nothing(
        report.areConflictsKnown
          ? "None between the regions that can be read from here."
          : "They could not be looked for; what could not be found out says why.")
    }
    let rows = report.conflicts.prefix(Self.shownConflicts).map { conflict -> [Markup] in
      let sides = conflict.sides.map { side -> Markup in
        "<li><strong>\(name: side.region)</strong> \(side.words)</li>"
      }
      return [
        "\(name: conflict.resource)", "\(conflict.reason ?? "both regions changed it, to different ends")",
        "<ul>\(Markup(joining: sides))</ul>",
      ]
    }
    let more = report.conflicts.count - rows.count
    var hints: [String] = []
    for conflict in report.conflicts {
      if let hint = conflict.hint, !hints.contains(hint) { hints.append(hint) }
    }
    return """
      \(Table(
        "What nobody has settled; nothing of it is lost",
        [Table.Column("Resource"), Table.Column("Why"), Table.Column("What each region has", .long)], rows).markup)
      \(lines: hints.prefix(Self.shownConflicts).map { "<p class=\"muted\">To settle it: \($0)</p>" })
      \(more > 0 ? Self.nothing("And \(more) more.") : "")
      """
  }

  private var settled: Markup {
    let tally = report.changes
    guard tally.settled > 0 else { return Self.nothing("In this time no merge took one side of a resource.") }
    let rows = tally.settlements.map { settlement -> [Markup] in
      [
        Calendar.time(settlement.at), "\(name: settlement.resource)", "\(settlement.sides)",
        "\(name: settlement.by)", "<span class=\"id\">\(settlement.commit)</span>",
      ]
    }
    let more = tally.settled - rows.count
    return """
      \(Table(
        "Resources of which a merge took one side",
        [
          Table.Column("When"), Table.Column("Resource"), Table.Column("Which side", .long), Table.Column("By"),
          Table.Column("Commit"),
        ], rows).markup)
      \(more > 0 ? Self.nothing("And \(more) more: <code>lockstep log --json</code> has all of them.") : "")
      """
  }

  // MARK: People

  var people: Markup {
    let tally = report.changes
    guard tally.commits > 0 else { return Self.nothing("Nobody changed anything in this time.") }
    return """
      \(authors)
      <h3>The newest changes</h3>
      \(newest)
      """
  }

  private var authors: Markup {
    let authors = report.changes.authors
    let rows = authors.shown.map { author -> [Markup] in
      [
        "\(name: author.name)<span class=\"muted\">\(name: author.email)</span>", "\(author.commits)",
        "\(author.files)", Calendar.time(author.newest),
      ]
    }
    let others: Markup =
      authors.others == 0
      ? ""
      : Self.nothing("And \(authors.others) more people with \(authors.commitsOfOthers) commits.")
    return """
      \(Table(
        "Who changed most, as the commits name them",
        [
          Table.Column("Author"), Table.Column("Commits", .number), Table.Column("Files", .number),
          Table.Column("Newest"),
        ], rows).markup)
      \(others)
      """
  }

  private var newest: Markup {
    let tally = report.changes
    let rows = tally.newest.map { change -> [Markup] in
      let hidden = change.count - change.resources.count
      let resources =
        change.resources.map { text -> Markup in "<li>\(name: text)</li>" }
        + (hidden > 0 ? ["<li>and \(hidden) more</li>"] : [])
      return [
        Calendar.time(change.at), "\(name: change.author)", "\(name: change.region)",
        """
        <bdi>\(change.subject.isEmpty ? "(no message)" : change.subject)</bdi>\
        <span class="muted id">\(change.commit)</span>
        """,
        "<ul>\(Markup(joining: resources))</ul>",
        change.places.isEmpty
          ? "<span class=\"muted\">no record</span>" : "\(change.places.joined(separator: ", "))",
      ]
    }
    let more = tally.commits - rows.count
    return """
      \(Table(
        "Each commit that changed something, and where it came to be live",
        [
          Table.Column("When"), Table.Column("Author"), Table.Column("First made in"),
          Table.Column("Commit", .long), Table.Column("What it changed", .long), Table.Column("Live"),
        ], rows
      ).markup)
      \(more > 0 ? Self.nothing("And \(more) before: <code>lockstep log</code> shows all.") : "")
      """
  }
}

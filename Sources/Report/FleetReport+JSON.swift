package import CanonicalJSON

extension FleetReport {
  /// The report for programs: what the page shows.
  package var json: JSONValue {
    let statement = Statement(of: self)
    return [
      "askedRegion": .text(askedRegion),
      "changes": changes.json,
      "conflicts": [
        "known": .bool(areConflictsKnown), "open": .array(conflicts.map(\.json)),
        "settled": .array(changes.settlements.map(\.json)),
        "settledCount": .number(changes.settled),
      ],
      "contestants": .texts(contestants),
      "drills": .array(drills.map(\.json)), "epoch": epoch.map { .number(.int64($0)) } ?? .null,
      "hasHistory": .bool(hasHistory),
      "madeAt": .string(Calendar.internet(madeAt)), "moves": .array(moves.map(\.json)),
      "primary": .text(primary), "problems": .texts(problems),
      "regions": .array(regions.map(\.json)), "roles": .array(roles.map(\.json)),
      "statement": [
        "notes": .texts(statement.notes), "sentence": .text(statement.sentence),
        "tone": .string(statement.tone.rawValue),
      ],
      "unknown": .texts(unknown), "version": 1,
    ]
  }
}

extension JSONValue {
  /// A text as a report has it.
  fileprivate static func text(_ text: String?) -> JSONValue {
    text.map { .string(ReportText.prose($0)) } ?? .null
  }

  fileprivate static func texts(_ texts: [String]) -> JSONValue { .array(texts.map { .text($0) }) }

  fileprivate static func number(_ number: Int) -> JSONValue { .number(.int64(Int64(number))) }

  fileprivate static func time(_ seconds: Int64) -> JSONValue { .string(Calendar.internet(seconds)) }
}

extension FleetReport.Region {
  fileprivate var json: JSONValue {
    var object: JSONObject = [
      "applied": .text(applied), "behind": .text(behind), "drift": .text(drift), "head": .text(head),
      "name": .text(name), "repository": .text(repository), "role": .text(role),
    ]
    switch readiness {
    case .told(let checks, let loss):
      object["checks"] = .array(
        checks.map { check in
          [
            "hint": .text(check.hint), "name": .text(check.name), "outcome": .string(check.outcome.rawValue),
            "statement": .text(check.statement),
          ]
        })
      object["loss"] = loss?.json ?? .null
      object["readinessUnknown"] = .null
    case .unknown(let reason):
      object["checks"] = .null
      object["loss"] = .null
      object["readinessUnknown"] = .text(reason)
    }
    return .object(object)
  }
}

extension FleetReport.Loss {
  fileprivate var json: JSONValue {
    let shown = FleetReport.shownLosses
    return [
      "commitCount": .number(commits.count), "commits": .texts(Array(commits.prefix(shown))),
      "primary": .text(primary),
      "silence": .text(silence), "uncaptured": uncaptured.map { .texts(Array($0.prefix(shown))) } ?? .null,
      "uncapturedCount": uncaptured.map { .number($0.count) } ?? .null,
    ]
  }
}

extension FleetReport.Role {
  fileprivate var json: JSONValue {
    [
      "by": .text(by), "cause": .text(cause), "epoch": .number(.int64(epoch)), "primary": .text(primary),
      "reason": .text(reason), "since": .time(since), "until": until.map { .time($0) } ?? .null,
    ]
  }
}

extension FleetReport.Drill {
  fileprivate var json: JSONValue {
    [
      "against": .text(against), "at": .time(at), "by": .text(by), "failed": .number(failed),
      "locators": .number(locators), "milliseconds": .number(.int64(milliseconds)), "region": .text(region),
    ]
  }
}

extension FleetReport.Move {
  fileprivate var json: JSONValue {
    [
      "at": .time(at), "by": .text(by), "cause": .text(cause), "from": .text(from), "lost": .number(lost),
      "milliseconds": .number(.int64(milliseconds)), "steps": .text(steps), "to": .text(to),
    ]
  }
}

extension FleetReport.Conflict {
  fileprivate var json: JSONValue {
    [
      "hint": .text(hint), "reason": .text(reason), "resource": .text(resource),
      "sides": .array(sides.map { ["region": .text($0.region), "words": .text($0.words)] }),
    ]
  }
}

extension ChangeTally {
  fileprivate var json: JSONValue {
    let authors = authors
    return [
      "authors": .array(
        authors.shown.map { author in
          [
            "commits": .number(author.commits), "email": .text(author.email), "files": .number(author.files),
            "name": .text(author.name), "newest": .time(author.newest),
          ]
        }),
      "commits": .number(commits), "files": .number(files), "newest": .array(newest.map(\.json)),
      "otherAuthors": .number(authors.others), "since": .time(since),
      "regions": .array(regions.map { ["commits": .number($0.commits), "name": .text($0.name)] }),
    ]
  }
}

extension ChangeTally.Change {
  fileprivate var json: JSONValue {
    [
      "at": .time(at), "author": .text(author), "commit": .text(commit), "count": .number(count),
      "email": .text(email), "places": .texts(places), "region": .text(region),
      "resources": .texts(resources),
      "subject": .text(subject),
    ]
  }
}

extension ChangeTally.Settlement {
  fileprivate var json: JSONValue {
    [
      "at": .time(at), "by": .text(by), "commit": .text(commit), "resource": .text(resource),
      "sides": .text(sides),
    ]
  }
}

package import CanonicalJSON
package import Git
import MediaResources
package import RegionRepository

/// Renders entries of a log, for people and for programs; prints nothing.
package struct LogReport {
  private let source: any ObjectSource
  private let comparison: ResourceComparison

  /// - Parameters:
  ///   - source: where documents are read.
  ///   - comparison: how resources are compared.
  package init(source: any ObjectSource, comparison: ResourceComparison) {
    self.source = source
    self.comparison = comparison
  }

  // MARK: Resources

  /// How a file that a commit changed differs; for a merge, in what is in none of its parents.
  package func report(_ change: CommitChange) throws -> DifferenceReport {
    try report(change.path, change.before, change.after)
  }

  /// What a merge made of the side that it has not.
  package func report(_ choice: MergeChoice) throws -> DifferenceReport {
    try report(choice.path, [choice.other.entry], choice.chosen.entry)
  }

  private func report(
    _ file: String, _ before: [TreeEntry?], _ entry: TreeEntry?
  ) throws -> DifferenceReport {
    let old = before.first ?? nil
    let whole = DifferenceReport.file(file, old: old != nil, new: entry != nil)
    guard ResourcePath.kind(ofPlace: file) != nil else { return whole }
    func resource(_ entry: TreeEntry?) throws -> Resource? {
      try entry.map { try ResourceDocument.resource(bytes: source.read($0.id).bytes, place: file) }
    }
    let (befores, after): ([Resource?], Resource?)
    // A log goes on over what somebody broke: such a document shows as a file.
    do { (befores, after) = (try before.map(resource), try resource(entry)) } catch { return whole }
    var report = try comparison.report(befores.first ?? nil, after)
    for other in befores.dropFirst() {
      let places = Set(try comparison.report(other, after).properties.map(\.place))
      report.properties.removeAll { !places.contains($0.place) }
    }
    return report
  }

  // MARK: For people

  /// How many resources of a commit are shown to people.
  private static let shown = 20

  /// The entry for people, with an empty line at its end.
  package func lines(_ entry: LogEntry) throws -> [ReportLine] {
    let author = entry.commit.author
    var lines = [
      ReportLine(.init("commit \(entry.id.hex)", .changed)),
      ReportLine(.init("Author:   \(author.name) <\(author.email)>")),
      ReportLine(.init("Date:     \(CommitTime.text(author))")),
    ]
    if entry.commit.parents.count > 1 {
      let merged = entry.commit.parents.map(Self.short).joined(separator: ", ")
      lines.append(ReportLine(.init("Merges:   \(merged)")))
    }
    if let origin = entry.origin {
      lines.append(ReportLine(.init("Source:   \(origin.region)@\(origin.commit.hex)")))
    }
    for place in entry.places { lines += Self.line(place).map { [ReportLine(.init($0, .faint))] } ?? [] }
    lines += [ReportLine(), ReportLine(.init("    \(Self.subject(entry.commit))")), ReportLine()]
    for change in entry.changes.prefix(Self.shown) {
      let report = try report(change)
      for line in report.change == .changed ? report.lines : [report.headline] {
        lines.append(ReportLine(parts: [.init("    ")] + line.parts))
      }
    }
    if entry.changes.count > Self.shown {
      lines.append(
        ReportLine(.init("    and \(entry.changes.count - Self.shown) more (--json has all of them)", .faint))
      )
    }
    for choice in entry.choices.prefix(Self.shown) {
      let report = try report(choice)
      let sides = "as in \(Self.short(choice.chosen.parent)), against \(Self.short(choice.other.parent))"
      let what = report.change == .changed ? report.what : "\(report.change.rawValue) \(report.what)"
      lines.append(ReportLine(.init("    chosen \(what)", .changed), .init(" \(sides)")))
      guard report.change == .changed else { continue }
      for line in report.lines.dropFirst() { lines.append(ReportLine(parts: [.init("    ")] + line.parts)) }
    }
    let hidden = max(0, entry.choices.count - Self.shown)
    if hidden > 0 {
      lines.append(
        ReportLine(.init("    and \(Count.text(hidden, "choice")) more (--json has all of them)", .faint)))
    }
    return entry.changes.isEmpty && entry.choices.isEmpty ? lines : lines + [ReportLine()]
  }

  /// What a commit's message says first.
  private static func subject(_ commit: RawCommit) -> String {
    commit.subject.isEmpty ? "(no message)" : commit.subject
  }

  private static func short(_ id: ObjectID) -> String { String(id.hex.prefix(10)) }

  /// What is known of a change in one region; nil where that is only that it is there.
  private static func line(_ place: ChangePlace) -> String? {
    func by(_ entry: AuditReader.Entry) -> String {
      "\(CommitTime.text(entry.person)) by \(entry.person.name)"
    }
    var words: [String] = []
    if let mirrored = place.mirrored { words.append("mirrored \(by(mirrored)) as \(short(place.commit))") }
    if let account = place.account, let coming = place.coming {
      words.append("\(coming.rawValue) \(by(account))")
    }
    return words.isEmpty ? nil : "In \(place.region):  \(words.joined(separator: "; "))"
  }

  // MARK: For programs

  /// The entry as one JSON line's value.
  package func json(_ entry: LogEntry) throws -> JSONValue {
    [
      "author": Self.json(entry.commit.author),
      "changes": .array(try entry.changes.map { try report($0).json }),
      "choices": .array(try entry.choices.map(json)),
      "commit": .string(entry.id.hex), "committer": Self.json(entry.commit.committer),
      "parents": .array(entry.commit.parents.map { .string($0.hex) }),
      "regions": .array(entry.places.map(Self.json)),
      "source": entry.origin.map {
        ["commit": .string($0.commit.hex), "region": .string($0.region.text)]
      } ?? .null,
      "subject": .string(entry.commit.subject), "version": 1,
    ]
  }

  private func json(_ choice: MergeChoice) throws -> JSONValue {
    [
      "against": .string(choice.other.parent.hex), "chosen": .string(choice.chosen.parent.hex),
      "difference": try report(choice).json,
    ]
  }

  /// A person and a time.
  package static func json(_ person: Signature) -> JSONValue {
    [
      "date": .string(CommitTime.internet(person)), "email": .string(person.email),
      "name": .string(person.name),
    ]
  }

  private static func json(_ place: ChangePlace) -> JSONValue {
    var mirrored: JSONValue = .null
    if let entry = place.mirrored, case .mirrored(let from, let commit, _) = entry.record.event {
      mirrored = [
        "by": json(entry.person), "from": .string(from.text), "upTo": .string(commit.hex),
      ]
    }
    var account: JSONValue = .null
    if let entry = place.account, let coming = place.coming {
      account = [
        "by": json(entry.person), "commit": .string(entry.record.commit.hex),
        "how": .string(coming.rawValue),
      ]
    }
    return [
      "commit": .string(place.commit.hex), "live": account, "mirrored": mirrored,
      "region": .string(place.region.text),
    ]
  }
}

extension DifferenceReport.Property {
  /// Where the property stands.
  package var place: String {
    switch self {
    case .shown(let difference): difference.place
    case .secret(let place, _): "/properties\(place)"
    }
  }
}

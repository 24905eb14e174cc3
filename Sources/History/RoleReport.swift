package import CanonicalJSON
import Git
import RegionRepository

extension RoleEntry {
  /// The entry for people: what, since when and until when, by whom and why.
  package var line: String {
    let end = until.map { " until \(CommitTime.text($0))" } ?? ""
    let cause = [change?.cause?.rawValue, change?.reason].compactMap(\.self).joined(separator: ": ")
    return "epoch \(epoch.number)\t\(primary)\tsince \(CommitTime.text(person))\(end)\tby \(person.name)"
      + (cause.isEmpty ? "" : "\t\(cause)")
  }

  /// The entry for programs.
  package var json: JSONValue {
    [
      "by": LogReport.json(person), "cause": change?.cause.map { .string($0.rawValue) } ?? .null,
      "commit": .string(commit.hex),
      "epoch": ["id": .string(epoch.id), "number": .number(.int64(epoch.number))],
      "primary": .string(primary.text), "reason": change?.reason.map { .string($0) } ?? .null,
      "since": .string(CommitTime.internet(person)),
      "until": until.map { .string(CommitTime.internet($0)) } ?? .null, "version": 1,
    ]
  }
}

extension RoleEvent {
  /// The event for people: a promotion with how long its run took, or a return.
  package var line: String {
    switch self {
    case .promotion(let entry, let run): entry.line + (run.map { "\t\($0.time.milliseconds) ms" } ?? "")
    case .rejoin(let run):
      "epoch \(run.epoch.number)\t\(run.returned)\tback at \(CommitTime.text(run.person))\tby"
        + " \(run.person.name)\trejoin\t\(run.time.milliseconds) ms"
    }
  }

  /// The event for programs.
  package var json: JSONValue {
    switch self {
    case .promotion(let entry, let run):
      guard var document = entry.json.objectValue else { return entry.json }
      document["event"] = "promotion"
      document["milliseconds"] = run.map { .number(.int64($0.time.milliseconds)) } ?? .null
      document["steps"] = run.map { .string($0.time.steps) } ?? .null
      return .object(document)
    case .rejoin(let run):
      return [
        "at": .string(CommitTime.internet(run.person)), "by": LogReport.json(run.person),
        "commit": .string(run.record.commit.hex),
        "epoch": ["id": .string(run.epoch.id), "number": .number(.int64(run.epoch.number))],
        "event": "rejoin", "milliseconds": .number(.int64(run.time.milliseconds)),
        "region": .string(run.returned), "steps": .string(run.time.steps), "version": 1,
      ]
    }
  }
}

extension RoleRun {
  /// The region that came back.
  fileprivate var returned: String {
    if case .rejoined(_, let region, _, _, _) = record.event { region.text } else { record.region.text }
  }
}

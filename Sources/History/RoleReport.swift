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

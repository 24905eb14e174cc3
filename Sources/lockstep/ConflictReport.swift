import CanonicalJSON
import History
import MediaResources
import RegionRepository
import Replay
import Sealing

/// What two regions made differently: the common ground and both sides, by property, secrets unseen.
struct ConflictReport {
  private let comparison: ResourceComparison

  /// - Parameter keyring: tells whether a secret changed that was sealed anew.
  init(keyring: Keyring) { comparison = ResourceComparison(keyring: keyring) }

  /// Prints what is in conflict, as text or as one JSON document.
  func print(_ error: JoinConflicts, json: Bool) throws {
    if json {
      Terminal.print(
        [
          "conflicts": .array(try error.conflicts.map(document)), "source": .string(error.source.text),
          "target": .string(error.target.text), "version": 1,
        ])
      return
    }
    for conflict in error.conflicts {
      Terminal.print("conflict in \(conflict.resource?.description ?? "mirrored/\(conflict.path)")")
      if let reason = conflict.reason {
        Terminal.print("  \(reason)")
        continue
      }
      Terminal.print(lines: try side("source", error.source.text, conflict.base, conflict.source))
      Terminal.print(lines: try side("target", error.target.text, conflict.base, conflict.target))
    }
  }

  private func side(
    _ side: String, _ region: String, _ base: Resource?, _ now: Resource?
  ) throws -> [String] {
    let report = try comparison.report(base, now)
    return ["  \(side) \(region): \(report.change.rawValue)"]
      + report.lines.dropFirst().map { "  \($0.text)" }
  }

  private func document(_ conflict: JoinConflict) throws -> JSONValue {
    [
      "path": .string("mirrored/\(conflict.path)"), "reason": conflict.reason.map { .string($0) } ?? .null,
      "resource": conflict.resource.map { .string($0.description) } ?? .null,
      "source": try comparison.report(conflict.base, conflict.source).json,
      "target": try comparison.report(conflict.base, conflict.target).json,
    ]
  }
}

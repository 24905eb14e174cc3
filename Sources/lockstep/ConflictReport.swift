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

  /// What is in conflict, as members of a JSON document.
  func members(of error: JoinConflicts) throws -> JSONObject {
    [
      "conflicts": .array(try error.conflicts.map(document)), "source": .string(error.source.text),
      "target": .string(error.target.text),
    ]
  }

  /// Prints what is in conflict as text.
  func print(_ error: JoinConflicts) throws {
    for conflict in error.conflicts {
      Terminal.print("conflict in \(conflict.resource?.description ?? "mirrored/\(conflict.path)")")
      if let reason = conflict.reason {
        Terminal.print("  \(reason)")
        continue
      }
      Terminal.print(lines: side("source", error.source.text, try source(conflict)))
      Terminal.print(lines: side("target", error.target.text, try target(conflict)))
    }
  }

  private func source(_ conflict: JoinConflict) throws -> DifferenceReport {
    try report(conflict, conflict.source, conflict.isThere.source)
  }

  private func target(_ conflict: JoinConflict) throws -> DifferenceReport {
    try report(conflict, conflict.target, conflict.isThere.target)
  }

  /// How a side differs from the common ground; of a file that is no resource only what became of the whole.
  private func report(
    _ conflict: JoinConflict, _ side: Resource?, _ isThere: Bool
  ) throws -> DifferenceReport {
    guard conflict.resource != nil else {
      return .file("mirrored/\(conflict.path)", old: conflict.isThere.base, new: isThere)
    }
    return try comparison.report(conflict.base, side)
  }

  private func side(_ side: String, _ region: String, _ report: DifferenceReport) -> [String] {
    ["  \(side) \(region): \(report.change.rawValue)"]
      + report.lines.dropFirst().map { "  \($0.text)" }
  }

  private func document(_ conflict: JoinConflict) throws -> JSONValue {
    [
      "path": .string("mirrored/\(conflict.path)"), "reason": conflict.reason.map { .string($0) } ?? .null,
      "resource": conflict.resource.map { .string($0.description) } ?? .null,
      "source": try source(conflict).json, "target": try target(conflict).json,
    ]
  }
}

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

  /// What is in conflict as text.
  func lines(of error: JoinConflicts) throws -> [String] {
    try error.conflicts.flatMap { conflict in
      ["conflict in \(conflict.name)"]
        + (conflict.reason.map { ["  \($0.message)"] } ?? [])
        + side("source", error.source.text, try source(conflict))
        + side("target", error.target.text, try target(conflict))
    }
  }

  /// Prints what is in conflict as text.
  func print(_ error: JoinConflicts) throws { Terminal.print(lines: try lines(of: error)) }

  /// A document of what is in conflict, with what a person reads of it.
  static func document(of error: JoinConflicts, in target: RegionRepository) throws -> JSONObject {
    let report = ConflictReport(keyring: try target.keyring(identities: IdentityPlace.identities))
    var document = try report.members(of: error)
    document["lines"] = .array(try report.lines(of: error).map { .string($0) })
    document["version"] = 1
    return document
  }

  /// What each side made of the common ground, in a line.
  func sides(of conflict: JoinConflict) throws -> (source: String, target: String) {
    (Self.words(try source(conflict)), Self.words(try target(conflict)))
  }

  private static func words(_ made: Side) -> String {
    switch made {
    case .absent: "not there"
    case .unchanged: "unchanged"
    case .differs(let report):
      ([report.change.rawValue] + report.lines.dropFirst().map(\.text)).joined(separator: "; ")
    }
  }

  private func source(_ conflict: JoinConflict) throws -> Side {
    if let fleets = conflict.fleet { return Self.side(fleets.base, fleets.source) }
    return try side(conflict, conflict.source, conflict.isThere.source)
  }

  private func target(_ conflict: JoinConflict) throws -> Side {
    if let fleets = conflict.fleet { return Self.side(fleets.base, fleets.target) }
    return try side(conflict, conflict.target, conflict.isThere.target)
  }

  /// What a side made of the common ground.
  private enum Side {
    /// Neither has it.
    case absent
    /// It is as it was.
    case unchanged(DifferenceReport)
    case differs(DifferenceReport)
  }

  /// How a side differs from the common ground; of a file that is no resource only what became of the whole.
  private func side(_ conflict: JoinConflict, _ side: Resource?, _ isThere: Bool) throws -> Side {
    guard isThere || conflict.isThere.base else { return .absent }
    guard conflict.resource != nil, side != nil || conflict.base != nil else {
      return .differs(.file("mirrored/\(conflict.path)", old: conflict.isThere.base, new: isThere))
    }
    let report = try comparison.report(conflict.base, side)
    return side == conflict.base ? .unchanged(report) : .differs(report)
  }

  /// What a side made of the fleet's document.
  private static func side(_ base: Fleet, _ fleet: Fleet) -> Side {
    let (base, edited) = (base.document(withRoleOf: nil), fleet.document(withRoleOf: nil))
    let report = DifferenceReport(
      what: JoinConflict.fleetName, change: .changed,
      properties: ResourceDifference.between(base, edited).map { .shown($0) })
    return base == edited ? .unchanged(report) : .differs(report)
  }

  private func side(_ side: String, _ region: String, _ made: Side) -> [String] {
    switch made {
    case .absent: ["  \(side) \(region): not there"]
    case .unchanged: ["  \(side) \(region): unchanged"]
    case .differs(let report):
      ["  \(side) \(region): \(report.change.rawValue)"]
        + report.lines.dropFirst().map { "  \($0.text)" }
    }
  }

  private func json(_ made: Side) -> JSONValue {
    switch made {
    case .absent: .null
    case .unchanged(let report):
      ["difference": "unchanged", "properties": .array([]), "resource": .string(report.what)]
    case .differs(let report): report.json
    }
  }

  private func document(_ conflict: JoinConflict) throws -> JSONValue {
    [
      "path": .string("mirrored/\(conflict.path)"),
      "reason": conflict.reason.map { .string($0.message) } ?? .null,
      "resource": conflict.choice.map { .string($0) } ?? .null,
      "source": json(try source(conflict)), "target": json(try target(conflict)),
    ]
  }
}

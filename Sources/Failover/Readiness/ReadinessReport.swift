package import CanonicalJSON
package import Git
import MediaResources
package import RegionRepository

/// One thing that a region must have, or be, to take over.
package struct ReadinessCheck: Sendable, Equatable {
  /// How a check went.
  package enum Outcome: String, Sendable {
    case ready
    case notReady = "not-ready"
    /// Nothing says how to check it, and nothing speaks against it.
    case skipped
  }

  /// The name that people and programs see, such as `lag`.
  package let name: String
  package let outcome: Outcome
  /// What was found, in one line.
  package let statement: String
  /// The command that mends it.
  package let hint: String?
  /// What is wrong, one by one.
  package let problems: [String]

  /// So many problems stand in the line; `--json` has all of them.
  private static let shown = 5

  package static func ready(_ name: String, _ statement: String) -> ReadinessCheck {
    ReadinessCheck(name: name, outcome: .ready, statement: statement, hint: nil, problems: [])
  }

  static func skipped(_ name: String, _ statement: String, hint: String? = nil) -> ReadinessCheck {
    ReadinessCheck(name: name, outcome: .skipped, statement: statement, hint: hint, problems: [])
  }

  /// A check that found something.
  package static func notReady(
    _ name: String, _ statement: String, _ problems: [String] = [], hint: String?
  ) -> ReadinessCheck {
    let some = problems.prefix(shown).joined(separator: "; ")
    let more = problems.count > shown ? "; and \(problems.count - shown) more" : ""
    return ReadinessCheck(
      name: name, outcome: .notReady, statement: statement + (some.isEmpty ? "" : ": \(some)\(more)"),
      hint: hint, problems: problems)
  }

  /// The check as one line.
  package var line: String {
    let text = "\(outcome.rawValue)\t\(name)\t\(statement)" + (hint.map { ": \($0)" } ?? "")
    return text.inOneLine
  }

  package var json: JSONValue {
    [
      "hint": hint.map { .string($0) } ?? .null, "name": .string(name), "outcome": .string(outcome.rawValue),
      "problems": .array(problems.map { .string($0) }), "statement": .string(statement),
    ]
  }
}

/// What is lost if the primary dies now and a region takes over.
package struct RecoveryPoint: Sendable {
  /// The region that may die.
  package let primary: RegionName
  /// The primary's commits that the region does not have, oldest first.
  package let commits: [(id: ObjectID, subject: String)]
  /// The resources that those changed.
  package let resources: [String]
  /// What has changed in the primary's account since it was last captured; nil where that cannot be seen from here.
  package let uncaptured: [String]?
  /// Why the primary itself could not be asked, where only what was heard before counts; nil where it answered.
  package let silence: String?

  /// Whether nothing that can be seen from here is lost.
  package var losesNothing: Bool { commits.isEmpty && (uncaptured ?? []).isEmpty }

  /// The statement as lines.
  package var lines: [String] {
    var lines: [String] = []
    let known = silence == nil ? "" : " that this region has heard of"
    if losesNothing {
      lines.append("if \(primary) dies now you lose: nothing\(known)")
    } else {
      lines.append("if \(primary) dies now you lose:")
      lines += commits.map { "  commit \($0.id.abbreviated) \"\($0.subject)\"" }
      lines += resources.map { "  \($0)" }
      lines += (uncaptured ?? []).map { "  \($0), which is not captured yet" }
    }
    if let silence { lines.append("\(primary) itself could not be asked: \(silence)") }
    if uncaptured == nil {
      lines.append(
        "what changed in the account of \(primary) since its last capture cannot be seen from here")
    }
    return lines.map(\.inOneLine)
  }

  package var json: JSONValue {
    [
      "commits": .array(
        commits.map { ["commit": .string($0.id.hex), "subject": .string($0.subject)] }),
      "losesNothing": .bool(losesNothing), "primary": .string(primary.text),
      "resources": .array(resources.map { .string($0) }), "silence": silence.map { .string($0) } ?? .null,
      "uncaptured": uncaptured.map { .array($0.map { .string($0) }) } ?? .null,
    ]
  }
}

/// Whether a region can take over now.
package struct ReadinessReport: Sendable {
  /// The region.
  package let region: RegionName
  /// The checks in their order.
  package let checks: [ReadinessCheck]
  /// What is lost if the primary dies now; nil where the region is the primary itself, or in no fleet.
  package let recoveryPoint: RecoveryPoint?

  /// The report with what was found elsewhere.
  package func adding(_ more: [ReadinessCheck]) -> ReadinessReport {
    ReadinessReport(region: region, checks: checks + more, recoveryPoint: recoveryPoint)
  }

  /// Whether nothing speaks against it.
  package var isReady: Bool { !checks.contains { $0.outcome == .notReady } }

  package var json: JSONValue {
    [
      "checks": .array(checks.map(\.json)), "ready": .bool(isReady),
      "recoveryPoint": recoveryPoint?.json ?? .null, "region": .string(region.text), "version": 1,
    ]
  }
}

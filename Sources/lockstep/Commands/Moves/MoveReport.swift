import CanonicalJSON
import Failover
import Git
import RegionRepository

/// What a move did, as the machine tells it on which it ran.
struct MoveReport {
  let json: JSONValue

  /// - Parameter isInStep: whether the account of the old primary has what is committed, too.
  init(_ run: MoveRun, isInStep: Bool) {
    json = [
      "cause": .string(run.cause.rawValue), "epoch": .number(.int64(run.epoch.number)),
      "from": .string(run.from.text), "inStep": .bool(isInStep), "lost": .number(.int64(Int64(run.lost))),
      "milliseconds": .number(.int64(run.milliseconds)),
      "steps": .array(
        run.entries.map {
          ["milliseconds": .number(.int64($0.milliseconds ?? 0)), "name": .string($0.step.rawValue)]
        }), "to": .string(run.to.text), "version": 1,
    ]
  }

  /// Reads what another machine printed.
  init(_ document: JSONValue) { json = document }

  /// A line for each step that was made.
  var lines: [String] {
    (json["steps"]?.arrayValue ?? []).map {
      Self.line($0["name"]?.stringValue ?? "", milliseconds: $0["milliseconds"]?.int64Value ?? 0)
    }
  }

  static func line(_ step: String, milliseconds: Int64) -> String { "done\t\(step)\t\(milliseconds) ms" }

  /// All of it in a sentence.
  var sentence: String {
    "region \(json["to"]?.stringValue ?? "") is primary with epoch \(json["epoch"]?.int64Value ?? 0);"
      + " the \(json["cause"]?.stringValue ?? "") took \(json["milliseconds"]?.int64Value ?? 0) ms"
  }
}

import CanonicalJSON
import RegionRepository
import Traffic

extension Traffic.Standing {
  /// This switch in a JSON report.
  var json: JSONValue {
    var object: JSONObject = [:]
    for (region, now) in regions {
      object[region.text] = ["health": .string(now.health.rawValue), "role": .string(now.role.rawValue)]
    }
    return [
      "place": .string(place), "problem": problem.map { .string($0) } ?? .null, "regions": .object(object),
      "service": .string(service.rawValue),
      "serving": serving.map { .string($0.text) } ?? .null,
    ]
  }

  /// A line for each region.
  var lines: [String] {
    if let problem { return ["\(service.rawValue)\t-\tunreachable\t-\t\(problem)"] }
    return regions.sorted { $0.key < $1.key }.map { region, now in
      "\(service.rawValue)\t\(region)\t\(now.role.rawValue)\t\(now.health.rawValue)\t\(place)"
        + (serving == region ? "\tserves" : "")
    }
  }
}

/// What the commands about traffic print alike.
enum TrafficReport {
  static func print(_ plan: TrafficPlan, records: [RecordChange], json: Bool) {
    if json { return Terminal.print(document(plan, records: records)) }
    Terminal.print(lines: plan.steps.flatMap(lines))
    print(records)
    tellNotes(of: plan)
    Terminal.print(plan.summary)
  }

  static func print(_ records: [RecordChange]) {
    for record in records { Terminal.print("record \(record.line)") }
  }

  static func print(_ move: TrafficMove, json: Bool) {
    if json {
      guard case .object(var document) = document(move.plan, records: []) else { return }
      document["moved"] = true
      document["milliseconds"] = .array(move.durations.map { .number(.int64($0.milliseconds)) })
      return Terminal.print(.object(document))
    }
    for (step, duration) in zip(move.plan.steps, move.durations) {
      for line in lines(of: step) { Terminal.print("\(line)\t\(duration.milliseconds) ms") }
    }
    tellNotes(of: move.plan)
    Terminal.say("traffic goes to region \(move.plan.wish.active)")
  }

  private static func tellNotes(of plan: TrafficPlan) {
    for problem in plan.unreachable { Terminal.say("warning: left out: \(problem)") }
    for problem in plan.unhealthy { Terminal.say("warning: \(problem)") }
    for note in plan.notes { Terminal.say("note: \(note)") }
  }

  /// What a plan changes, in words.
  static func words(of plan: TrafficPlan) -> [String] {
    plan.steps.flatMap { step in
      step.changes.map {
        "\(step.service.rawValue) of \($0.region) \($0.from.rawValue) -> \($0.to.rawValue) (\(step.place))"
      }
    }
  }

  private static func lines(of step: TrafficPlan.Step) -> [String] {
    step.changes.map {
      "\(step.service.rawValue)\t\($0.region)\t\($0.from.rawValue) -> \($0.to.rawValue)\t\(step.place)"
    }
  }

  private static func document(_ plan: TrafficPlan, records: [RecordChange]) -> JSONValue {
    var document = members(of: plan, records: records)
    document["version"] = 1
    return .object(document)
  }

  /// A plan as members of a JSON document.
  static func members(of plan: TrafficPlan, records: [RecordChange]) -> JSONObject {
    [
      "notes": .array(plan.notes.map { .string($0) }), "records": .array(records.map(\.json)),
      "steps": .array(
        plan.steps.map { step in
          [
            "changes": .array(
              step.changes.map {
                [
                  "from": .string($0.from.rawValue), "region": .string($0.region.text),
                  "to": .string($0.to.rawValue),
                ]
              }),
            "place": .string(step.place), "service": .string(step.service.rawValue),
          ]
        }),
      "to": .string(plan.wish.active.text), "unhealthy": .array(plan.unhealthy.map { .string($0) }),
      "unreachable": .array(plan.unreachable.map { .string($0) }),
    ]
  }
}

extension Duration {
  /// Whole milliseconds.
  var milliseconds: Int64 {
    components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000
  }
}

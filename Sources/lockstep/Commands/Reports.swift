import ArgumentParser
import CanonicalJSON
import Failover
import Git
import LiveAccount
import MediaResources
import Planning
import RegionRepository
import Replay
import Upkeep

extension DriftFinding {
  /// A line of a JSON report.
  var json: JSONValue { ["difference": .string(difference.rawValue), "resource": .string(id.description)] }
}

extension MirrorReport {
  /// This mirror in a JSON report.
  var json: JSONValue {
    [
      "commits": .number(.int64(Int64(images.count))), "from": .string(source.text),
      "mirroredTree": mirroredTree.map { .string($0.hex) } ?? .null,
      "newHead": .string(newHead.hex), "objects": .number(.int64(Int64(objectsCopied))),
      "oldHead": .string(oldHead.hex), "outcome": .string(outcomeName),
      "sourceCommit": .string(sourceCommit.hex),
      "to": .string(target.text),
    ]
  }

  private var outcomeName: String {
    switch outcome {
    case .current: "current"
    case .forwarded: "forwarded"
    case .joined: "joined"
    case .waiting: "waiting"
    }
  }

  /// Whether the target waits for the primary to join what both have.
  var isWaiting: Bool { if case .waiting = outcome { true } else { false } }
}

/// What several commands print alike.
enum Reports {
  /// - Parameter isCutOff: whether an apply was cut off: what it has made is not drift to be captured.
  static func print(
    drift findings: [DriftFinding], of region: RegionRepository, isCutOff: Bool, json: Bool
  ) {
    if json {
      Terminal.print(
        [
          "applyCutOff": .bool(isCutOff), "drift": .array(findings.map(\.json)),
          "region": .string(region.name.text), "version": 1,
        ])
      return
    }
    Terminal.print(lines: findings.lazy.map { $0.summary })
    if findings.isEmpty {
      Terminal.say("the live account of region \(region.name) is what was last captured or applied")
    } else {
      Terminal.say("the live account of region \(region.name) differs in \(findings.count)")
      if !isCutOff {
        if findings.contains(where: { $0.id.kind == .content && $0.difference != .added }) {
          Terminal.say("hint: of files that it lost: \(ContentMend.command(for: region))")
        }
        Terminal.say("hint: take it over: lockstep capture -C \(region.shellPlace)")
      }
    }
    if isCutOff { tellCutOffApply(of: region, listing: "what it has made already is still listed here") }
  }

  /// Says that an apply was cut off, and what goes on.
  static func tellCutOffApply(of region: RegionRepository, listing what: String) {
    Terminal.say("an apply was cut off: \(what); go on: lockstep apply -C \(region.shellPlace)")
  }

  /// Says what is held back, and what mends it.
  static func tell(_ held: [HeldBack], of region: RegionRepository) throws {
    for held in held {
      Terminal.say(held.sentence)
      if held.root == nil { Terminal.say("hint: \(try held.mend(in: region))") }
    }
  }

  /// What is held back, in a JSON report.
  static func json(_ held: [HeldBack]) -> JSONValue {
    .array(held.map { ["cause": .string($0.cause), "resource": .string($0.id.description)] })
  }

  /// Says what time made of an account.
  /// - Throws: exit code 3 where something could not be done.
  static func tell(_ settlement: Settlement) throws {
    for id in settlement.changed { Terminal.say("\(id.summary): its time has come or is over") }
    for problem in settlement.problems { Terminal.say("error: \(problem)") }
    if !settlement.problems.isEmpty { throw ExitCode(ExitStatus.partlyDone) }
  }

  static func print(
    _ plan: Plan, of region: RegionRepository, for account: (any LiveAccount)? = nil
  ) async throws {
    Terminal.print(lines: plan.steps.lazy.map { "\($0.action.rawValue) \($0.id.summary)" })
    Terminal.print(lines: plan.held.lazy.map { "hold back \($0.id.summary)" })
    try tell(plan.held, of: region)
    for refusal in plan.refusals { Terminal.say("refused: \(refusal.message)") }
    for obstacle in obstacles(to: plan, account) { Terminal.say("refused: \(obstacle)") }
    if let forecast = try await account?.forecast(of: plan.steps) { Terminal.say(forecast.sentence) }
    Terminal.print(plan.summary)
  }

  private static func obstacles(to plan: Plan, _ account: (any LiveAccount)?) -> [String] {
    account.map { account in plan.steps.flatMap { account.obstacles(to: $0) } } ?? []
  }

  /// A plan with what its account says of it, which no later run need say again: for `plan --json`.
  static func document(
    _ prepared: PreparedPlan, region: RegionRepository, for account: any LiveAccount
  ) async throws -> JSONValue {
    guard var document = document(prepared, region: region).objectValue else { return .null }
    document["obstacles"] = .array(obstacles(to: prepared.plan, account).map { .string($0) })
    if let forecast = try await account.forecast(of: prepared.plan.steps) {
      document["requests"] = [
        "deletes": .number(.int64(Int64(forecast.deletes))), "reads": .number(.int64(Int64(forecast.reads))),
        "seconds": .number(.int64(Int64(forecast.seconds.rounded(.up)))),
        "sentence": .string(forecast.sentence),
        "writes": .number(.int64(Int64(forecast.writes))),
      ]
    }
    return .object(document)
  }

  /// - Parameter isOfFleet: whether it is one mirror of several that bring a fleet into step.
  static func print(_ report: MirrorReport, dryRun: Bool, isOfFleet: Bool) {
    let count = report.images.count
    let commits = Count.text(count, "commit")
    let tree = report.mirroredTree.map { ", mirrored/ is \($0.abbreviated) in both" } ?? ""
    switch report.outcome {
    case .current:
      Terminal.say("region \(report.target) holds every commit of \(report.source) already")
    case .forwarded:
      Terminal.say(
        "\(dryRun ? "would mirror" : "mirrored") \(commits) from \(report.source) to \(report.target)\(tree)")
    case .joined(let join):
      Terminal.say(
        "\(dryRun ? "would mirror" : "mirrored") \(commits) from \(report.source) to \(report.target) and"
          + " \(dryRun ? "join" : "joined") both regions' changes in commit \(join.abbreviated)")
      if !isOfFleet { Terminal.say("hint: bring the join back: \(back(report))") }
    case .waiting(let primary):
      Terminal.say(
        "region \(report.target) has changes that \(report.source) has not, and waits: joins are made in the primary,"
          + " \(primary); nothing was changed")
      Terminal.say(
        primary == report.source
          ? "hint: have them joined, and run this again: \(back(report))"
          : "hint: bring the whole fleet into step: lockstep mirror -C \(ShellWord.quoted(report.places.target))"
      )
    }
  }

  /// The command that mirrors the other way round: across machines regions fetch.
  private static func back(_ report: MirrorReport) -> String {
    let (source, target) = (ShellWord.quoted(report.places.source), ShellWord.quoted(report.places.target))
    return FleetPeers.isRemote(report.places.source)
      ? "lockstep mirror, in region \(report.source)" : "lockstep mirror \(target) \(source)"
  }

  /// A plan as a document: what `plan --json` prints and `apply --expect` compares.
  ///
  /// It holds no secret.
  static func document(_ prepared: PreparedPlan, region: RegionRepository) -> JSONValue {
    [
      "heldBack": json(prepared.plan.held), "live": .string(prepared.live.hex),
      "planned": .string(prepared.planned.hex),
      "refusals": .array(
        prepared.plan.refusals.map { ["guard": .string($0.kind.rawValue), "message": .string($0.message)] }),
      "region": .string(region.name.text),
      "steps": .array(
        prepared.plan.steps.map {
          ["action": .string($0.action.rawValue), "resource": .string($0.id.description)]
        }),
      "summary": .string(prepared.plan.summary), "version": 1,
    ]
  }
}

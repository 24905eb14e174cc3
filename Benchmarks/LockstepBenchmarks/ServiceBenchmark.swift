import Foundation
import Support

/// Capture and apply of accounts behind the REST API, against a loop over the official Python SDK; both speak to
/// `lockstep serve`, which counts the requests.
///
/// Files of assets are left out of both: the loop does not look at them.
enum ServiceBenchmark {
  private static let assets = 1_000
  private static let locators = 10_000
  private static let applied = 1_000

  static func run(_ folder: TemporaryFolder) throws -> [Row] {
    let east = try ServedRegion("east", in: folder, assets: assets, locators: locators)
    try east.region(folder["east"])
    let first = try measure(east) { try service("capture", "-C", folder["east"]) }
    let again = try captures(of: east, in: folder["east"])
    try Program.git("config", "lockstep.mediaServices.childLists", "changed", in: folder["east"])
    let sparing = try captures(of: east, in: folder["east"])
    let loop = try measure(east) { try python("export", folder["east.json"], east) }
    let what = "\(locators.grouped) locators of \(assets.grouped) assets"
    return [
      first.row("capture \(what) from a service", loop, "at most pages and secrets"),
      again.row("capture them once more", loop, "10 times fewer requests, 5 times faster"),
      sparing.row(
        "capture them once more, childLists=changed", loop, "10 times fewer requests, 5 times faster"),
      try apply(folder),
    ]
  }

  /// The cost of captures that find nothing new.
  private static func captures(of served: ServedRegion, in region: String) throws -> Cost {
    var costs: [Cost] = []
    for _ in 0..<5 { costs.append(try measure(served) { try service("capture", "-C", region) }) }
    return Cost.median(costs)
  }

  /// New locators of assets that are there, mirrored and applied to a second account.
  private static func apply(_ folder: TemporaryFolder) throws -> Row {
    let (origin, byLockstep, byLoop) = (
      try ServedRegion("origin", in: folder, assets: 100), try ServedRegion("west", in: folder),
      try ServedRegion("loop", in: folder, assets: 100)
    )
    try origin.region(folder["origin"])
    try byLockstep.region(folder["west"])
    try service("capture", "-C", folder["west"])
    func mirror() throws {
      try service("capture", "-C", folder["origin"])
      try service("mirror", folder["origin"], folder["west"])
    }
    try mirror()
    try service("apply", "-C", folder["west"])
    try origin.add(locators: 0..<applied, assets: 100)
    try mirror()
    let ours = try measure(byLockstep) { try service("apply", "-C", folder["west"]) }
    try python("export", folder["origin.json"], origin)
    let loop = try measure(byLoop) { try python("create", folder["origin.json"], byLoop) }
    return ours.row("apply \(applied.grouped) new locators to a service", loop, "two requests each")
  }

  // MARK: Costs

  /// What some work took.
  private struct Cost {
    let seconds: Double
    let requests: Int

    var text: String { "\(Timing.text(seconds)), \(requests.grouped) requests" }

    func row(_ what: String, _ loop: Cost, _ aim: String) -> Row {
      let fewer = String(format: "%.1f times fewer requests", Double(loop.requests) / Double(requests))
      return Row(
        what: what, figure: text, against: "a loop over the Python SDK: \(loop.text)",
        ratio: "\(Timing.ratio(seconds, loop.seconds)), \(fewer)", aim: aim)
    }

    static func median(_ costs: [Cost]) -> Cost {
      Cost(
        seconds: Timing.median(costs.map(\.seconds)),
        requests: Int(Timing.median(costs.map { Double($0.requests) })))
    }
  }

  private static func measure(_ served: ServedRegion, _ work: () throws -> Void) throws -> Cost {
    _ = try served.requests()
    let seconds = try Timing.seconds(work)
    return Cost(seconds: seconds, requests: try served.requests())
  }

  // MARK: Memory

  /// The most that captures of two accounts, one ten times the other, held at once.
  static func memory(_ folder: TemporaryFolder) throws -> [Row] {
    var peaks: [[Peak]] = []
    for (name, count) in [("small", 2_000), ("large", 20_000)] {
      let served = try ServedRegion(name, in: folder, assets: count / 20, locators: count)
      try served.region(folder[name])
      peaks.append(try (0..<2).map { _ in try Peak.of(["capture", "-C", folder[name]]) })
    }
    return ["capture 20,000 locators from a service", "capture them once more"].enumerated().map {
      round, what in
      let (small, large) = (peaks[0][round], peaks[1][round])
      let ratio = String(format: "%.2f times the memory", Double(large.sum) / Double(small.sum))
      return Row(
        what: "memory to \(what)", figure: large.text, against: "2,000 locators: \(small.text)", ratio: ratio,
        aim: "flat")
    }
  }

  // MARK: Programs

  private static func service(_ arguments: String...) throws {
    let outcome = try Program.run(Program.lockstep, arguments, environment: ["LOCKSTEP_TOKEN": "none"])
    guard outcome.status == 0 else {
      throw Program.Failed(what: "lockstep \(arguments.joined(separator: " "))", outcome: outcome)
    }
  }

  private static func python(_ verb: String, _ file: String, _ served: ServedRegion) throws {
    let outcome = try Program.run(
      ".venv/bin/python", ["Benchmarks/SDK/loop.py", verb, file],
      environment: ["LOCKSTEP_URL": served.url, "LOCKSTEP_ACCOUNT": served.name])
    guard outcome.status == 0 else {
      throw Program.Failed(what: "the loop (./bootstrap --test installs the SDK)", outcome: outcome)
    }
  }
}

/// The most memory that a command and the program which carries its requests held.
private struct Peak {
  let command: Int
  let carrier: Int

  var sum: Int { command + carrier }
  var text: String { "\(command >> 10) MiB, lockstep-http \(carrier >> 10) MiB" }

  /// Runs lockstep and looks at both often; the kernel keeps the peak of each, in KiB.
  static func of(_ arguments: [String]) throws -> Peak {
    let child = try Program.start(Program.lockstep, arguments, environment: ["LOCKSTEP_TOKEN": "none"])
    var (command, carrier) = (0, 0)
    while child.isRunning {
      command = max(command, peak(of: "\(child.id)"))
      let threads = try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(child.id)/task")
      for thread in threads ?? [] {
        let children = try? String(
          contentsOfFile: "/proc/\(child.id)/task/\(thread)/children", encoding: .utf8)
        for id in (children ?? "").split(separator: " ") { carrier = max(carrier, peak(of: String(id))) }
      }
      usleep(2_000)
    }
    let outcome = try child.outcome()
    guard outcome.status == 0, command > 0 else {
      throw Program.Failed(what: "lockstep \(arguments.joined(separator: " "))", outcome: outcome)
    }
    return Peak(command: command, carrier: carrier)
  }

  private static func peak(of process: String) -> Int {
    let status = (try? String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)) ?? ""
    let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
    return line?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
  }
}

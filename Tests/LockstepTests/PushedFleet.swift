import Foundation
import Support
import Testing

/// East (primary) and west, in one fleet and in step, with their hooks; people push from clones.
struct PushedFleet {
  let regions: TwoRegions
  var folder: TemporaryFolder { regions.folder }
  var east: String { regions["east"] }
  var west: String { regions["west"] }

  /// - Parameter url: how people reach a region's folder.
  init(
    clones: [String: String] = ["anna": "east"], url: (String) -> String = { $0 },
    environment: [String: String] = [:]
  )
    throws
  {
    regions = try TwoRegions()
    try regions.publish()
    try regions.succeed(["fleet", "add", "west", west, "-C", east])
    try regions.mirrorAndApply()
    try regions.succeed(["mirror", "-C", east])
    for region in ["east", "west"] { try regions.succeed(["hooks", "install", "-C", regions[region]]) }
    for (name, region) in clones {
      let outcome = try Program.run(
        "git", ["clone", "--quiet", url(regions[region]), folder[name]], environment: environment)
      guard outcome.status == 0 else { throw Program.Failed(what: "git clone", outcome: outcome) }
    }
  }

  /// Sets something in a region's configuration.
  func set(_ key: String, _ value: String, in region: String = "east") throws {
    try Program.git("config", key, value, in: regions[region])
  }

  /// Commits a filter in a clone, or in a region itself.
  func commit(_ name: String, bitrate: Int = 1, in place: String) throws {
    let file = "\(place)/mirrored/account-filters/\(name).json"
    try folder.write(
      #"{"name": "\#(name)", "properties": {"firstQuality": {"bitrate": \#(bitrate)}}}"#, to: file)
    try regions.succeed(["fmt", folder[file]])
    try Program.git("add", "-A", in: folder[place])
    try Program.git("commit", "--quiet", "-m", "Filter \(name) at \(bitrate)", in: folder[place])
  }

  /// Pushes a clone.
  @discardableResult
  func push(_ clone: String, environment: [String: String] = [:]) throws -> Program.Outcome {
    try Program.run("git", ["push", "origin", "HEAD"], in: folder[clone], environment: environment)
  }

  /// Pushes a clone, which must be accepted.
  /// - Returns: what the pusher was told.
  @discardableResult
  func accepted(
    _ clone: String, environment: [String: String] = [:], location: SourceLocation = #_sourceLocation
  )
    throws -> String
  {
    let outcome = try push(clone, environment: environment)
    #expect(outcome.status == 0, "\(outcome.errors)", sourceLocation: location)
    return outcome.errors
  }

  /// Lets each region reach the other one by ssh alone, as on two machines.
  func meet(over server: SSHServer) throws {
    for (region, other) in [("east", "west"), ("west", "east")] {
      try set("lockstep.peer-\(other).repository", server.url(regions[other]), in: region)
      try set("lockstep.peer-\(other).program", Program.lockstep, in: region)
      try set("core.sshCommand", server.environment["GIT_SSH_COMMAND"] ?? "", in: region)
    }
  }

  /// Whether both regions agree on everything.
  func isInStep() throws -> Bool { try regions.mirroredTree("east") == regions.mirroredTree("west") }

  /// How many commits of a region have a subject.
  func count(_ subject: String, in region: String) throws -> Int {
    try Program.git("log", "--format=%s", in: regions[region]).split(separator: "\n").count { $0 == subject }
  }

  /// `lockstep status --check --json`.
  func check(_ region: String = "east") throws -> (status: Int32, problems: String) {
    let outcome = try regions.run(["status", "--check", "--json", "-C", regions[region]])
    let object = try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any]
    #expect(object?["version"] as? Int == 1)
    #expect(object?["healthy"] as? Bool == (outcome.status == 0))
    return (outcome.status, (object?["problems"] as? [String] ?? ["?"]).joined(separator: "\n"))
  }

  /// The process that does what pushes into a region left, if one runs.
  func worker(_ region: String = "east") throws -> pid_t? {
    let found = try Program.run("pgrep", ["-f", "hook work \(regions[region])/"]).output
    return found.split(separator: "\n").first.flatMap { pid_t($0) }
  }

  /// Keeps a region from being worked on, as another lockstep process would.
  func hold(_ region: String) throws -> ChildProcess {
    let lock = "\(regions[region])/.git/lockstep/lock"
    let holder = try Program.start("sh", ["-c", "exec 9>>\(lock); flock 9; exec sleep 300"])
    let isHeld = try waitUntil { try Program.run("flock", ["-n", lock, "true"]).status != 0 }
    #expect(isHeld)
    return holder
  }
}

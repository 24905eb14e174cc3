import Foundation
import Support
import Testing

/// `lockstep watch`, which keeps the fleet up to date without any command.
@Suite struct WatchTests {
  /// A watch of one region.
  private struct Watching {
    let process: ChildProcess

    init(
      _ fleet: PushedFleet, _ region: String = "east", _ arguments: [String] = [],
      environment: [String: String] = [:]
    )
      throws
    {
      process = try Program.start(
        Program.lockstep, ["watch", "-C", fleet.regions[region]] + arguments, environment: environment)
    }

    /// The events so far; every line must be one.
    func events(location: SourceLocation = #_sourceLocation) throws -> [[String: Any]] {
      let text = try process.files.read("output")
      return try text.split(separator: "\n").map { line in
        let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any] ?? [:]
        #expect(object["version"] as? Int == 1, "\(line)", sourceLocation: location)
        #expect(object["event"] is String && object["at"] is String, "\(line)", sourceLocation: location)
        return object
      }
    }

    func has(_ event: String, _ members: [String: String] = [:]) throws -> Bool {
      // A line may be half written.
      guard let events = try? events() else { return false }
      return events.contains { object in
        object["event"] as? String == event && members.allSatisfy { object[$0.key] as? String == $0.value }
      }
    }

    /// Waits for an event.
    func expect(
      _ event: String, _ members: [String: String] = [:], location: SourceLocation = #_sourceLocation
    ) throws {
      let came = try waitUntil { try has(event, members) || !process.isRunning }
      let said = "\(try process.files.read("output")) \(try process.files.read("errors"))"
      #expect(
        try came && has(event, members),
        "\(said)",
        sourceLocation: location)
    }

    /// Asks it to end.
    func stop(_ signal: Int32 = SIGTERM, location: SourceLocation = #_sourceLocation) throws {
      let begin = Date()
      let status = process.stop(signal)
      let said = try process.files.read("errors")
      #expect(status == 0, "\(said)", sourceLocation: location)
      #expect(Date().timeIntervalSince(begin) < 20, sourceLocation: location)
      #expect(try events().last?["event"] as? String == "stopped", sourceLocation: location)
    }
  }

  @Test func `commits are mirrored and applied, and what an account became travels`() throws {
    let fleet = try PushedFleet(clones: [:])
    let east = try Watching(fleet, "east", ["--interval", "1"])
    let west = try Watching(fleet, "west", ["--interval", "1"])
    try east.expect("started", ["region": "east"])
    try west.expect("started", ["region": "west"])
    // A commit.
    try fleet.commit("one", in: "east")
    try east.expect("applied")
    try west.expect("applied")
    #expect(fleet.folder.has("east-account/account/account-filters/one.json"))
    #expect(fleet.folder.has("west-account/account/account-filters/one.json"))
    // A change in an account, which no command told anybody of.
    try fleet.folder.write(
      #"{"name": "by-hand", "properties": {"firstQuality": {"bitrate": 7}}}"#,
      to: "west-account/account/account-filters/by-hand.json")
    try west.expect("captured", ["region": "west"])
    #expect(waitUntil { fleet.folder.has("east-account/account/account-filters/by-hand.json") })
    #expect(try waitUntil { try fleet.isInStep() })
    #expect(try waitUntil { try fleet.check() == (0, "") && fleet.check("west") == (0, "") })
    try east.stop()
    try west.stop()
    #expect(try fleet.check() == (0, ""), "a watch that was stopped is no problem")
    for region in ["east", "west"] { try Program.git("fsck", "--strict", in: fleet.regions[region]) }
  }

  @Test func `a branch that moves is seen long before the interval, and an idle watch is silent`() throws {
    let fleet = try PushedFleet(clones: [:])
    let watch = try Watching(fleet, "east", ["--interval", "3600"])
    try watch.expect("started")
    #expect(try waitUntil { try Self.state(of: fleet) == "idle" })
    let silent = try watch.events().count
    usleep(2_500_000)
    #expect(try watch.events().count == silent)
    // Here, and in a peer on this machine.
    try fleet.commit("one", in: "east")
    try watch.expect("mirrored", ["from": "east", "to": "west"])
    try fleet.commit("two", in: "west")
    try watch.expect("mirrored", ["from": "west", "to": "east"])
    #expect(waitUntil { fleet.folder.has("east-account/account/account-filters/two.json") })
    try watch.stop(SIGINT)
  }

  @Test func `without capture and apply a watch only mirrors`() throws {
    let fleet = try PushedFleet(clones: [:])
    let watch = try Watching(fleet, "east", ["--interval", "1", "--no-capture", "--no-apply"])
    try fleet.commit("one", in: "east")
    try fleet.folder.write(
      #"{"name": "by-hand", "properties": {}}"#, to: "east-account/account/account-filters/by-hand.json")
    try watch.expect("mirrored")
    usleep(2_500_000)
    #expect(!fleet.folder.has("east-account/account/account-filters/one.json"))
    #expect(!fleet.folder.has("east/mirrored/account-filters/by-hand.json"))
    try watch.stop()
  }

  @Test func `one watch a region; one that was killed is missed`() throws {
    let fleet = try PushedFleet(clones: [:])
    let watch = try Watching(fleet, "east", ["--interval", "3600"])
    try watch.expect("started")
    let second = try fleet.regions.run(["watch", "-C", fleet.east])
    #expect(second.status == 11 && second.errors.contains("east is watched already"), "\(second.errors)")
    #expect(try waitUntil { try fleet.check() == (0, "") })
    watch.process.stop(SIGKILL)
    let (status, problems) = try fleet.check()
    #expect(status == 2 && problems.contains("the watch has ended without being asked to"), "\(problems)")
    // One that hangs, by its own account, is seen, too.
    let line = try fleet.regions.run(["status", "--check", "-C", fleet.east])
    #expect(line.status == 2 && line.output.split(separator: "\n").count == 1, "\(line.output)")
    let next = try Watching(fleet, "east", ["--interval", "3600"])
    try next.expect("started")
    #expect(try waitUntil { try fleet.check() == (0, "") })
    try next.stop()
  }

  @Test func `a watch that cannot go on is not healthy`() throws {
    let fleet = try PushedFleet(clones: [:])
    let watch = try Watching(fleet, "east", ["--interval", "1"])
    try watch.expect("started")
    let account = "\(fleet.folder["east-account"])/account"
    try FileManager.default.moveItem(atPath: account, toPath: account + ".gone")
    try watch.expect("failed", ["what": "capture", "region": "east"])
    let isSaid = try waitUntil { try fleet.check().problems.contains("capture") }
    #expect(try isSaid && fleet.check().status == 2)
    #expect(!fleet.folder.has("east-account/account"), "an account that is gone was made anew")
    try FileManager.default.moveItem(atPath: account + ".gone", toPath: account)
    try watch.expect("recovered", ["what": "capture", "region": "east"])
    #expect(try waitUntil { try fleet.check().status == 0 })
    try watch.stop()
  }

  @Test(arguments: [true, false])
  func `an apply that is refused again and again begins once, or never`(byGuard: Bool) throws {
    let fleet = try PushedFleet(clones: [:])
    let filter = "east-account/account/account-filters/f.json"
    if byGuard {
      // An asset with content is deleted by force only.
      try Program.git("rm", "-r", "--quiet", "mirrored/assets", "mirrored/contents", in: fleet.east)
      try Program.git("rm", "-r", "--quiet", "mirrored/streaming-locators", in: fleet.east)
      try Program.git("commit", "--quiet", "-m", "Take the film out", in: fleet.east)
    } else {
      // The account has become something else, which nobody captures.
      try fleet.commit("f", in: "east")
      try fleet.folder.write(#"{"name": "f", "properties": {"firstQuality": {"bitrate": 7}}}"#, to: filter)
    }
    let watch = try Watching(fleet, "east", ["--interval", "1", "--no-capture"])
    try watch.expect("failed", ["what": "apply", "region": "east"])
    usleep(4_500_000)
    func count(_ event: String) throws -> Int {
      try watch.events().count { $0["event"] as? String == event }
    }
    #expect(try count("failed") == 1)
    #expect(try count("applying") == (byGuard ? 0 : 1))
    if byGuard {
      // The watch may be at it just then.
      #expect(
        try waitUntil {
          try fleet.regions.run(["apply", "-C", fleet.east, "--force-content"]).status == 0
        })
    } else {
      try FileManager.default.removeItem(atPath: fleet.folder[filter])
    }
    try watch.expect("recovered", ["what": "apply", "region": "east"])
    try watch.stop()
  }

  @Test func `what fails is told once, tried again, and told when it works`() throws {
    let fleet = try PushedFleet()
    try fleet.set("lockstep.pushWaitSeconds", "60")
    let away = fleet.folder["away"]
    try FileManager.default.moveItem(atPath: fleet.west, toPath: away)
    try fleet.commit("one", in: "anna")
    try fleet.accepted("anna")
    let watch = try Watching(fleet, "east", ["--interval", "1"])
    try watch.expect("failed", ["what": "mirror", "region": "west"])
    #expect(try fleet.check().status == 2)
    usleep(3_000_000)
    #expect(try watch.events().count { $0["event"] as? String == "failed" } == 1)
    try FileManager.default.moveItem(atPath: away, toPath: fleet.west)
    try watch.expect("recovered", ["what": "mirror", "region": "west"])
    #expect(try fleet.isInStep())
    // What the push left is done by the watch.
    #expect(try waitUntil { try fleet.check() == (0, "") })
    try watch.stop()
  }

  @Test func `regions on other machines are fetched from, and one that hangs holds no end`() throws {
    let fleet = try PushedFleet(clones: [:])
    // East is fetched from over a command that a test may let hang.
    let ssh = fleet.folder["ssh"]
    try fleet.folder.write(
      """
      #!/bin/sh
      [ -e '\(fleet.folder["hang"])' ] && exec sleep 3333
      eval "last=\\${$#}"
      exec sh -c "$last"

      """, to: "ssh")
    chmod(ssh, 0o755)
    try fleet.set("lockstep.peer-east.repository", "ssh://elsewhere.invalid\(fleet.east)", in: "west")
    try fleet.commit("one", in: "east")
    let watch = try Watching(
      fleet, "west", ["--interval", "1"], environment: ["GIT_SSH_COMMAND": ssh, "GIT_SSH_VARIANT": "ssh"])
    try watch.expect("mirrored", ["from": "east", "to": "west"])
    try watch.expect("applied")
    #expect(fleet.folder.has("west-account/account/account-filters/one.json"))
    try fleet.folder.write("", to: "hang")
    #expect(
      try waitUntil {
        try Program.run("pgrep", ["-f", "fetch .*ssh://elsewhere.invalid\(fleet.east)"]).status == 0
      })
    try watch.stop()
    #expect(
      try waitUntil {
        try Program.run("pgrep", ["-f", "fetch .*ssh://elsewhere.invalid\(fleet.east)"]).status != 0
      })
  }

  @Test(.enabled(if: Program.has("systemd-analyze"))) func `the unit for systemd is one, and hardened`()
    throws
  {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let text = try String(
      contentsOf: root.appendingPathComponent("docs/lockstep-watch@.service"), encoding: .utf8)
    let folder = try TemporaryFolder()
    let unit = "lockstep-watch@east.service"
    try folder.write(
      text.replacingOccurrences(of: "/usr/local/bin/lockstep", with: Program.lockstep), to: unit)
    let verified = try Program.run("systemd-analyze", ["verify", folder[unit]])
    #expect(verified.status == 0 && verified.errors == "", "\(verified.errors)")
    let security = try Program.run(
      "systemd-analyze", ["security", "--offline=true", "--threshold=25", folder[unit]])
    #expect(security.status == 0, "\(security.output.suffix(200))")
    // The arguments are those of the program.
    let arguments = try #require(text.firstMatch(of: /ExecStart=\S+ (.+)/)?.output.1)
    let help = try Program.run(
      Program.lockstep, arguments.split(separator: " ").map(String.init) + ["--help"])
    #expect(help.status == 0 && help.output.contains("--interval"), "\(help.errors)")
  }

  private static func state(of fleet: PushedFleet) throws -> String? {
    guard let text = try? fleet.folder.read("east/.git/lockstep/watch.json") else { return nil }
    return (try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])?["state"] as? String
  }
}

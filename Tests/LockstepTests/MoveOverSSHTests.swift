import Foundation
import Support
import Testing

/// Moves between regions on two machines, each of which reaches the other one by ssh alone.
@Suite(.enabled(if: SSHServer.isThere)) struct MoveOverSSHTests {
  private let server: SSHServer
  private let fleet: PushedFleet

  init() throws {
    server = try SSHServer()
    fleet = try PushedFleet()
    try fleet.meet(over: server)
  }

  private func primary(_ region: String) throws -> String {
    let text = try fleet.regions.succeed(["fleet", "list", "--json", "-C", fleet.regions[region]])
    let object = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
    return (object?["fleet"] as? [String: Any])?["primary"] as? String ?? ""
  }

  private func audit(_ region: String) throws -> String {
    try Program.git("log", "--format=%B", "lockstep/audit", in: fleet.regions[region])
  }

  private func filters(_ region: String) throws -> [String] {
    let path = fleet.folder["\(region)-account/account/account-filters"]
    guard FileManager.default.fileExists(atPath: path) else { return [] }
    return try FileManager.default.contentsOfDirectory(atPath: path).sorted()
  }

  private func write(_ name: String, to region: String) throws {
    try fleet.folder.write(
      #"{"name":"\#(name)","properties":{}}"#,
      to: "\(region)-account/account/account-filters/\(name).json")
  }

  private func move(_ arguments: [String], in region: String) throws -> Program.Outcome {
    try fleet.regions.run(arguments + ["-C", fleet.regions[region]])
  }

  @Test(arguments: ["east", "west"])
  func `a switchover goes across machines from either side, and home again`(side: String) throws {
    try fleet.commit("one", in: "east")
    try write("live", to: "east")
    let dry = try move(["switchover", "west", "--dry-run"], in: side)
    #expect(dry.status == 0, "\(dry.errors)")
    for words in [
      "is committed: 1 resource", "goes to west: 1 commit, besides what is captured",
      "account of west: 1 to create, 0 to replace, 0 to delete, besides what is captured",
    ] {
      #expect(dry.output.contains(words), "\(words): \(dry.output)")
    }
    #expect(
      !fleet.folder.has("east/.git/lockstep/drain.json") && !fleet.folder.has("west/.git/lockstep/run.json"))
    let done = try move(["switchover", "west", "--reason", "it's \"planned\"; $(touch x)"], in: side)
    #expect(done.status == 0, "\(done.output)\(done.errors)")
    let steps = ["drain", "capture", "mirror", "apply", "verify", "traffic", "epoch", "reverse", "follow"]
    #expect(
      done.output.split(separator: "\n").map { $0.split(separator: "\t")[1] } == steps.map { $0[...] })
    for region in ["east", "west"] {
      #expect(try primary(region) == "west")
      #expect(try filters(region) == ["live.json", "one.json"])
      #expect(try audit(region).contains("\(region): switchover from east to west in"))
      let roles = try fleet.regions.succeed(["log", "--roles", "-C", fleet.regions[region]])
      #expect(roles.contains("it's \"planned\"; $(touch x)") && roles.contains(" ms"), "\(roles)")
    }
    #expect(try fleet.isInStep() && !fleet.folder.has("east/.git/lockstep/drain.json"))
    let home = try move(["switchover", "east", "--json"], in: side)
    #expect(home.status == 0, "\(home.errors)")
    let report = try JSONSerialization.jsonObject(with: Data(home.output.utf8)) as? [String: Any]
    #expect(report?["to"] as? String == "east" && report?["inStep"] as? Bool == true, "\(home.output)")
    #expect(try primary("west") == "east" && fleet.isInStep())
  }

  @Test func `a switchover across machines that is stopped goes on or is undone from either side`() throws {
    try fleet.commit("one", in: "east")
    var other = try fleet.hold("west")
    // The fourth step needs west, whose own run has it all.
    let stopped = try move(["switchover", "west"], in: "east")
    #expect(stopped.status == 11 && stopped.errors.contains("--resume"), "\(stopped.errors)")
    #expect(
      fleet.folder.has("east/.git/lockstep/drain.json") && fleet.folder.has("west/.git/lockstep/run.json"))
    other.stop(SIGKILL)
    let refused = try move(["apply"], in: "east")
    #expect(refused.status == 4 && refused.errors.contains("being handed over to west"), "\(refused.errors)")
    let undone = try move(["switchover", "--undo"], in: "east")
    #expect(undone.status == 0, "\(undone.errors)")
    #expect(
      !fleet.folder.has("east/.git/lockstep/drain.json") && !fleet.folder.has("west/.git/lockstep/run.json"))
    // Somebody works on east, which the run in west finds before it begins.
    other = try fleet.hold("east")
    let held = try move(["switchover", "west"], in: "west")
    #expect(held.status == 11, "\(held.errors)")
    #expect(held.errors.contains("in region east (ssh://") && held.errors.contains("being worked on by"))
    #expect(!fleet.folder.has("west/.git/lockstep/run.json"))
    other.stop(SIGKILL)
    other = try fleet.hold("west")
    #expect(try move(["switchover", "west"], in: "west").status == 11)
    other.stop(SIGKILL)
    #expect(fleet.folder.has("east/.git/lockstep/drain.json"))
    let resumed = try move(["switchover", "--resume"], in: "east")
    #expect(resumed.status == 0, "\(resumed.errors)")
    #expect(try primary("east") == "west" && fleet.isInStep())
  }

  @Test(arguments: ["east", "west"])
  func `a region that comes back rejoins across machines from either side`(side: String) throws {
    try FileManager.default.moveItem(atPath: fleet.east, toPath: fleet.folder["gone"])
    let lost = try move(["failover", "west", "--yes", "--accept-loss", "0"], in: "west")
    #expect(lost.status == 0, "\(lost.errors)")
    try fleet.commit("both", bitrate: 2, in: "west")
    try FileManager.default.moveItem(atPath: fleet.folder["gone"], toPath: fleet.east)
    try fleet.commit("both", bitrate: 1, in: "east")
    try fleet.commit("east-only", in: "east")
    try write("east-live", to: "east")
    let conflict = try move(["rejoin", "east"], in: side)
    #expect(conflict.status == 4, "\(conflict.output)\(conflict.errors)")
    #expect(conflict.output.contains("conflict in account-filter/both"), "\(conflict.output)")
    #expect(conflict.errors.contains("--prefer"), "\(conflict.errors)")
    let joined = try move(["rejoin", "east", "--prefer", "account-filter/both=target"], in: side)
    #expect(joined.status == 0, "\(joined.output)\(joined.errors)")
    #expect(try fleet.isInStep() && primary("east") == "west")
    for region in ["east", "west"] {
      #expect(try filters(region) == ["both.json", "east-live.json", "east-only.json"])
      #expect(try audit(region).contains("\(region): rejoin of east with west in"))
      let roles = try fleet.regions.succeed(["log", "--roles", "-C", fleet.regions[region]])
      #expect(roles.split(separator: "\n").contains { $0.contains("\teast\tback at") }, "\(roles)")
    }
    let home = try move(["switchover", "east"], in: side)
    #expect(home.status == 0, "\(home.errors)")
    #expect(try primary("west") == "east" && fleet.isInStep())
  }

  @Test
  func `what keeps the other machine from being reached is said, within a time, before anything happens`()
    throws
  {
    func refused(_ words: String..., in region: String = "west") throws {
      let outcome = try move(["switchover", "west"], in: region)
      #expect(outcome.status == 1, "\(outcome.errors)")
      for word in words { #expect(outcome.errors.contains(word), "\(word): \(outcome.errors)") }
      #expect(!fleet.folder.has("east/.git/lockstep/drain.json"))
      #expect(!fleet.folder.has("west/.git/lockstep/run.json"))
    }
    try fleet.set("lockstep.peer-east.program", "/nowhere/lockstep", in: "west")
    try refused("'/nowhere/lockstep' in region east", "config lockstep.peer-east.program")
    try fleet.set("lockstep.peer-east.program", Program.lockstep, in: "west")
    try fleet.set("lockstep.peer-east.repository", "http://127.0.0.1:1/east", in: "west")
    try refused("nothing can be run there", "config lockstep.peer-east.repository ssh://HOST/PATH")
    let port = try Loopback.freePort()
    try fleet.set("lockstep.peer-east.repository", "ssh://127.0.0.1:\(port)/east", in: "west")
    try refused("nothing can be run in region east", "see what ssh says: ssh -F none -i '")
    try fleet.set("core.sshCommand", "ssh -o BatchMode=yes", in: "west")
    try refused("see what ssh says: ssh -o BatchMode=yes -p \(port) 127.0.0.1")
    // What ssh says in lines of its own is not run together.
    try fleet.set("core.sshCommand", "printf 'one\\ntwo\\n' >&2; exit 255;:", in: "west")
    try refused("nothing can be run in region east", "one; two")
    // Something that takes the connection and says nothing.
    try fleet.set("core.sshCommand", "sleep 300;:", in: "west")
    try fleet.set("lockstep.connectWaitSeconds", "1", in: "west")
    let begun = ContinuousClock.now
    try refused("no connection within 1 s")
    #expect(ContinuousClock.now - begun < .seconds(30))
  }
}

import Foundation
import Support
import Testing

/// What would stop a move half way stops it before it begins, and `ready` shows it.
@Suite struct MovePreflightTests {
  /// A move is refused with words, and nothing has begun; `ready` has a check with the same words.
  private func expectRefusal(
    _ regions: TwoRegions, check: String, _ words: String..., location: SourceLocation = #_sourceLocation
  ) throws {
    let outcome = try regions.run(["switchover", "west", "-C", regions["east"]])
    #expect(outcome.status == 4, "\(outcome.errors)", sourceLocation: location)
    let ready = try regions.run(["ready", "west", "-C", regions["east"]])
    #expect(ready.status == 2, "\(ready.output)", sourceLocation: location)
    let line = ready.output.split(separator: "\n").first { $0.hasPrefix("not-ready\t\(check)\t") } ?? ""
    for word in words {
      #expect(outcome.errors.contains(word), "\(word): \(outcome.errors)", sourceLocation: location)
      #expect(line.contains(word), "\(word): \(ready.output)", sourceLocation: location)
    }
    #expect(!regions.folder.has("east/.git/lockstep/drain.json"), sourceLocation: location)
    #expect(!regions.folder.has("west/.git/lockstep/run.json"), sourceLocation: location)
  }

  @Test func `where git cannot sign for an administrator no move begins`() throws {
    let fleet = try PushedFleet(clones: [:])
    for name in ["anna", "ben"] {
      try Program.run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", fleet.folder[name], "-C", name])
    }
    let key = try fleet.folder.read("anna.pub").trimmingCharacters(in: .newlines)
    try fleet.set("lockstep.administrator", key, in: "west")
    try fleet.set("gpg.format", "ssh", in: "west")
    for name in ["nobody", "ben"] {
      try fleet.set("user.signingKey", fleet.folder["\(name).pub"], in: "west")
      try expectRefusal(fleet.regions, check: "signing", "user.signingKey")
    }
    try FileManager.default.moveItem(atPath: fleet.east, toPath: fleet.folder["gone"])
    let failover = ["failover", "west", "--yes", "--accept-loss", "0", "-C", fleet.west]
    let lost = try fleet.regions.run(failover)
    #expect(lost.status == 4 && lost.errors.contains("cannot be committed"), "\(lost.errors)")
    #expect(!fleet.folder.has("west/.git/lockstep/run.json"))
    try fleet.set("user.signingKey", fleet.folder["anna.pub"], in: "west")
    let objects = try Program.run("sh", ["-c", "find '\(fleet.west)/.git/objects' | sort"]).output
    let ready = try fleet.regions.run(["ready", "-C", fleet.west])
    #expect(ready.output.contains("ready\tsigning\tgit signs here"), "\(ready.output)")
    #expect(try Program.run("sh", ["-c", "find '\(fleet.west)/.git/objects' | sort"]).output == objects)
    try fleet.regions.succeed(failover)
    #expect(try Program.git("log", "-1", "--format=%B%GK", in: fleet.west).contains("promote west"))
  }

  @Test(arguments: ["east", "west"])
  func `an apply that was cut off is ended before a switchover begins`(region: String) throws {
    let fleet = try PushedFleet(clones: [:])
    try fleet.folder.write("", to: "\(region)/.git/lockstep/apply")
    let refused = try fleet.regions.run(["switchover", "west", "-C", fleet.east])
    #expect(refused.status == 4, "\(refused.errors)")
    #expect(refused.errors.contains("an apply was cut off in region \(region)"), "\(refused.errors)")
    #expect(refused.errors.contains("lockstep apply -C \(fleet.regions[region])"), "\(refused.errors)")
    #expect(!fleet.folder.has("east/.git/lockstep/drain.json"))
  }

  @Test(
    .enabled(
      if: Balancer.isThere && WebServer.isThere && Program.has("curl"),
      "haproxy, nginx or curl is missing: ./bootstrap --test"))
  func `what keeps traffic from moving is found before, and what it left is said after`() throws {
    let fleet = try TrafficFleet()
    try fleet.regions.mirrorAndApply()
    let west = fleet.regions["west"]
    func set(_ key: String, _ value: String) throws { try Program.git("config", key, value, in: west) }
    try expectRefusal(
      fleet.regions, check: "traffic", "does not say lockstep.traffic", "config lockstep.traffic")
    try set("lockstep.traffic", "haproxy")
    try set("lockstep.haproxy.socket", fleet.folder["a.sock"])
    try set("lockstep.haproxy.bind", "127.0.0.1:\(fleet.port)")
    try expectRefusal(fleet.regions, check: "traffic", "runtime socket of HAProxy \(fleet.folder["a.sock"])")
    try fleet.folder.write(fleet.regions.succeed(["traffic", "render", "-C", west]), to: "haproxy.cfg")
    let balancer = try Balancer(
      configuration: fleet.folder["haproxy.cfg"], socket: fleet.folder["a.sock"])
    defer { balancer.stop() }
    try set("lockstep.haproxy.stateFile", fleet.folder["none/a.state"])
    try expectRefusal(fleet.regions, check: "traffic", "cannot write \(fleet.folder["none/a.state"])")
    try set("lockstep.haproxy.stateFile", fleet.folder["a.state"])
    let ready = try fleet.regions.run(["ready", "west", "-C", fleet.east])
    #expect(ready.output.contains("ready\ttraffic\thaproxy can let players come to west"), "\(ready.output)")
    #expect(!fleet.folder.has("a.state"))

    let dry = try fleet.regions.run(["switchover", "west", "--dry-run", "-C", fleet.east])
    for service in ["origin", "keyDelivery"] {
      #expect(
        dry.output.contains("\(service) of west backup -> active (HAProxy "), "\(dry.output)\(dry.errors)")
      #expect(dry.output.contains("\(service) of east active -> draining (HAProxy "), "\(dry.output)")
    }
    let moved = try fleet.regions.run(["switchover", "west", "-C", fleet.east])
    #expect(moved.status == 0, "\(moved.errors)")
    #expect(moved.errors.contains("east cannot be a backup as HAProxy is configured"), "\(moved.errors)")

    try FileManager.default.moveItem(atPath: west, toPath: west + ".gone")
    for service in TrafficFleet.services { fleet["west \(service)"]?.stop(SIGKILL) }
    let failover = [
      "failover", "east", "--yes", "--accept-loss", "0", "--acknowledge-recent", "-C", fleet.east,
    ]
    let stopped = try fleet.regions.run(failover)
    #expect(stopped.status == 4 && stopped.errors.contains("--force-traffic"), "\(stopped.errors)")
    try fleet.set("lockstep.traffic", "haproxy")
    try fleet.set("lockstep.haproxy.socket", fleet.folder["a.sock"])
    let taken = try fleet.regions.run(failover)
    #expect(taken.status == 0, "\(taken.errors)")
    #expect(taken.errors.contains("no players come to west, not even where east fails"), "\(taken.errors)")
  }

  @Test(.enabled(if: Person.isThere && WebServer.isThere))
  func `records are shown by a dry run, and who says no to them hears how things stand`() throws {
    let fleet = try TrafficFleet()
    try fleet.regions.mirrorAndApply()
    let west = fleet.regions["west"]
    try Program.git("config", "lockstep.traffic", "print", in: west)
    let dry = try fleet.regions.run(["switchover", "west", "--dry-run", "-C", west])
    #expect(
      dry.output.contains("record media.example.com A 127.0.0.1 -> 127.0.0.1"), "\(dry.output)\(dry.errors)")
    let json = try fleet.regions.run(["switchover", "west", "--dry-run", "--json", "-C", west])
    let document = try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any]
    let steps = document?["steps"] as? [[String: Any]] ?? []
    let traffic = steps.first { $0["name"] as? String == "traffic" }
    #expect((traffic?["records"] as? [[String: Any]])?.count == 2, "\(json.output)")
    let said = try Person.type(
      "no", after: "[y/N]", ["switchover", "west", "-C", fleet.east], in: fleet.folder.path
    ).output
    #expect(
      said.contains("not confirmed; no traffic was moved, and east takes no changes until then"), "\(said)")
    #expect(!said.contains("nothing was changed"), "\(said)")
    #expect(said.contains("lockstep switchover --undo -C"), "\(said)")
    try fleet.regions.succeed(["switchover", "--undo", "-C", fleet.east])
    #expect(!fleet.folder.has("east/.git/lockstep/drain.json"))
  }

  @Test(.enabled(if: WebServer.isThere)) func `what a server of a lost primary answers leads in no circle`()
    throws
  {
    let fleet = try TrafficFleet()
    try fleet.regions.mirrorAndApply()
    let west = fleet.regions["west"]
    try Program.git("config", "lockstep.traffic", "print", in: west)
    try FileManager.default.moveItem(atPath: fleet.east, toPath: fleet.east + ".gone")
    let failover = ["failover", "west", "--yes", "--accept-loss", "0", "-C", west]
    let refused = try fleet.regions.run(failover)
    #expect(
      refused.status == 4 && refused.errors.contains("though its repository does not"), "\(refused.errors)")
    #expect(!refused.errors.contains("lockstep switchover"), "\(refused.errors)")
    #expect(refused.errors.contains("lockstep failover west --force-primary-answers -C \(west)"))
    try fleet.regions.succeed(failover + ["--force-primary-answers"])
  }

  @Test(arguments: ["ready", "fetch"])
  func `commits of a primary that were seen are named as lost when it is gone`(way: String) throws {
    let fleet = try PushedFleet(clones: [:])
    try fleet.commit("late", in: "east")
    if way == "ready" {
      #expect(try fleet.regions.run(["ready", "-C", fleet.west]).output.contains("you lose:"))
    } else {
      try Program.git("fetch", "--quiet", fleet.east, "main:refs/remotes/east/main", in: fleet.west)
    }
    try FileManager.default.moveItem(atPath: fleet.east, toPath: fleet.folder["gone"])
    let gone = try fleet.regions.run(["ready", "-C", fleet.west]).output
    for words in ["\"Filter late at 1\"", "  added account-filter/late", "east itself could not be asked"] {
      #expect(gone.contains(words), "\(words): \(gone)")
    }
    let failover = ["failover", "west", "--yes", "-C", fleet.west, "--accept-loss"]
    let refused = try fleet.regions.run(failover + ["0"])
    #expect(refused.status == 4 && refused.errors.contains("--accept-loss 1"), "\(refused.errors)")
    try fleet.regions.succeed(failover + ["1"])
    try FileManager.default.moveItem(atPath: fleet.folder["gone"], toPath: fleet.east)
    try fleet.regions.succeed(["rejoin", "east", "-C", fleet.west])
    #expect(try fleet.isInStep() && fleet.count("Filter late at 1", in: "west") == 1)
  }

  @Test func `what only a mirror brings is asked of nobody else`() throws {
    let fleet = try PushedFleet(clones: [:])
    let unknown = try fleet.regions.run(["ready", "-C", fleet.west]).output
    #expect(unknown.contains("lockstep fleet set west --origin URL"), "\(unknown)")
    try fleet.regions.succeed(["fleet", "set", "west", "--origin", "http://127.0.0.1:1", "-C", fleet.east])
    let known = try fleet.regions.run(["ready", "-C", fleet.west]).output
    let line = known.split(separator: "\n").first { $0.hasPrefix("skipped\torigin\t") } ?? ""
    #expect(line.hasSuffix("east says it: lockstep mirror -C \(fleet.west)"), "\(known)")
  }

  @Test
  func `a failover names the regions for one that is none, and the way back for one that was superseded`()
    throws
  {
    let fleet = try PushedFleet(clones: [:])
    let wrong = try fleet.regions.run(["failover", "wset", "-C", fleet.west])
    #expect(wrong.status == 1 && wrong.errors.contains("whose regions are east, west"), "\(wrong.errors)")
    try FileManager.default.moveItem(atPath: fleet.east, toPath: fleet.folder["gone"])
    try fleet.regions.succeed(["failover", "west", "--yes", "--accept-loss", "0", "-C", fleet.west])
    try FileManager.default.moveItem(atPath: fleet.folder["gone"], toPath: fleet.east)
    let old = try fleet.regions.run(["failover", "east", "--acknowledge-recent", "-C", fleet.east])
    #expect(old.status == 4 && old.errors.contains("lockstep rejoin east"), "\(old.errors)")
    #expect(!old.errors.contains("primary already"), "\(old.errors)")
  }
}

import Foundation
import Support
import Testing

/// `lockstep status`: what is missing where, and what keeps the fleet from being kept up to date.
@Suite struct StatusTests {
  /// The members of one region in `status --no-drift --json` of east.
  private func status(_ fleet: PushedFleet, of region: String) throws -> [String: Any] {
    let outcome = try fleet.regions.run(["status", "--no-drift", "--json", "-C", fleet.east])
    let object = try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any]
    let regions = object?["regions"] as? [[String: Any]] ?? []
    return try #require(regions.first { $0["name"] as? String == region })
  }

  private func missing(_ fleet: PushedFleet, in region: String, from source: String) throws -> Int? {
    (try status(fleet, of: region)["notMirrored"] as? [String: Any])?[source] as? Int
  }

  @Test func `what a region made itself and what stays local is not missing in it`() throws {
    let fleet = try PushedFleet(clones: [:])
    for number in 1...3 { try fleet.commit("west-\(number)", in: "west") }
    try fleet.regions.succeed(["mirror", fleet.west, fleet.east])
    // East has images of west's commits, which west has itself, and nothing else that is new.
    #expect(try missing(fleet, in: "west", from: "east") == 0)
    try fleet.commit("east-1", in: "east")
    try fleet.folder.write("one\n", to: "east/local/note")
    try Program.git("add", "-A", in: fleet.east)
    try Program.git("commit", "--quiet", "-m", "A note of east's own", in: fleet.east)
    #expect(try missing(fleet, in: "west", from: "east") == 1)
    #expect(try missing(fleet, in: "east", from: "west") == 0)
    // A copy of a trailer is no image, and no mirror takes it.
    let image = try Program.git("log", "-1", "--format=%H", "--grep=Filter west-1", in: fleet.east)
    try Program.git("revert", "--no-edit", image, in: fleet.east)
    try Program.git("cherry-pick", image, in: fleet.east)
    #expect(try missing(fleet, in: "west", from: "east") == nil)
    let why = try status(fleet, of: "west")["notMirrorable"] as? [String: String]
    #expect(why?["east"]?.contains("take the commit out") == true, "\(why ?? [:])")
  }

  @Test func `commits that change nothing in sum are missing like all others`() throws {
    let fleet = try PushedFleet(clones: [:])
    try fleet.commit("one", in: "east")
    try Program.git("revert", "--no-edit", "HEAD", in: fleet.east)
    try Program.git("commit", "--quiet", "--allow-empty", "-m", "Nothing", in: fleet.east)
    #expect(try fleet.isInStep())
    #expect(try missing(fleet, in: "west", from: "east") == 3)
    #expect(try fleet.check().problems.contains("are not in step"))
    try fleet.regions.succeed(["mirror", "-C", fleet.east])
    #expect(try missing(fleet, in: "west", from: "east") == 0)
    #expect(try fleet.check().status == 0)
  }

  @Test func `a replay that was amended, and a join that failed half way, are not in step`() throws {
    let fleet = try PushedFleet(clones: [:])
    try fleet.commit("own", in: "west")
    try fleet.commit("other", in: "east")
    let lock = "\(fleet.east)/.git/refs/heads/main.lock"
    try fleet.folder.write("", to: "east/.git/refs/heads/main.lock")
    #expect(try fleet.regions.run(["mirror", "-C", fleet.east]).status != 0)
    try FileManager.default.removeItem(atPath: lock)
    #expect(try missing(fleet, in: "east", from: "west") == 1)
    try fleet.regions.succeed(["mirror", "-C", fleet.east])
    #expect(try fleet.check().status == 0)
    try fleet.commit("two", in: "east")
    try fleet.regions.succeed(["mirror", "-C", fleet.east])
    try Program.git(
      "commit", "--quiet", "--amend", "--no-edit", "--date=2020-01-01T00:00:00Z", in: fleet.west)
    #expect(try missing(fleet, in: "east", from: "west") == nil)
    #expect(try fleet.check().problems.contains("see why: lockstep mirror -C \(fleet.east) --dry-run"))
  }

  @Test func `a fleet whose other region is on another machine is clean once that one has everything`() throws
  {
    let regions = try TwoRegions()
    try regions.publish()
    // git fetches from a clone at a file URL as from another machine.
    let url = "file://\(regions.folder["far"])"
    try regions.succeed(["fleet", "add", "west", regions["west"], "-C", regions["east"]])
    try regions.succeed(["mirror", regions["east"], regions["west"]])
    func bringFar() throws {
      try Program.git("clone", "--quiet", "--bare", regions["west"], "far", in: regions.folder.path)
    }
    try bringFar()
    try Program.git("config", "lockstep.peer-west.repository", url, in: regions["east"])
    let unseen = try regions.run(["status", "-C", regions["east"]])
    #expect(
      unseen.status == 2 && unseen.output.contains("it has commits that are not here"), "\(unseen.output)")
    try regions.succeed(["mirror", url, regions["east"]])
    let clean = try regions.run(["status", "-C", regions["east"]])
    #expect(clean.status == 0 && clean.output.contains("in step"), "\(clean.output)\(clean.errors)")
    try regions.commitFilter("new", bitrate: 1)
    try regions.succeed(["capture", "-C", regions["east"]])
    let behind = try regions.run(["status", "-C", regions["east"]])
    #expect(
      behind.status == 2 && behind.output.contains("it has not fetched all of east"), "\(behind.output)")
    try FileManager.default.removeItem(atPath: regions.folder["far"])
    let gone = try regions.run(["status", "-C", regions["east"]])
    #expect(gone.status == 2 && gone.output.contains("there is no such folder"), "\(gone.output)")
  }

  @Test func `a peer on another machine that does not answer is said so on one line`() throws {
    let regions = try TwoRegions()
    try regions.succeed(["fleet", "add", "west", "ssh://nobody@127.0.0.1:1/west", "-C", regions["east"]])
    let shown = try regions.run(["status", "-C", regions["east"]])
    let lines = shown.output.split(separator: "\n", omittingEmptySubsequences: false)
    #expect(shown.status == 2 && lines.contains { $0.contains("problem") && $0.contains("does not answer") })
    #expect(
      lines.dropLast().allSatisfy { $0.hasPrefix("  ") || $0.hasPrefix("east ") || $0.hasPrefix("west ") },
      "\(shown.output)")
  }

  @Test func `a peer behind a network that swallows everything is not waited for without end`() throws {
    let regions = try TwoRegions()
    try regions.succeed(["fleet", "add", "west", regions["west"], "-C", regions["east"]])
    try Program.git("config", "lockstep.peer-west.repository", "ssh://west.invalid/west", in: regions["east"])
    try Program.git("config", "core.sshCommand", "sleep 600; true", in: regions["east"])
    let status = try regions.run(["status", "--no-drift", "-C", regions["east"]])
    #expect(
      status.output.contains("it says nothing for 10 seconds: git ls-remote ssh://west.invalid/west"),
      "\(status.output)")
  }

  @Test func `plain status says what the one for monitors finds`() throws {
    let fleet = try PushedFleet(clones: [:])
    #expect(try status(fleet, of: "east")["upkeep"] as? [String] == [])
    try fleet.commit("one", in: "east")
    let step = "regions east and west are not in step"
    #expect(try fleet.check().problems.contains(step))
    let shown = try fleet.regions.run(["status", "--no-drift", "-C", fleet.east])
    #expect(shown.status == 2 && shown.output.contains(step), "\(shown.output)")
    try fleet.regions.succeed(["mirror", "-C", fleet.east])
    for region in ["east", "west"] { try fleet.regions.succeed(["apply", "-C", fleet.regions[region]]) }
    #expect(try fleet.regions.run(["status", "-C", fleet.east]).status == 0)
    // A watch that is missed.
    let watch = try Program.start(Program.lockstep, ["watch", "-C", fleet.east, "--interval", "3600"])
    #expect(waitUntil { fleet.folder.has("east/.git/lockstep/watch.json") })
    watch.stop(SIGKILL)
    let missed = try fleet.regions.run(["status", "-C", fleet.east])
    #expect(
      missed.status == 2 && missed.output.contains("the watch has ended without being asked to"),
      "\(missed.output)")
  }

  @Test(.enabled(if: Program.has("strace"), "strace is not installed: ./bootstrap --test"))
  func `a capture that was killed before it reached the branch is named, and the next one brings it in`()
    throws
  {
    let regions = try TwoRegions()
    try regions.publish("one")
    let asset = "east-account/account/assets/one.json"
    try regions.folder.write(
      regions.folder.read(asset).replacing(
        "\"properties\": {", with: "\"properties\": {\n\"description\": \"by hand\","),
      to: asset)
    let before = try Program.git("rev-parse", "main", in: regions["east"])
    // Live is written by the first of these; the lock of the branch's ref is never put in its place.
    let killed = try Program.run(
      "strace",
      [
        "-f", "-qq", "-o", "/dev/null", "-P", regions["east"] + "/.git/refs/heads/main.lock",
        "-e", "inject=rename,renameat,renameat2:signal=KILL", Program.lockstep, "capture", "-C",
        regions["east"],
      ])
    #expect(killed.status != 0)
    #expect(try Program.git("rev-parse", "main", in: regions["east"]) == before)
    let check = try regions.run(["status", "--check", "-C", regions["east"]])
    #expect(check.status == 2)
    #expect(
      check.output.contains("a capture was cut off before it reached the branch; go on: lockstep capture"))
    let status = try regions.run(["status", "-C", regions["east"]])
    #expect(status.output.contains("which its live account matches; lockstep capture -C"), "\(status.output)")
    try regions.succeed(["capture", "-C", regions["east"]])
    try regions.succeed(["mirror", regions["east"], regions["west"]])
    #expect(try regions.run(["status", "--check", "-C", regions["east"]]).status == 0)
  }
}

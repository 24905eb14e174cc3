import Foundation
import Support
import Testing

/// `--dry-run` of a move counts exactly what the move then does, and leaves no trace.
@Suite struct MoveRehearsalTests {
  /// Every file and folder under both regions and their accounts, with what is in it and who may read it; but for the index
  /// that a folder account keeps for itself, and that whoever reads it brings up to date.
  private func everything(_ fleet: PushedFleet) throws -> String {
    let script = """
      find east west *-account -path '*/account/index' -prune -o -printf '%y %m %p %l\\n' | LC_ALL=C sort
      find east west *-account -path '*/account/index' -prune -o -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum
      """
    let outcome = try Program.run("sh", ["-c", script], in: fleet.folder.path)
    try #require(outcome.status == 0, "\(outcome.errors)")
    return outcome.output
  }

  private func write(_ name: String, to region: String, _ fleet: PushedFleet) throws {
    try fleet.folder.write(
      #"{"name":"\#(name)","properties":{}}"#,
      to: "\(region)-account/account/account-filters/\(name).json")
  }

  /// Runs a dry run, which must leave everything as it is.
  private func rehearsed(_ fleet: PushedFleet, _ command: [String]) throws -> [String: [String: Any]] {
    let before = try everything(fleet)
    let text = try fleet.regions.run(command + ["--dry-run"])
    #expect(text.status == 0, "\(text.errors)")
    let outcome = try fleet.regions.run(command + ["--dry-run", "--json"])
    try #require(outcome.status == 0, "\(outcome.errors)")
    let after = try everything(fleet)
    let changed = Set(before.split(separator: "\n")).symmetricDifference(after.split(separator: "\n"))
    #expect(changed.isEmpty, "\(changed.sorted())")
    let object = try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any]
    let steps = object?["steps"] as? [[String: Any]] ?? []
    let words = steps.map { "\($0["name"] as? String ?? "")\t\($0["does"] as? String ?? "")" }
    #expect(text.output.split(separator: "\n").map(String.init) == words)
    return Dictionary(uniqueKeysWithValues: steps.map { ($0["name"] as? String ?? "", $0) })
  }

  private func applied(_ step: [String: Any]?) -> String {
    let counts = ["create", "replace", "delete"].map { step?[$0] as? Int ?? -1 }
    return "(\(counts[0]) created, \(counts[1]) replaced, \(counts[2]) deleted)"
  }

  /// The newest records of a region's audit log.
  private func audit(_ fleet: PushedFleet, _ region: String) throws -> [Substring] {
    try Program.git("log", "-20", "--format=%s", "lockstep/audit", in: fleet.regions[region])
      .split(separator: "\n")
  }

  private func commits(_ fleet: PushedFleet, _ region: String, since: String) throws -> Int? {
    Int(try Program.git("rev-list", "--count", "\(since)..HEAD", in: fleet.regions[region]))
  }

  @Test(arguments: [false, true])
  func `a switchover does what its dry run says`(isEdited: Bool) throws {
    let fleet = try PushedFleet()
    for name in ["gone", "kept"] { try fleet.commit(name, in: "east") }
    try fleet.regions.succeed(["apply", "-C", fleet.east])
    try fleet.regions.mirrorAndApply()
    // Committed and applied nowhere, written to the account, deleted; and what west has of its own.
    try fleet.commit("kept", bitrate: 7, in: "east")
    try Program.git("rm", "--quiet", "mirrored/account-filters/gone.json", in: fleet.east)
    try Program.git("commit", "--quiet", "-m", "Without gone", in: fleet.east)
    for name in ["live", "alive"] { try write(name, to: "east", fleet) }
    if isEdited { try fleet.commit("west-only", in: "west") }
    let heads = try ["east", "west"].map { try Program.git("rev-parse", "HEAD", in: fleet.regions[$0]) }
    let steps = try rehearsed(fleet, ["switchover", "west", "-C", fleet.east])
    #expect(steps["capture"]?["resources"] as? Int == 2)
    #expect(steps["mirror"]?["commitsToPrimary"] as? Int == (isEdited ? 1 : 0))
    #expect(steps["apply"]?["delete"] as? Int == 1 && steps["apply"]?["replace"] as? Int == 1)

    try fleet.regions.succeed(["switchover", "west", "-C", fleet.east])
    // The commit that raises the epoch is west's own.
    let own = 1
    let gained = try #require(try commits(fleet, "west", since: heads[1]))
    #expect(steps["mirror"]?["commits"] as? Int == gained - own)
    for (region, step) in [("west", "apply"), ("east", "follow")] {
      let records = try audit(fleet, region)
      let wanted = applied(steps[step])
      #expect(records.contains { $0.contains("applied") && $0.hasSuffix(wanted) }, "\(wanted): \(records)")
    }
    let subject = try Program.git("log", "--format=%s", "-1", "--grep=Capture", "HEAD", in: fleet.east)
    #expect(subject.contains("2"), "\(subject)")
  }

  @Test func `a switchover that a guard would stop half way stops before it begins`() throws {
    let fleet = try PushedFleet()
    for kind in ["assets", "contents", "streaming-locators"] {
      try Program.git("rm", "-r", "--quiet", "mirrored/\(kind)", in: fleet.east)
    }
    try Program.git("commit", "--quiet", "-m", "Without the film", in: fleet.east)
    try fleet.regions.succeed(["apply", "--force-content", "-C", fleet.east])
    let before = try everything(fleet)
    let stopped = try fleet.regions.run(["switchover", "west", "-C", fleet.east])
    #expect(stopped.status == 4, "\(stopped.errors)")
    #expect(stopped.errors.contains("lockstep apply --force-content -C \(fleet.west)"), "\(stopped.errors)")
    // Who holds the lock of a run is noted in it.
    #expect(
      try everything(fleet).split(separator: "\n").filter { !$0.contains("west/.git/lockstep/") }
        == before.split(separator: "\n").filter { !$0.contains("west/.git/lockstep/") })
    try fleet.regions.succeed(["mirror", "-C", fleet.east])
    try fleet.regions.succeed(["apply", "--force-content", "-C", fleet.west])
    try fleet.regions.succeed(["switchover", "west", "-C", fleet.east])
  }

  @Test func `a failover does what its dry run says`() throws {
    let fleet = try PushedFleet()
    try fleet.commit("one", in: "east")
    try fleet.regions.succeed(["mirror", "-C", fleet.east])
    try FileManager.default.moveItem(atPath: fleet.folder["east"], toPath: fleet.folder["gone"])
    try FileManager.default.createDirectory(
      atPath: fleet.folder["east"], withIntermediateDirectories: false)
    let command = ["failover", "west", "--yes", "--accept-loss", "0", "-C", fleet.west]
    let steps = try rehearsed(fleet, command)
    #expect(steps["apply"]?["create"] as? Int == 1)
    try fleet.regions.succeed(command)
    let records = try audit(fleet, "west")
    let wanted = applied(steps["apply"])
    #expect(records.contains { $0.contains("applied") && $0.hasSuffix(wanted) }, "\(wanted): \(records)")
  }

  @Test func `a dry run goes on nothing that was cut off`() throws {
    let fleet = try PushedFleet()
    for option in ["--resume", "--undo"] {
      let outcome = try fleet.regions.run(["switchover", option, "--dry-run", "-C", fleet.east])
      #expect(outcome.status == 64, "\(outcome.errors)")
    }
  }
}

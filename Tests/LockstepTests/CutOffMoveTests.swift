import Foundation
import Support
import Testing

/// Moves of the primary's role that were begun and never ended, and what comes after them.
@Suite struct CutOffMoveTests {
  private let journal = "west/.git/lockstep/run.json"

  /// A switchover to west that was stopped after the capture, by somebody who worked on west.
  private func stopped() throws -> PushedFleet {
    let fleet = try PushedFleet(clones: [:])
    let other = try fleet.hold("west")
    let outcome = try fleet.regions.run(["switchover", "west", "-C", fleet.east])
    #expect(outcome.status == 11, "\(outcome.errors)")
    other.stop(SIGKILL)
    return fleet
  }

  @Test func `a primary that dies while it hands over is taken over from all the same`() throws {
    let fleet = try stopped()
    for region in ["east", "west"] {
      let (status, problems) = try fleet.check(region)
      #expect(status == 2 && problems.contains("lockstep switchover --resume"), "\(problems)")
      let shown = try fleet.regions.run(["status", "--no-drift", "-C", fleet.regions[region]])
      #expect(shown.status == 2 && shown.output.contains("--resume"), "\(shown.output)")
    }
    try FileManager.default.moveItem(atPath: fleet.east, toPath: fleet.east + ".away")
    let outcome = try fleet.regions.run(["failover", "west", "-C", fleet.west, "--yes", "--accept-loss", "0"])
    #expect(outcome.status == 0 && outcome.errors.contains("is given up"), "\(outcome.errors)")
    #expect(!fleet.folder.has(journal))
    try FileManager.default.moveItem(atPath: fleet.east + ".away", toPath: fleet.east)
    try fleet.regions.succeed(["rejoin", "east", "-C", fleet.west])
    try fleet.regions.succeed(["switchover", "east", "-C", fleet.west])
    #expect(try fleet.check() == (0, "") && fleet.isInStep())
  }

  @Test func `a run that a later promotion has overtaken is over`() throws {
    let fleet = try stopped()
    let stale = try fleet.folder.read(journal)
    try fleet.regions.succeed(["switchover", "--undo", "-C", fleet.west])
    try fleet.regions.succeed(["switchover", "west", "-C", fleet.east])
    try fleet.regions.succeed(["switchover", "east", "-C", fleet.west])
    try fleet.folder.write(stale, to: journal)
    #expect(try fleet.check("west") == (0, ""))
    for flag in ["--resume", "--undo"] {
      let none = try fleet.regions.run(["switchover", flag, "-C", fleet.west])
      #expect(none.status != 0 && none.errors.contains("or it has ended"), "\(none.errors)")
    }
    try fleet.regions.succeed(["switchover", "west", "-C", fleet.east])
    #expect(try fleet.check() == (0, "") && fleet.isInStep())
  }

  @Test func `a run whose journal cannot be written has done nothing, and says so`() throws {
    let fleet = try PushedFleet(clones: [:])
    try FileManager.default.createDirectory(
      atPath: fleet.folder[journal], withIntermediateDirectories: true)
    let outcome = try fleet.regions.run(["switchover", "west", "-C", fleet.east])
    #expect(outcome.status == 1 && outcome.errors.contains("nothing was changed"), "\(outcome.errors)")
    #expect(!outcome.errors.contains("--resume"), "\(outcome.errors)")
    #expect(!fleet.folder.has("east/.git/lockstep/drain.json"))
  }

  @Test func `the fleet is not edited in a primary that is being handed over`() throws {
    let fleet = try stopped()
    let refused = try fleet.regions.run(["fleet", "fence", "strict", "-C", fleet.east])
    #expect(refused.status == 4 && refused.errors.contains("being handed over"), "\(refused.errors)")
    try fleet.regions.succeed(["switchover", "--resume", "-C", fleet.west])
    try fleet.regions.succeed(["fleet", "fence", "strict", "-C", fleet.west])
  }
}

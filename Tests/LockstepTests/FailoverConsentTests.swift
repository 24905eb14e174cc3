import Foundation
import Support
import Testing

/// A failover is asked about before anything happens.
@Suite struct FailoverConsentTests {
  /// West with its primary gone.
  private let fleet: PushedFleet

  init() throws {
    fleet = try PushedFleet(clones: [:])
    for name in ["east", "east-account"] {
      try FileManager.default.moveItem(atPath: fleet.folder[name], toPath: fleet.folder["gone-\(name)"])
    }
  }

  private func state() throws -> [String] {
    let refs = try Program.git("for-each-ref", in: fleet.west)
    let fleetText = try fleet.folder.read("west/mirrored/fleet.json")
    return [refs, fleetText, "\(fleet.folder.has("west/.git/lockstep/run.json"))"]
  }

  @Test func `a dry run says each step and what is lost, and does nothing`() throws {
    let before = try state()
    let dry = try fleet.regions.run(["failover", "west", "--dry-run", "-C", fleet.west])
    #expect(dry.status == 0, "\(dry.errors)")
    let lines = dry.output.split(separator: "\n").map { $0.split(separator: "\t").map(String.init) }
    #expect(
      lines == [
        ["apply", "what is committed goes to the account of west: 0 to create, 0 to replace, 0 to delete"],
        ["epoch", "west becomes primary with epoch 2"],
        ["traffic", "the fleet describes no traffic, so none is moved"],
      ])
    #expect(dry.errors.contains("if east dies now you lose: nothing that this region has heard of"))
    #expect(dry.errors.contains("east itself could not be asked"))
    #expect(try state() == before)
  }

  private func type(_ answer: String) throws -> Program.Outcome {
    try Person.type(
      answer, after: "to go on:", ["failover", "west", "-C", fleet.west], in: fleet.folder.path)
  }

  @Test(
    .enabled(if: Person.isThere, "python3 is missing: ./bootstrap --test"),
    arguments: ["", "y", "yes", "east", "WEST", "west "])
  func `another word than the region's name changes nothing`(answer: String) throws {
    let before = try state()
    let outcome = try type(answer)
    #expect(outcome.status == 4, "\(outcome.output)")
    #expect(outcome.output.contains("Type west to go on:"), "\(outcome.output)")
    #expect(outcome.output.contains("not confirmed; nothing was changed"), "\(outcome.output)")
    #expect(try state() == before)
  }

  @Test(.enabled(if: Person.isThere, "python3 is missing: ./bootstrap --test"))
  func `the region's name, typed at the terminal, lets it begin`() throws {
    let outcome = try type("west")
    #expect(outcome.status == 0, "\(outcome.output)")
    // What is lost is said before the question.
    let said = outcome.output
    let loss = try #require(said.firstRange(of: "you lose: nothing that this region has heard of"))
    let question = try #require(said.firstRange(of: "Type west to go on:"))
    #expect(loss.upperBound < question.lowerBound)
    #expect(said.contains("region west is primary with epoch 2"), "\(said)")
    #expect(try fleet.folder.read("west/mirrored/fleet.json").contains("\"primary\": \"west\""))
  }

  @Test func `where nobody can be asked nothing happens`() throws {
    let before = try state()
    let outcome = try Program.run(
      "setsid", ["-w", Program.lockstep, "failover", "west", "-C", fleet.west], in: fleet.folder.path)
    #expect(outcome.status == 4, "\(outcome.errors)")
    #expect(outcome.errors.contains("Nobody can be asked here") && outcome.errors.contains("--accept-loss"))
    #expect(try state() == before)
  }
}

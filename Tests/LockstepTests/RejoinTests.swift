import Foundation
import Support
import Testing

/// A region comes back that was primary: what it edited of the fleet, and what a person says of conflicts.
@Suite struct RejoinTests {
  private let fleet: PushedFleet

  init() throws { fleet = try PushedFleet(clones: [:]) }

  private func failover() throws {
    try FileManager.default.moveItem(atPath: fleet.east, toPath: fleet.folder["gone"])
    try fleet.regions.succeed(["failover", "west", "--yes", "--accept-loss", "0", "-C", fleet.west])
  }

  private func comeBack() throws {
    try FileManager.default.moveItem(atPath: fleet.folder["gone"], toPath: fleet.east)
  }

  private func origin(_ port: Int, of region: String, in place: String) throws {
    try fleet.regions.succeed([
      "fleet", "set", region, "--origin", "http://127.0.0.1:\(port)", "-C", fleet.regions[place],
    ])
  }

  private func rejoin(_ arguments: String...) throws -> Program.Outcome { try rejoin(arguments: arguments) }

  private func rejoin(arguments: [String]) throws -> Program.Outcome {
    try fleet.regions.run(["rejoin", "east"] + arguments + ["-C", fleet.west])
  }

  @Test(arguments: [["--prefer", "fleet=source"], ["--prefer", "source"], ["--prefer", "fleet=target"]])
  func `what the returning region edited of the fleet is a conflict until a side is chosen`(choice: [String])
    throws
  {
    try origin(1, of: "west", in: "east")
    try origin(3, of: "east", in: "east")
    try failover()
    try origin(2, of: "west", in: "west")
    try comeBack()
    let before = try Program.git("for-each-ref", "refs/heads", in: fleet.west)
    let conflict = try rejoin()
    #expect(conflict.status == 4, "\(conflict.output)\(conflict.errors)")
    let lines = conflict.output.split(separator: "\n").map(String.init)
    #expect(lines.first == "conflict in fleet", "\(lines)")
    for wanted in [
      #"/regions/west/targets/origin: (nothing) -> "http://127.0.0.1:1""#,
      #"/regions/east/targets/origin: (nothing) -> "http://127.0.0.1:3""#,
      #"/regions/west/targets/origin: (nothing) -> "http://127.0.0.1:2""#,
    ] {
      #expect(lines.contains { $0.hasSuffix(wanted) }, "\(wanted): \(lines)")
    }
    #expect(!conflict.output.contains("/epoch") && !conflict.output.contains("/primary"))
    #expect(conflict.errors.contains("--prefer fleet=source (or =target"), "\(conflict.errors)")
    #expect(try Program.git("for-each-ref", "refs/heads", in: fleet.west) == before)
    let joined = try fleet.regions.run(["rejoin", "east"] + choice + ["-C", fleet.west])
    #expect(joined.status == 0, "\(joined.output)\(joined.errors)")
    let text = try fleet.folder.read("west/mirrored/fleet.json")
    let isKept = choice.last?.hasSuffix("source") == true
    #expect(text.contains("127.0.0.1:1\"") == isKept && text.contains("127.0.0.1:3\"") == isKept, "\(text)")
    #expect(text.contains("127.0.0.1:2\"") != isKept, "\(text)")
    #expect(text.contains("\"primary\": \"west\"") && text.contains("\"number\": 2"), "\(text)")
    #expect(try fleet.isInStep() && fleet.check() == (0, ""))
  }

  @Test func `where an administrator signs the fleet, no join brings edits of it in`() throws {
    let key = fleet.folder["anna"]
    try Program.run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", key, "-C", "anna"])
    try origin(1, of: "west", in: "east")
    let unsigned = try Program.git("rev-parse", "HEAD", in: fleet.east).trimmingCharacters(in: .newlines)
    let line = try fleet.folder.read("anna.pub").trimmingCharacters(in: .newlines)
    for (name, value) in [
      ("lockstep.administrator", line), ("gpg.format", "ssh"), ("user.signingKey", key + ".pub"),
    ] {
      try fleet.set(name, value, in: "west")
    }
    try failover()
    try comeBack()
    let refused = try rejoin()
    #expect(refused.status == 4, "\(refused.errors)")
    let way = "lockstep rejoin east -C \(fleet.west) --allow-unsigned \(unsigned)"
    #expect(refused.errors.contains(way) && !refused.errors.contains("lockstep mirror"), "\(refused.errors)")
    let conflict = try rejoin("--allow-unsigned", unsigned)
    #expect(conflict.status == 4 && conflict.output.contains("conflict in fleet"), "\(conflict.errors)")
    for choice in ["fleet=source", "source"] {
      let taken = try rejoin("--allow-unsigned", unsigned, "--prefer", choice)
      #expect(taken.status == 4 && taken.errors.contains("--prefer fleet=target"), "\(taken.errors)")
    }
    let joined = try rejoin("--allow-unsigned", unsigned, "--prefer", "fleet=target")
    #expect(joined.status == 0, "\(joined.errors)")
    #expect(try fleet.isInStep() && !fleet.folder.read("west/mirrored/fleet.json").contains("127.0.0.1:1"))
  }

  @Test func `what both regions edited of the fleet alike is no conflict`() throws {
    try origin(1, of: "west", in: "east")
    try failover()
    try origin(1, of: "west", in: "west")
    try comeBack()
    let joined = try rejoin()
    #expect(joined.status == 0, "\(joined.output)\(joined.errors)")
  }

  @Test func `a choice that names nothing is told, and so is one that was not needed`() throws {
    try failover()
    try fleet.commit("both", bitrate: 2, in: "west")
    try comeBack()
    try fleet.commit("both", bitrate: 1, in: "east")
    let conflict = try rejoin("--prefer", "account-filter/boht=target")
    #expect(conflict.status == 4, "\(conflict.errors)")
    #expect(
      conflict.errors.contains("--prefer account-filter/boht: neither region has such a resource"),
      "\(conflict.errors)")
    let joined = try rejoin(
      "--prefer", "account-filter/boht=target", "--prefer", "account-filter/both=target", "--prefer",
      "fleet=target")
    #expect(joined.status == 0, "\(joined.errors)")
    for name in ["account-filter/boht", "fleet"] {
      #expect(joined.errors.contains("--prefer \(name) was not needed"), "\(joined.errors)")
    }
    #expect(!joined.errors.contains("account-filter/both was not needed"), "\(joined.errors)")
  }

  @Test(arguments: ["source", "target"])
  func `what both regions published under one name is a conflict, and the side that is named counts`(
    side: String
  ) throws {
    let regions = fleet.regions
    func locator(_ region: String) throws -> String {
      let text = try fleet.folder.read("\(region)-account/account/streaming-locators/twin.json")
      return try #require(text.firstMatch(of: /"streamingLocatorId": *"([^"]*)"/)).1.description
    }
    try failover()
    try regions.publish("twin", region: "west")
    try FileManager.default.moveItem(atPath: fleet.west, toPath: fleet.folder["away"])
    try comeBack()
    try regions.publish("twin", region: "east")
    try regions.publish("other", region: "east")
    try FileManager.default.moveItem(atPath: fleet.folder["away"], toPath: fleet.west)
    let ids = (source: try locator("east"), target: try locator("west"))
    #expect(ids.source != ids.target)
    for choice in [[], ["--prefer", side]] {
      let conflict = try rejoin(arguments: choice)
      #expect(conflict.status == 4, "\(conflict)")
      #expect(conflict.output.contains("conflict in locator/twin"), "\(conflict)")
      let named = choice.isEmpty ? "asset" : "locator"
      #expect(conflict.errors.contains("--prefer \(named)/twin=source"), "\(conflict)")
    }
    // What players of one side know goes: the account asks once more, and then the rejoin goes on.
    let asked = try rejoin(arguments: ["--prefer", side, "--prefer", "locator/twin=\(side)"])
    let loser = side == "source" ? fleet.west : fleet.east
    let force = "lockstep apply -C \(loser) --force-asset-replacement --force-identity"
    #expect(asked.status == 4 && asked.errors.contains("if that is meant: \(force)"), "\(asked)")
    try regions.succeed(["apply", "-C", loser, "--force-asset-replacement", "--force-identity"])
    let joined = try rejoin(arguments: [])
    #expect(joined.status == 0, "\(joined)")
    for region in ["east", "west"] {
      #expect(try locator(region) == (side == "source" ? ids.source : ids.target), "\(region)")
      #expect(fleet.folder.has("\(region)-account/account/streaming-locators/other.json"))
    }
    #expect(try fleet.isInStep() && fleet.check() == (0, ""))
    try regions.succeed(["verify", "--deep", fleet.east, fleet.west])
    #expect(try regions.run(["audit", "verify", fleet.east, fleet.west]).status == 0)
    try regions.succeed(["switchover", "east", "-C", fleet.west])
  }

  @Test func `a rejoin of a region that is back leaves no record`() throws {
    try failover()
    try comeBack()
    func records() throws -> Int {
      try Program.git("log", "--format=%s", "lockstep/audit", in: fleet.west)
        .components(separatedBy: "rejoin of east").count - 1
    }
    #expect(try rejoin().status == 0 && records() == 1)
    #expect(try rejoin().status == 0 && records() == 1)
    // Something to bring back is on record again.
    try fleet.commit("late", in: "west")
    #expect(try rejoin().status == 0 && records() == 2)
  }

  @Test func `a region that was taken out of the fleet meanwhile is put in again first`() throws {
    try failover()
    try fleet.regions.succeed(["fleet", "remove", "east", "-C", fleet.west])
    try comeBack()
    let refused = try rejoin()
    #expect(refused.status == 1, "\(refused.errors)")
    #expect(refused.errors.contains("whose regions are west"), "\(refused.errors)")
    #expect(refused.errors.contains("lockstep fleet add east"), "\(refused.errors)")
    #expect(refused.errors.contains("-C \(fleet.west)"), "\(refused.errors)")
    try fleet.regions.succeed(["fleet", "add", "east", fleet.east, "-C", fleet.west])
    #expect(try rejoin().status == 0)
  }
}

import Foundation
import Support
import Testing

/// What a join chose, where both regions had changed one resource: in the log of the resource, and in its blame.
@Suite struct ChoiceTests {
  private func log(_ what: String..., of regions: TwoRegions) throws -> [[String: Any]] {
    try regions.succeed(["log", "--json", "-C", regions["east"]] + what).split(separator: "\n").map {
      try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
    }
  }

  @Test(arguments: [("source", 3, 2), ("target", 2, 3)])
  func `a join that chose a side is in the resource's log with what it chose`(
    side: String, chosen: Int, other: Int
  ) throws {
    let regions = try TwoRegions()
    try regions.publish()
    try regions.succeed(["fleet", "add", "west", regions["west"], "-C", regions["east"]])
    try regions.mirrorAndApply()
    try regions.commitFilter("a", bitrate: 1)
    try regions.commitFilter("b", bitrate: 1)
    try regions.succeed(["mirror", "-C", regions["east"]])
    try regions.commitFilter("a", bitrate: 2)
    try regions.commitFilter("a", bitrate: 3, in: "west")
    try regions.commitFilter("b", bitrate: 4, in: "west")
    try regions.succeed(["mirror", regions["west"], regions["east"], "--prefer", side])
    let join = try Program.git("rev-parse", "HEAD", in: regions["east"])
    for what in [[], ["account-filter/a"], ["account-filter"]] {
      let newest = try #require(
        try regions.succeed(["log", "--json", "-n", "1", "-C", regions["east"]] + what).split(separator: "\n")
          .first)
      let entry = try JSONSerialization.jsonObject(with: Data(newest.utf8)) as? [String: Any]
      #expect(entry?["commit"] as? String == join)
      let choices = try #require(entry?["choices"] as? [[String: Any]])
      #expect(choices.count == 1, "b was changed on one side only: \(choices)")
      let choice = try #require(choices.first)
      let parents = try #require(entry?["parents"] as? [String])
      #expect(choice["chosen"] as? String == parents[side == "source" ? 1 : 0])
      #expect(choice["against"] as? String == parents[side == "source" ? 0 : 1])
      let difference = choice["difference"] as? [String: Any]
      #expect(difference?["resource"] as? String == "account-filter/a")
    }
    let shown = try regions.succeed(["log", "account-filter/a", "-n", "1", "-C", regions["east"]])
    #expect(shown.contains("chosen account-filter/a as in "), "\(shown)")
    #expect(shown.contains("/properties/firstQuality/bitrate: \(other) -> \(chosen)"), "\(shown)")
    // A resource that one side alone changed was no choice.
    #expect(try log("account-filter/b", of: regions).allSatisfy { $0["commit"] as? String != join })
    // Blame names who set what was chosen, and that commit is in the log.
    let blamed = try regions.succeed(["blame", "account-filter/a", "--json", "-C", regions["east"]])
    let blame = try JSONSerialization.jsonObject(with: Data(blamed.utf8)) as? [String: Any]
    let line = try #require(
      (blame?["properties"] as? [[String: Any]])?.first {
        $0["place"] as? String == "/properties/firstQuality/bitrate"
      })
    let set = try #require(line["set"] as? [String: Any])
    #expect(line["value"] as? Int == chosen)
    #expect(set["subject"] as? String == "Filter a at \(chosen)")
    #expect(
      try log("account-filter/a", of: regions).contains {
        $0["commit"] as? String == set["commit"] as? String
      })
  }

  @Test func `a commit that has only a trailer has no message`() throws {
    let regions = try TwoRegions()
    try regions.publish()
    try regions.folder.write("{\n", to: "east/mirrored/account-filters/e.json")
    try regions.folder.write(
      #"{"name": "e", "properties": {"firstQuality": {"bitrate": 1}}}"#,
      to: "east/mirrored/account-filters/e.json")
    try regions.succeed(["fmt", regions.folder["east/mirrored/account-filters/e.json"]])
    try Program.git("add", "-A", in: regions["east"])
    try Program.git("commit", "--quiet", "--allow-empty-message", "-m", "", in: regions["east"])
    try regions.succeed(["mirror", regions["east"], regions["west"]])
    let log = try regions.succeed(["log", "-n", "1", "-C", regions["west"]])
    #expect(log.contains("    (no message)\n") && !log.contains("    Lockstep-Source"), "\(log)")
    let json = try regions.succeed(["log", "-n", "1", "--json", "-C", regions["west"]])
    #expect(json.contains(#""subject":"""#), "\(json)")
  }
}

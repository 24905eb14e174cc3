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

  /// A branch `side` from some commit, which merges main into itself and keeps nothing of it; main then moves there.
  private func mergeWithoutTaking(since parent: String, of regions: TwoRegions) throws {
    let east = regions["east"]
    try Program.git("switch", "--quiet", "-C", "side", parent, in: east)
    try Program.git("commit", "--quiet", "--allow-empty", "-m", "Side", in: east)
    try Program.git("merge", "--quiet", "-s", "ours", "--no-edit", "main", in: east)
    try Program.git("switch", "--quiet", "main", in: east)
    try Program.git("merge", "--quiet", "--ff-only", "side", in: east)
  }

  private struct Choice: Equatable {
    let resource: String
    let difference: String
  }

  /// What the newest entry of a log says that a merge chose.
  private func choices(_ what: String..., of regions: TwoRegions) throws -> [Choice] {
    let output = try regions.succeed(["log", "--json", "-n", "1", "-C", regions["east"]] + what)
    let entry = try JSONSerialization.jsonObject(with: Data(output.utf8)) as? [String: Any]
    return try #require(entry?["choices"] as? [[String: Any]]).map {
      let difference = try #require($0["difference"] as? [String: Any])
      return Choice(
        resource: try #require(difference["resource"] as? String),
        difference: try #require(difference["difference"] as? String))
    }
  }

  @Test func `what a merge leaves out is in the log, and comes back by a rollback`() throws {
    let regions = try TwoRegions()
    try regions.succeed(["fleet", "add", "west", regions["west"], "-C", regions["east"]])
    try regions.commitFilter("a", bitrate: 1)
    try regions.commitFilter("a", bitrate: 2)
    try regions.publish()
    let tree = try regions.mirroredTree("east")
    try mergeWithoutTaking(since: "HEAD~2", of: regions)
    #expect(try regions.mirroredTree("east") != tree, "the film is out, and a as it was")
    let all = try choices(of: regions)
    #expect(all.contains(Choice(resource: "asset/film", difference: "removed")), "\(all)")
    #expect(all.contains(Choice(resource: "account-filter/a", difference: "changed")), "\(all)")
    #expect(
      try choices("asset/film", of: regions) == [Choice(resource: "asset/film", difference: "removed")])
    let shown = try regions.succeed(["log", "account-filter/a", "-n", "1", "-C", regions["east"]])
    #expect(shown.contains("/properties/firstQuality/bitrate: 2 -> 1"), "\(shown)")
    // The other region's log says the same.
    try regions.succeed(["mirror", "-C", regions["east"]])
    let west = try regions.succeed(["log", "asset/film", "-n", "1", "-C", regions["west"]])
    #expect(west.contains("chosen removed asset/film as in "), "\(west)")
    let dry = try regions.run(["rollback", "HEAD", "--dry-run", "-C", regions["east"]])
    #expect(dry.status == 0 && dry.output.contains("added asset/film"), "\(dry)")
    try regions.succeed(["rollback", "HEAD", "-C", regions["east"]])
    #expect(try regions.mirroredTree("east") == tree)
    try regions.succeed(["rollback", "HEAD", "-C", regions["east"]])
    #expect(!regions.folder.has("east/mirrored/assets"), "a rollback of it is one like any other")
  }

  @Test func `what a join drops or keeps against one side's change is in the log`() throws {
    let regions = try TwoRegions()
    try regions.publish()
    try regions.succeed(["fleet", "add", "west", regions["west"], "-C", regions["east"]])
    try regions.commitFilter("hd", bitrate: 1)
    try regions.mirrorAndApply()
    // East takes away what west begins to need.
    try Program.git("rm", "--quiet", "mirrored/account-filters/hd.json", in: regions["east"])
    try Program.git("commit", "--quiet", "-m", "Take hd out", in: regions["east"])
    let file = try Program.git("ls-files", "mirrored/streaming-locators", in: regions["west"])
    try regions.commit(file, in: "west") {
      $0.replacingOccurrences(
        of: "\"properties\": {", with: "\"properties\": {\n    \"filters\": [\n      \"hd\"\n    ],")
    }
    try regions.succeed(["mirror", regions["west"], regions["east"], "--prefer", "source"])
    #expect(regions.folder.has("east/mirrored/account-filters/hd.json"))
    #expect(
      try choices("account-filter/hd", of: regions)
        == [Choice(resource: "account-filter/hd", difference: "added")])
    #expect(try choices(of: regions).count == 1, "the locator is as one side alone made it")
  }

  @Test func `criss-cross and octopus merges that leave nothing out chose nothing`() throws {
    let regions = try TwoRegions()
    let east = regions["east"]
    for name in ["a", "b", "c"] { try regions.commitFilter(name, bitrate: 1) }
    try Program.git("branch", "one", in: east)
    try Program.git("branch", "two", in: east)
    func on(_ branch: String, _ name: String, _ bitrate: Int) throws {
      try Program.git("switch", "--quiet", branch, in: east)
      try regions.commitFilter(name, bitrate: bitrate)
    }
    try on("one", "a", 2)
    try on("two", "b", 2)
    let (one, two) = (
      try Program.git("rev-parse", "one", in: east), try Program.git("rev-parse", "two", in: east)
    )
    try Program.git("merge", "--quiet", "--no-edit", one, in: east)
    // On one side a goes back to what it was before the lines crossed: a change like any other.
    try on("two", "a", 1)
    try Program.git("switch", "--quiet", "one", in: east)
    try Program.git("merge", "--quiet", "--no-edit", two, in: east)
    try on("one", "c", 2)
    try Program.git("merge", "--quiet", "--no-edit", "two", in: east)
    #expect(try Program.git("show", "HEAD:mirrored/account-filters/a.json", in: east).contains(": 1"))
    #expect(try choices(of: regions).isEmpty)
    // The same, and the merge leaves the change out.
    let wrong = try Program.git(
      "commit-tree", "HEAD^1^{tree}", "-p", "HEAD^1", "-p", "HEAD^2", "-m", "Leave it out", in: east)
    try Program.git("reset", "--quiet", "--hard", wrong, in: east)
    let left = try choices(of: regions)
    #expect(left == [Choice(resource: "account-filter/a", difference: "changed")], "\(left)")
    // Three branches from different commits at once.
    try Program.git("switch", "--quiet", "-C", "main", one, in: east)
    for (branch, name) in [("p", "d"), ("q", "e")] {
      try Program.git("switch", "--quiet", "-C", branch, branch == "p" ? one : "\(one)~1", in: east)
      try regions.commitFilter(name, bitrate: 1)
    }
    try Program.git("switch", "--quiet", "main", in: east)
    try regions.commitFilter("f", bitrate: 1)
    try Program.git("merge", "--quiet", "--no-edit", "p", "q", in: east)
    #expect(try Program.git("rev-list", "--parents", "-1", "HEAD", in: east).split(separator: " ").count == 4)
    #expect(try choices(of: regions).isEmpty)
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

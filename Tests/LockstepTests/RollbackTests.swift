import Foundation
import Support
import Testing

/// Commits taken back by the built program, and by git itself.
@Suite struct RollbackTests {
  private func filter(_ name: String, _ bitrate: Int, of regions: TwoRegions) throws {
    try regions.commitFilter(name, bitrate: bitrate)
  }

  private func head(_ regions: TwoRegions, _ name: String = "HEAD") throws -> String {
    try Program.git("rev-parse", name, in: regions["east"])
  }

  private func rollBack(_ arguments: [String], _ regions: TwoRegions) throws -> Program.Outcome {
    try regions.run(["rollback", "-C", regions["east"]] + arguments)
  }

  @Test func `a commit, a range and a point are taken back, and a rollback, too`() throws {
    let regions = try TwoRegions()
    try filter("a", 1, of: regions)
    try filter("b", 1, of: regions)
    try filter("a", 2, of: regions)
    let (start, tree) = (try head(regions), try regions.mirroredTree("east"))
    let plan = try rollBack(["HEAD", "--dry-run"], regions)
    #expect(
      plan.status == 0 && plan.output.contains("/properties/firstQuality/bitrate: 2 -> 1"), "\(plan.output)")
    #expect(try head(regions) == start)
    let one = try rollBack(["HEAD"], regions)
    #expect(one.status == 0, "\(one.errors)")
    #expect(try regions.folder.read("east/mirrored/account-filters/a.json").contains("1"))
    let message = try Program.git("log", "-1", "--format=%B", in: regions["east"])
    #expect(message.hasPrefix("Revert \"Filter a at 2\"") && message.contains("Lockstep-Reverts: \(start)"))
    // Rolling back the rollback.
    #expect(try rollBack(["HEAD"], regions).status == 0)
    #expect(try regions.mirroredTree("east") == tree)
    // A range, one commit each.
    let count = try Program.git("rev-list", "--count", "HEAD", in: regions["east"])
    let range = try rollBack(["\(start)~2..\(start)"], regions)
    #expect(range.status == 0 && range.errors.contains("2 revert commits"), "\(range.errors)")
    #expect(try Program.git("rev-list", "--count", "HEAD", in: regions["east"]) == "\((Int(count) ?? 0) + 2)")
    #expect(!regions.folder.has("east/mirrored/account-filters/b.json"), "the working tree follows")
    #expect(
      try regions.mirroredTree("east") == Program.git("rev-parse", "\(start)~2:mirrored", in: regions["east"])
    )
    // To a point.
    let point = try rollBack(["--to", start, "--json"], regions)
    #expect(point.status == 0 && point.output.contains("\"newHead\""), "\(point.errors)")
    #expect(try regions.mirroredTree("east") == tree)
    #expect(try Program.git("status", "--porcelain", in: regions["east"]) == "")
    try regions.succeed(["mirror", regions["east"], regions["west"]])
    #expect(try regions.mirroredTree("west") == tree)
  }

  @Test func `what a later change built upon is refused, and names it`() throws {
    let regions = try TwoRegions()
    try filter("a", 1, of: regions)
    try filter("a", 2, of: regions)
    let later = try head(regions)
    let refused = try rollBack(["HEAD~1"], regions)
    #expect(refused.status == 4, "\(refused.errors)")
    #expect(
      refused.errors.contains(String(later.prefix(10))) && refused.errors.contains("Filter a at 2"),
      "\(refused.errors)")
    // A locator needs a filter.
    try filter("hd", 1, of: regions)
    let added = try head(regions)
    try regions.publish()
    let file = try Program.git("ls-files", "mirrored/streaming-locators", in: regions["east"])
    try regions.commit(file) {
      $0.replacingOccurrences(
        of: "\"properties\": {", with: "\"properties\": {\n    \"filters\": [\n      \"hd\"\n    ],")
    }
    let needed = try rollBack([added], regions)
    #expect(
      needed.status == 4 && needed.errors.contains("locator/film refers to")
        && needed.errors.contains("account-filter/hd"), "\(needed.errors)")
    #expect(needed.errors.contains("rollback \(added.prefix(10))~..HEAD"), "\(needed.errors)")
    #expect(try rollBack(["\(added)~..HEAD"], regions).status == 0, "together with it")
    #expect(!regions.folder.has("east/mirrored/account-filters/hd.json"))
    let broken = try rollBack(["no-such-commit"], regions)
    #expect(broken.status == 1 && broken.errors.contains("names no commit"), "\(broken.errors)")
    let nothing = try rollBack(["--to", "HEAD"], regions)
    #expect(nothing.status == 4 && nothing.errors.contains("nothing to take back"), "\(nothing.errors)")
    #expect(try rollBack([], regions).status == 64)
  }

  @Test func `the range that is advised ends where nothing stands in the way any more`() throws {
    let regions = try TwoRegions()
    try filter("a", 1, of: regions)
    let first = try head(regions)
    try filter("a", 2, of: regions)
    let last = try head(regions)
    try filter("b", 1, of: regions)
    let refused = try rollBack([first], regions)
    let range = "\(first.prefix(10))~..\(last.prefix(10))"
    #expect(
      refused.status == 4 && refused.errors.contains("lockstep rollback \(range) -C "), "\(refused.errors)")
    #expect(try rollBack([range], regions).status == 0)
    #expect(!regions.folder.has("east/mirrored/account-filters/a.json"))
    #expect(
      regions.folder.has("east/mirrored/account-filters/b.json"), "what has nothing to do with it stays")
    // What a merge brought in is taken back with that merge.
    try Program.git("switch", "--quiet", "-c", "side", in: regions["east"])
    try filter("s", 1, of: regions)
    let side = try head(regions)
    try Program.git("switch", "--quiet", "main", in: regions["east"])
    try Program.git("merge", "--quiet", "--no-ff", "--no-edit", "side", in: regions["east"])
    let merge = try head(regions)
    try filter("s", 2, of: regions)
    let later = try head(regions)
    try filter("c", 1, of: regions)
    let brought = try rollBack([side], regions)
    let merged = "\(merge.prefix(10))~..\(later.prefix(10))"
    #expect(
      brought.status == 4 && brought.errors.contains("lockstep rollback \(merged) -C "), "\(brought.errors)")
    #expect(try rollBack([merged], regions).status == 0)
    #expect(!regions.folder.has("east/mirrored/account-filters/s.json"))
    #expect(regions.folder.has("east/mirrored/account-filters/c.json"))
    // Of a range the whole is advised.
    try filter("c", 2, of: regions)
    try filter("b", 2, of: regions)
    try filter("c", 3, of: regions)
    let built = try rollBack([merge + ".." + "HEAD~1"], regions)
    #expect(
      built.status == 4 && built.errors.contains("lockstep rollback \(merge.prefix(10))..HEAD -C "),
      "\(built.errors)")
  }

  @Test func `a range that is turned round is said, and a rollback that a person means can be pasted`() throws
  {
    let regions = try TwoRegions()
    try filter("a", 1, of: regions)
    try filter("a", 2, of: regions)
    let (first, last) = (try head(regions, "HEAD~2"), try head(regions))
    let turned = try rollBack(["HEAD..HEAD~2"], regions)
    #expect(
      turned.status == 4
        && turned.errors.contains("lockstep rollback \(first.prefix(10))..\(last.prefix(10)) -C "),
      "\(turned.errors)")
    try regions.publish()
    try rename(to: "11111111-1111-4111-8111-111111111111", regions)
    let refused = try rollBack(["HEAD"], regions)
    let hint = try #require(refused.errors.split(separator: "that is meant: lockstep ").last)
    #expect(refused.status == 4 && hint.contains("rollback "), "\(refused.errors)")
    try regions.succeed(hint.split(whereSeparator: \.isWhitespace).map(String.init))
  }

  @Test func `invariant 4: what would change identity is refused, and says which locator and key`() throws {
    let regions = try TwoRegions()
    try regions.publish()
    let file = try Program.git("ls-files", "mirrored/streaming-locators", in: regions["east"])
    let id = try regions.locatorID("film", in: "east")
    try regions.folder.write(
      try regions.folder.read("east/\(file)").replacingOccurrences(
        of: id, with: "11111111-2222-4333-8444-555555555555"),
      to: "east/\(file)")
    try Program.git("commit", "--quiet", "--all", "-m", "Another id", in: regions["east"])
    let refused = try rollBack(["HEAD"], regions)
    #expect(refused.status == 4, "\(refused.errors)")
    #expect(
      refused.errors.contains("locator/film") && refused.errors.contains("11111111-2222-4333"),
      "\(refused.errors)")
    let allowed = try rollBack(["HEAD", "--allow-identity-change", "locator/film"], regions)
    #expect(allowed.status == 0, "\(allowed.errors)")
    #expect(
      try Program.git("log", "-1", "--format=%B", in: regions["east"]).contains(
        "Lockstep-Allow-Identity-Change:"))
    #expect(try regions.locatorID("film", in: "east") == id)
  }

  /// Gives the locator another id, and says that it is meant.
  private func rename(to id: String, _ regions: TwoRegions) throws {
    let file = try Program.git("ls-files", "mirrored/streaming-locators", in: regions["east"])
    let old = try regions.locatorID("film", in: "east")
    let text = try regions.folder.read("east/\(file)").replacingOccurrences(of: old, with: id)
    try regions.folder.write(text, to: "east/\(file)")
    try Program.git(
      "commit", "--quiet", "--all", "-m", "Id", "--trailer", "Lockstep-Allow-Identity-Change: locator/film",
      in: regions["east"])
  }

  @Test func `invariant 4: identity is judged at each commit of a range, and for what comes back`() throws {
    let regions = try TwoRegions()
    try regions.publish()
    let first = try regions.locatorID("film", in: "east")
    let second = "11111111-2222-4333-8444-555555555555"
    try rename(to: second, regions)
    try rename(to: first, regions)
    let start = try head(regions)
    let range = try rollBack(["HEAD~2..HEAD"], regions)
    #expect(range.status == 4 && range.errors.contains("the locator id"), "\(range.errors)")
    #expect(try head(regions) == start)
    // Taken out, made anew with another id, and the first one brought back in two steps.
    let file = try Program.git("ls-files", "mirrored/streaming-locators", in: regions["east"])
    let text = try regions.folder.read("east/\(file)")
    try Program.git("rm", "--quiet", file, in: regions["east"])
    try Program.git("commit", "--quiet", "-m", "Out", in: regions["east"])
    let out = try head(regions)
    try regions.folder.write(text.replacingOccurrences(of: first, with: second), to: "east/\(file)")
    try Program.git("add", "-A", in: regions["east"])
    try Program.git(
      "commit", "--quiet", "-m", "Anew", "--trailer", "Lockstep-Allow-Identity-Change: locator/film",
      in: regions["east"])
    #expect(try rollBack(["HEAD"], regions).status == 0)
    let back = try rollBack([out], regions)
    #expect(back.status == 4 && back.errors.contains(second), "\(back.errors)")
    let both = try rollBack(["\(out)~..HEAD"], regions)
    #expect(both.status == 4, "in one step, too: \(both.errors)")
  }

  @Test func `merges, rotations and fleet changes`() throws {
    let regions = try TwoRegions()
    try regions.succeed(["fleet", "add", "west", regions["west"], "-C", regions["east"]])
    let fleet = try rollBack(["HEAD"], regions)
    #expect(
      fleet.status == 4 && fleet.errors.contains("the fleet, data keys and recipients stay"),
      "\(fleet.errors)")
    try regions.tokens(secret: "b25l")
    try regions.succeed(["capture", "-C", regions["east"]])
    try regions.succeed(["keys", "rotate", "-C", regions["east"], "--yes"])
    let tree = try regions.mirroredTree("east")
    #expect(try rollBack(["HEAD"], regions).status == 4)
    #expect(try regions.mirroredTree("east") == tree, "a data key is never taken back")
    try Program.git("switch", "--quiet", "-c", "side", in: regions["east"])
    try filter("side", 1, of: regions)
    try Program.git("switch", "--quiet", "main", in: regions["east"])
    try filter("own", 1, of: regions)
    try Program.git("merge", "--quiet", "--no-edit", "side", in: regions["east"])
    let merge = try rollBack(["HEAD"], regions)
    #expect(merge.status == 0, "\(merge.errors)")
    #expect(!regions.folder.has("east/mirrored/account-filters/side.json"))
    #expect(regions.folder.has("east/mirrored/account-filters/own.json"))
  }

  @Test func `no secret comes back under a data key that was rotated away`() throws {
    let regions = try TwoRegions()
    try regions.tokens(secret: "b25l")
    try regions.succeed(["capture", "-C", regions["east"]])
    try Program.git("rm", "--quiet", "mirrored/content-key-policies/tokens.json", in: regions["east"])
    try Program.git("commit", "--quiet", "-m", "Out", in: regions["east"])
    let out = try head(regions)
    try regions.tokens("other", secret: "dHdv")
    try regions.succeed(["apply", "-C", regions["east"]])
    try regions.succeed(["keys", "rotate", "-C", regions["east"], "--yes"])
    let start = try head(regions)
    // Who cannot open it cannot seal it anew either.
    let nobody = try regions.run(
      ["rollback", out, "-C", regions["east"]],
      environment: ["LOCKSTEP_IDENTITY_FILE": regions.folder["nobody.txt"]])
    #expect(nobody.status != 0 && nobody.errors.contains("content-key-policy/tokens"), "\(nobody.errors)")
    #expect(try head(regions) == start)
    #expect(try rollBack([out], regions).status == 0)
    #expect(try regions.sealedValue().contains(regions.currentKey()))
  }

  @Test func `local edits stop a rollback before it says that it is made`() throws {
    let regions = try TwoRegions()
    try filter("a", 1, of: regions)
    try filter("a", 2, of: regions)
    try regions.folder.write("mine", to: "east/mirrored/account-filters/a.json")
    for json in [[], ["--json"]] {
      let refused = try rollBack(["HEAD"] + json, regions)
      #expect(refused.status == 4 && refused.output == "", "\(refused.output)")
      #expect(!refused.errors.contains("made"), "\(refused.errors)")
    }
    #expect(try regions.folder.read("east/mirrored/account-filters/a.json") == "mine")
  }

  @Test func `git revert and git push lead to the same state`() throws {
    let regions = try TwoRegions()
    try filter("a", 1, of: regions)
    try filter("a", 2, of: regions)
    try regions.succeed(["hooks", "install", "-C", regions["east"]])
    let start = try head(regions)
    try Program.git("clone", "--quiet", regions["east"], regions.folder["clone"], in: regions.folder.path)
    try Program.git("revert", "--no-edit", "HEAD", in: regions.folder["clone"])
    try Program.git("push", "--quiet", "origin", "HEAD", in: regions.folder["clone"])
    let tree = try regions.mirroredTree("east")
    try Program.git("reset", "--quiet", "--hard", start, in: regions["east"])
    #expect(try rollBack(["HEAD"], regions).status == 0)
    #expect(try regions.mirroredTree("east") == tree)
  }

  @Test func `a rollback that is not applied yet survives the next capture`() throws {
    let regions = try TwoRegions()
    try filter("a", 1, of: regions)
    try regions.succeed(["apply", "-C", regions["east"]])
    #expect(try rollBack(["HEAD"], regions).status == 0)
    try regions.folder.write(
      #"{"name":"c","properties":{"firstQuality":{"bitrate":9}}}"#,
      to: "east-account/account/account-filters/c.json")
    try regions.succeed(["capture", "-C", regions["east"]])
    #expect(!regions.folder.has("east/mirrored/account-filters/a.json"))
    #expect(regions.folder.has("east/mirrored/account-filters/c.json"))
    try regions.succeed(["apply", "-C", regions["east"]])
    #expect(!regions.folder.has("east-account/account/account-filters/a.json"))
  }

  @Test func `git revert gives the same end state`() throws {
    let regions = try TwoRegions()
    try filter("a", 1, of: regions)
    try filter("a", 2, of: regions)
    try regions.succeed(["mirror", regions["east"], regions["west"]])
    let start = try head(regions)
    #expect(try rollBack(["HEAD"], regions).status == 0)
    let tree = try regions.mirroredTree("east")
    try Program.git("reset", "--quiet", "--hard", start, in: regions["east"])
    try Program.git("revert", "--no-edit", "HEAD", in: regions["east"])
    #expect(try regions.mirroredTree("east") == tree)
    try regions.mirrorAndApply()
    #expect(try regions.mirroredTree("west") == tree)
  }

  @Test func `secrets come back sealed under the current data key, and keys and fleet stay`() throws {
    let regions = try TwoRegions()
    try regions.succeed(["fleet", "add", "west", regions["west"], "-C", regions["east"]])
    try regions.tokens(secret: "b25l")
    try regions.succeed(["capture", "-C", regions["east"]])
    let first = try head(regions)
    try filter("a", 1, of: regions)
    try regions.succeed(["keys", "rotate", "-C", regions["east"], "--yes"])
    try regions.tokens(secret: "dHdv")
    try regions.succeed(["capture", "-C", regions["east"]])
    let sealing = try Program.git("rev-parse", "HEAD:mirrored/sealing", in: regions["east"])
    let refused = try rollBack(["--to", first], regions)
    #expect(refused.status == 4 && refused.errors.contains("the secret at"), "\(refused.errors)")
    #expect(!refused.errors.contains("b25l") && !refused.errors.contains("dHdv"))
    let point = try rollBack(
      ["--to", first, "--allow-identity-change", "content-key-policy/tokens"], regions)
    #expect(point.status == 0, "\(point.errors)")
    #expect(try Program.git("rev-parse", "HEAD:mirrored/sealing", in: regions["east"]) == sealing)
    #expect(try regions.reveal().output.contains("b25l"))
    #expect(regions.folder.has("east/mirrored/fleet.json"))
    #expect(!regions.folder.has("east/mirrored/account-filters/a.json"))
    let current = try regions.currentKey()
    #expect(try regions.sealedValue().contains(current), "under the new data key")
  }

  @Test func `an inventory whose files no region holds any more is refused and named`() throws {
    let regions = try TwoRegions()
    try regions.film("film", ["a.mp4": "one"])
    try regions.publish()
    try regions.folder.write("two", to: "film/a.mp4")
    try regions.succeed(["publish", regions.folder["film"], "-C", regions["east"], "--asset", "film"])
    let refused = try rollBack(["HEAD"], regions)
    #expect(refused.status == 4 && refused.errors.contains("a.mp4"), "\(refused.errors)")
  }

  @Test func `a deleted asset comes back from the container that its account kept, as by git revert`() throws
  {
    for isPlain in [false, true] {
      let regions = try TwoRegions()
      try regions.film("film", ["a.mp4": "one"])
      try regions.publish()
      try regions.mirrorAndApply()
      let before = try regions.mirroredTree("east")
      try Program.git(
        "rm", "-rq", "mirrored/assets", "mirrored/contents", "mirrored/streaming-locators",
        in: regions["east"])
      try Program.git("commit", "--quiet", "-m", "Take the film out", in: regions["east"])
      try regions.succeed(["mirror", regions["east"], regions["west"]])
      for region in ["east", "west"] {
        try regions.succeed(["apply", "-C", regions[region], "--force-content"])
      }
      if isPlain {
        try Program.git("revert", "--no-edit", "HEAD", in: regions["east"])
      } else {
        // One byte less, and they are other files.
        let file = try #require(
          FileManager.default.enumerator(atPath: regions.folder["east-account/storage"])?.allObjects
            .compactMap { $0 as? String }.first { $0.hasSuffix("a.mp4") })
        try regions.folder.write("on", to: "east-account/storage/\(file)")
        let refused = try rollBack(["HEAD"], regions)
        #expect(refused.status == 4 && refused.errors.contains("a.mp4"), "\(refused.errors)")
        try regions.folder.write("one", to: "east-account/storage/\(file)")
        let taken = try rollBack(["HEAD"], regions)
        #expect(taken.status == 0, "\(taken.errors)")
      }
      #expect(try regions.mirroredTree("east") == before)
      try regions.mirrorAndApply()
      try regions.succeed(["apply", "-C", regions["east"]])
      try regions.succeed(["verify", regions["east"], regions["west"], "--deep"])
    }
  }
}

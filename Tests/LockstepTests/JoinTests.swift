import Foundation
import Support
import Testing

/// Two regions with changes of their own, joined by the built program.
@Suite struct JoinTests {
  /// East and west in one fleet, east primary, both with the film `film`.
  private func fleet() throws -> TwoRegions {
    let regions = try TwoRegions()
    try regions.publish()
    try regions.succeed(["fleet", "add", "west", regions["west"], "-C", regions["east"]])
    try regions.mirrorAndApply()
    return regions
  }

  private func filter(_ name: String, _ bitrate: Int, in region: String, of regions: TwoRegions) throws {
    try regions.commitFilter(name, bitrate: bitrate, in: region)
  }

  @Test func `changes of both regions are joined in the primary and taken over by the other one`() throws {
    let regions = try fleet()
    try filter("a", 1, in: "east", of: regions)
    try filter("b", 2, in: "west", of: regions)
    // West is not primary: it waits, and says where the join is made.
    let heads = try Program.git("rev-parse", "HEAD", in: regions["west"])
    let waiting = try regions.run(["mirror", regions["east"], regions["west"]])
    #expect(
      waiting.status == 3 && waiting.errors.contains("joins are made in the primary, east"),
      "\(waiting.errors)")
    #expect(try Program.git("rev-parse", "HEAD", in: regions["west"]) == heads)
    let whole = try regions.run(["mirror", "-C", regions["east"]])
    #expect(whole.status == 0 && whole.errors.contains("joined both regions' changes"), "\(whole.errors)")
    #expect(try regions.mirroredTree("east") == regions.mirroredTree("west"))
    let log = try Program.git("log", "-1", "--format=%s %P", in: regions["east"]).split(separator: " ")
    #expect(log.count == 7, "Join 1 change of west, and two parents: \(log)")
    for region in ["east", "west"] {
      #expect(
        regions.folder.has("\(region)/mirrored/account-filters/a.json"), "the working tree of \(region)")
      #expect(regions.folder.has("\(region)/mirrored/account-filters/b.json"))
      try Program.git("fsck", "--strict", in: regions[region])
    }
    let again = try regions.run(["mirror", "-C", regions["east"]])
    #expect(again.status == 0 && !again.errors.contains("mirrored 1"), "\(again.errors)")
  }

  @Test func `a conflict shows the base and both sides by property, changes nothing, and is settled once`()
    throws
  {
    let regions = try fleet()
    try filter("a", 1, in: "east", of: regions)
    try regions.succeed(["mirror", "-C", regions["east"]])
    try filter("a", 2, in: "east", of: regions)
    try filter("a", 3, in: "west", of: regions)
    let head = try Program.git("rev-parse", "HEAD", in: regions["east"])
    let conflict = try regions.run(["mirror", regions["west"], regions["east"]])
    #expect(conflict.status == 4, "\(conflict.errors)")
    #expect(conflict.output.contains("conflict in account-filter/a"), "\(conflict.output)")
    #expect(conflict.output.contains("/properties/firstQuality/bitrate: 1 -> 3"), "\(conflict.output)")
    #expect(conflict.output.contains("/properties/firstQuality/bitrate: 1 -> 2"), "\(conflict.output)")
    #expect(conflict.errors.contains("--prefer"))
    #expect(try Program.git("rev-parse", "HEAD", in: regions["east"]) == head)
    let document = try regions.run(["mirror", regions["west"], regions["east"], "--json"])
    let object = try JSONSerialization.jsonObject(with: Data(document.output.utf8)) as? [String: Any]
    #expect((object?["conflicts"] as? [Any])?.count == 1)
    for wrong in [
      ["--prefer", "both"], ["--prefer", "source", "--one-way"],
      ["--prefer", "source", "--prefer", "target"],
      ["--prefer", "account-filter/a=source", "--prefer", "account-filter/a=target"],
    ] {
      #expect(try regions.run(["mirror", regions["west"], regions["east"]] + wrong).status == 64)
    }
    #expect(
      conflict.errors.contains(
        "lockstep mirror \(regions["west"]) \(regions["east"]) --prefer account-filter/a=source"),
      "\(conflict.errors)")
    let resource = "account-filter/a"
    let settled = try regions.run([
      "mirror", regions["west"], regions["east"], "--prefer", "\(resource)=source", "--prefer",
      "account-filter/b=target",
    ])
    #expect(settled.status == 0, "\(settled.errors)")
    #expect(settled.errors.contains("--prefer account-filter/b was not needed"), "\(settled.errors)")
    #expect(!settled.errors.contains("--prefer account-filter/a was"), "\(settled.errors)")
    #expect(try regions.folder.read("east/mirrored/account-filters/a.json").contains("3"))
    #expect(try Program.git("log", "-1", "--format=%b", in: regions["east"]).contains("Prefer the source in"))
    try regions.succeed(["mirror", "-C", regions["east"]])
    #expect(try regions.mirroredTree("east") == regions.mirroredTree("west"))
  }

  @Test func `a conflict with one region counts, though another one was brought into step`() throws {
    let regions = try fleet()
    let north = regions.folder["north"]
    try regions.succeed([
      "init", north, "--region", "north", "--account", "folder:\(north)-account", "--user",
      "Tess Ter <tess@example.com>",
    ])
    try regions.succeed(["fleet", "add", "north", north, "-C", regions["east"]])
    try regions.succeed(["mirror", "-C", regions["east"]])
    try filter("a", 2, in: "east", of: regions)
    try filter("a", 3, in: "west", of: regions)
    let moved = try regions.run(["mirror", "-C", regions["east"]])
    #expect(moved.status == 4 && moved.output.contains("conflict in account-filter/a"), "\(moved.errors)")
    #expect(try regions.mirroredTree("north") == regions.mirroredTree("east"), "who can be is in step")
    try filter("b", 1, in: "north", of: regions)
    let json = try regions.run(["mirror", "-C", regions["east"], "--json"])
    let object = try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any]
    #expect(json.status == 4 && (object?["conflicts"] as? [Any])?.count == 1, "\(json.output)")
    let outcomes = (object?["mirrors"] as? [[String: Any]])?.compactMap { $0["outcome"] as? String }
    #expect(outcomes?.contains("forwarded") == true, "\(json.output)")
  }

  @Test func `a commit by hand settles a conflict, too`() throws {
    let regions = try fleet()
    try filter("a", 2, in: "east", of: regions)
    try filter("a", 3, in: "west", of: regions)
    #expect(try regions.run(["mirror", "-C", regions["east"]]).status == 4)
    try filter("a", 3, in: "east", of: regions)
    let joined = try regions.run(["mirror", "-C", regions["east"]])
    #expect(joined.status == 0, "\(joined.errors)")
    #expect(try regions.mirroredTree("east") == regions.mirroredTree("west"))
  }

  @Test func `invariant 8: what one side needs and the other took away is a conflict`() throws {
    let regions = try fleet()
    try filter("a", 1, in: "east", of: regions)
    try regions.succeed(["mirror", "-C", regions["east"]])
    try Program.git("rm", "--quiet", "mirrored/account-filters/a.json", in: regions["east"])
    try Program.git("commit", "--quiet", "-m", "No filter", in: regions["east"])
    let locator = try Program.git("ls-files", "mirrored/streaming-locators", in: regions["west"])
    let text = try regions.folder.read("west/\(locator)").replacingOccurrences(
      of: "\"properties\": {", with: "\"properties\": {\n    \"filters\": [\"a\"],")
    try regions.folder.write(text, to: "west/\(locator)")
    try regions.succeed(["fmt", regions.folder["west/\(locator)"]])
    try Program.git("commit", "--quiet", "--all", "-m", "Play film with the filter", in: regions["west"])
    let conflict = try regions.run(["mirror", regions["west"], regions["east"]])
    #expect(conflict.status == 4, "\(conflict.output)\(conflict.errors)")
    #expect(
      conflict.output.contains("locator/film refers to") && conflict.output.contains("account-filter/a"),
      "\(conflict.output)")
    let settled = try regions.run(["mirror", regions["west"], regions["east"], "--prefer", "source"])
    #expect(settled.status == 0, "\(settled.errors)")
    #expect(
      regions.folder.has("east/mirrored/account-filters/a.json"), "the filter came back with the locator")
  }

  @Test func `one-way refuses a target that was edited, ahead or beside`() throws {
    let regions = try fleet()
    try filter("b", 2, in: "west", of: regions)
    let head = try Program.git("rev-parse", "HEAD", in: regions["west"])
    for beside in [false, true] {
      if beside { try filter("a", 1, in: "east", of: regions) }
      let refused = try regions.run(["mirror", regions["east"], regions["west"], "--one-way"])
      #expect(
        refused.status == 4 && refused.errors.contains("changes of its own"), "\(beside): \(refused.errors)")
    }
    #expect(try Program.git("rev-parse", "HEAD", in: regions["west"]) == head)
    // The other way round west is the source, and east is what was mirrored from it before: nothing of its own is lost.
    let back = try regions.run(["mirror", regions["west"], regions["east"], "--one-way"])
    #expect(back.status == 4, "east has a change, too: \(back.errors)")
  }

  @Test func `without a fleet nobody knows where to join`() throws {
    let regions = try TwoRegions()
    try filter("a", 1, in: "east", of: regions)
    try filter("b", 2, in: "west", of: regions)
    let refused = try regions.run(["mirror", regions["east"], regions["west"]])
    #expect(refused.status == 4 && refused.errors.contains("fleet add"), "\(refused.errors)")
    // Regions that began apart are joined like any others once there is one.
    try regions.succeed(["fleet", "add", "west", regions["west"], "-C", regions["east"]])
    let joined = try regions.run(["mirror", "-C", regions["east"]])
    #expect(joined.status == 0, "\(joined.errors)")
    #expect(try regions.mirroredTree("east") == regions.mirroredTree("west"))
  }

  @Test func `secrets of both sides are compared, not their texts`() throws {
    let regions = try TwoRegions()
    try regions.succeed(["fleet", "add", "west", regions["west"], "-C", regions["east"]])
    try regions.restrictKeysByTokens()
    try regions.succeed(["capture", "-C", regions["east"]])
    try regions.mirrorAndApply()
    // Every secret sealed anew here, and the same document changed there: both texts differ from the base's.
    try regions.succeed(["keys", "rotate", "-C", regions["east"], "--yes"])
    let policy = "mirrored/content-key-policies/tokens.json"
    try regions.commit(policy, in: "west") {
      $0.replacingOccurrences(of: "\"audience\": \"a\"", with: "\"audience\": \"b\"")
    }
    let joined = try regions.run(["mirror", "-C", regions["east"]])
    #expect(joined.status == 0, "\(joined.errors)")
    #expect(try regions.mirroredTree("east") == regions.mirroredTree("west"))
    #expect(try regions.folder.read("west/\(policy)").contains("\"audience\": \"b\""))
    #expect(
      try regions.sealedValue(in: "west").contains(regions.currentKey()), "west's change, under east's key")
    #expect(try regions.reveal(in: "west").output.contains("AAAA"))
    // The audience changed on both sides is a conflict, and shows no secret.
    for (region, audience) in [("east", "c"), ("west", "d")] {
      try regions.commit(policy, in: region) {
        $0.replacingOccurrences(of: "\"audience\": \"b\"", with: "\"audience\": \"\(audience)\"")
      }
    }
    for json in [[], ["--json"]] {
      let conflict = try regions.run(["mirror", regions["west"], regions["east"]] + json)
      #expect(conflict.status == 4 && conflict.output.contains("audience"), "\(conflict.errors)")
      let said = conflict.output + conflict.errors
      #expect(!said.contains("AAAA") && !said.contains("sealed:"), "\(said)")
    }
  }

  /// A locator of one name that each region has made with an id of its own.
  private func locators(_ regions: TwoRegions) throws {
    for (region, id) in [
      ("east", "11111111-1111-4111-8111-111111111111"), ("west", "22222222-2222-4222-8222-222222222222"),
    ] {
      let file = try Program.git("ls-files", "mirrored/streaming-locators", in: regions[region])
      let text = try regions.folder.read("\(region)/\(file)")
        .replacingOccurrences(of: try regions.locatorID("film", in: region), with: id)
        .replacingOccurrences(of: "\"film\",\n  \"prop", with: "\"second\",\n  \"prop")
      try regions.folder.write(text, to: "\(region)/mirrored/streaming-locators/16/36/second.json")
      try regions.succeed([
        "fmt", regions.folder["\(region)/mirrored/streaming-locators/16/36/second.json"],
      ])
      try Program.git("add", "-A", in: regions[region])
      try Program.git("commit", "--quiet", "-m", "Second in \(region)", in: regions[region])
    }
  }

  @Test func `invariant 4: a join changes no identity but of what a person named`() throws {
    let regions = try fleet()
    try locators(regions)
    let head = try Program.git("rev-parse", "HEAD", in: regions["east"])
    for preference in [[], ["--prefer", "source"]] {
      let refused = try regions.run(["mirror", regions["west"], regions["east"]] + preference)
      #expect(
        refused.status == 4 && refused.output.contains("locator/second"), "\(refused.output)\(refused.errors)"
      )
      #expect(try Program.git("rev-parse", "HEAD", in: regions["east"]) == head)
    }
    let settled = try regions.run([
      "mirror", regions["west"], regions["east"], "--prefer", "locator/second=source",
    ])
    #expect(settled.status == 0, "\(settled.output)\(settled.errors)")
    #expect(
      try Program.git(
        "log", "-1", "--format=%(trailers:key=Lockstep-Allow-Identity-Change,valueonly)", in: regions["east"]
      )
      .contains("locator/second"))
    let whole = try regions.run(["mirror", "-C", regions["east"]])
    #expect(whole.status == 0, "settled once, for all regions: \(whole.errors)")
    #expect(try regions.mirroredTree("east") == regions.mirroredTree("west"))
    #expect(try regions.locatorID("second", in: "west").hasPrefix("22222222"))
  }

  @Test func `invariant 4: what was taken out is remembered past changes of local alone`() throws {
    let regions = try fleet()
    try regions.succeed(["mirror", "-C", regions["east"]])
    let (east, file) = (
      regions["east"], try Program.git("ls-files", "mirrored/streaming-locators", in: regions["east"])
    )
    let text = try regions.folder.read("east/\(file)")
    let id = try regions.locatorID("film", in: "east")
    try Program.git("rm", "--quiet", file, in: east)
    try Program.git("commit", "--quiet", "-m", "Out", in: east)
    try regions.folder.write("{}\n", to: "east/local/streaming-endpoints/default.json")
    try Program.git("add", "-A", in: east)
    try Program.git("commit", "--quiet", "-m", "Here only", in: east)
    try regions.folder.write(
      text.replacingOccurrences(of: id, with: "11111111-1111-4111-8111-111111111111"), to: "east/\(file)")
    try Program.git("add", "-A", in: east)
    try Program.git("commit", "--quiet", "-m", "Back", in: east)
    let mirror = ["mirror", east, regions["west"]]
    let refused = try regions.run(mirror)
    #expect(refused.status == 4 && refused.errors.contains("the locator id \(id)"), "\(refused.errors)")
    #expect(
      refused.errors.contains("--amend") && refused.errors.contains("--allow-identity-change locator/film"))
    #expect(try regions.run(mirror + ["--allow-identity-change", "locator/other"]).status == 4)
    try regions.succeed(mirror + ["--allow-identity-change", "locator/film"])
    #expect(try regions.mirroredTree("east") == regions.mirroredTree("west"))
  }

  @Test func `a fleet is never settled by a preference, and a broken one goes nowhere`() throws {
    let regions = try fleet()
    let file = "mirrored/fleet.json"
    for region in ["east", "west"] {
      try regions.commit(file, in: region) {
        $0.replacingOccurrences(of: "\"regions\": {", with: "\"note\": \"\(region)\",\n  \"regions\": {")
      }
    }
    let conflict = try regions.run(["mirror", regions["west"], regions["east"], "--prefer", "source"])
    #expect(conflict.status == 4 && conflict.output.contains("source west: changed"), "\(conflict.output)")
    #expect(conflict.errors.contains("make mirrored/fleet.json the same"), "\(conflict.errors)")
    // The whole fleet's document says both what moved and what did not.
    let json = try regions.run(["mirror", "-C", regions["east"], "--json"])
    let object = try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any]
    #expect(json.status == 4 && (object?["conflicts"] as? [Any])?.count == 1, "\(json.output)")
    try Program.git("reset", "--quiet", "--hard", "HEAD~1", in: regions["east"])
    try regions.commit(file, in: "west") { _ in "{\n  \"x\": 1\n}\n" }
    let broken = try regions.run(["mirror", regions["west"], regions["east"]])
    #expect(broken.status == 4 && broken.errors.contains("a fleet that cannot be read"), "\(broken.errors)")
    #expect(try regions.run(["fleet", "list", "-C", regions["east"]]).status == 0)
  }

  @Test func `an epoch that falls, or that two regions gave themselves, goes nowhere`() throws {
    let regions = try fleet()
    func epoch(_ number: Int, _ id: String, in region: String) throws {
      try regions.commit("mirrored/fleet.json", in: region) {
        $0.replacing(/"id": "[^"]*"/, with: "\"id\": \"\(id)\"", maxReplacements: 1)
          .replacing(/"number": \d+/, with: "\"number\": \(number)")
      }
    }
    try epoch(5, "five", in: "east")
    try regions.succeed(["mirror", "-C", regions["east"]])
    let head = try Program.git("rev-parse", "HEAD", in: regions["east"])
    for (number, id, words) in [
      (4, "four", "lowers the epoch from 5 to 4"), (5, "another", "with another id"),
    ] {
      try epoch(number, id, in: "west")
      let refused = try regions.run(["mirror", regions["west"], regions["east"]])
      #expect(refused.status == 4 && refused.errors.contains(words), "\(refused.errors)")
      #expect(!refused.errors.contains("--allow-identity-change"), "\(refused.errors)")
      #expect(try Program.git("rev-parse", "HEAD", in: regions["east"]) == head)
      try Program.git("reset", "--quiet", "--hard", "HEAD~1", in: regions["west"])
    }
    try epoch(6, "six", in: "west")
    try regions.succeed(["mirror", "-C", regions["east"]])
    #expect(try regions.mirroredTree("east") == regions.mirroredTree("west"))
  }

  @Test func `a word for all is offered only where it settles something`() throws {
    let regions = try fleet()
    try regions.publish("film")
    try filter("a", 1, in: "east", of: regions)
    try regions.succeed(["mirror", "-C", regions["east"]])
    let id = try regions.locatorID("film", in: "east")
    let path = try Program.git("ls-files", "mirrored/streaming-locators", in: regions["east"])
    for (number, region) in ["east", "west"].enumerated() {
      try filter("a", 2 + number, in: region, of: regions)
    }
    let mirror = ["mirror", regions["west"], regions["east"]]
    let plain = try regions.run(mirror)
    #expect(plain.status == 4 && plain.errors.contains("--prefer source or target for all"), "\(plain)")
    for (number, region) in ["east", "west"].enumerated() {
      let file = "\(region)/\(path)"
      let other = "00000000-0000-4000-8000-00000000000\(number)"
      try regions.folder.write(regions.folder.read(file).replacing(id, with: other), to: file)
      try Program.git(
        "commit", "--quiet", "-am", "Another id\n\nLockstep-Allow-Identity-Change: locator/film",
        in: regions[region])
    }
    let refused = try regions.run(mirror)
    #expect(refused.status == 4 && !refused.errors.contains("for all"), "\(refused)")
  }

  @Test func `a preference for what one side took away, and a dry run that writes nothing`() throws {
    let regions = try fleet()
    try filter("a", 1, in: "east", of: regions)
    try regions.succeed(["mirror", "-C", regions["east"]])
    try Program.git("rm", "--quiet", "mirrored/account-filters/a.json", in: regions["east"])
    try Program.git("commit", "--quiet", "-m", "No filter", in: regions["east"])
    try filter("a", 2, in: "west", of: regions)
    let head = try Program.git("rev-parse", "HEAD", in: regions["east"])
    #expect(try regions.run(["mirror", regions["west"], regions["east"]]).status == 4)
    let dry = try regions.run(["mirror", regions["west"], regions["east"], "--prefer", "target", "--dry-run"])
    #expect(dry.status == 0 && dry.errors.contains("would"), "\(dry.errors)")
    #expect(try Program.git("rev-parse", "HEAD", in: regions["east"]) == head)
    try regions.succeed(["mirror", regions["west"], regions["east"], "--prefer", "target"])
    #expect(!regions.folder.has("east/mirrored/account-filters/a.json"))
    try regions.succeed(["mirror", "-C", regions["east"]])
    #expect(try regions.mirroredTree("east") == regions.mirroredTree("west"))
  }

  @Test func `invariant 6: a secret in clear stays where it is, however much comes with it`() throws {
    let regions = try fleet()
    try regions.tokens(secret: "b25l")
    try regions.succeed(["capture", "-C", regions["east"]])
    try regions.succeed(["mirror", "-C", regions["east"]])
    let sealed = try regions.sealedValue()
    try regions.commit("mirrored/content-key-policies/tokens.json") {
      $0.replacingOccurrences(of: sealed, with: "Y2xlYXI=")
    }
    let stream = (1...300).map { number in
      "commit refs/heads/main\ncommitter C <c@d> \(1_800_000_000 + number) +0000\ndata 2\nm\n"
        + (number == 1 ? "from refs/heads/main^0\n" : "") + "\n"
    }.joined()
    let imported = try Program.run(
      "git", ["fast-import", "--quiet", "--force"], in: regions["east"], input: stream)
    #expect(imported.status == 0, "\(imported.errors)")
    let refused = try regions.run(["mirror", regions["east"], regions["west"]])
    #expect(refused.status == 4 && refused.errors.contains("in clear"), "\(refused.errors)")
    #expect(!refused.errors.contains("Y2xlYXI"))
  }
}

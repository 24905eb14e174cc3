import Foundation
import Support
import Testing

/// Publish, mirror, apply, verify, as a person does them.
@Suite struct MainJobTests {
  @Test func `mirrored trees are equal and the second run changes nothing`() throws {
    let regions = try TwoRegions()
    try regions.publish()
    try regions.mirrorAndApply()
    #expect(try regions.mirroredTree("east") == regions.mirroredTree("west"))
    let head = try Program.git("rev-parse", "HEAD", in: regions["west"])
    try regions.mirrorAndApply()
    #expect(try Program.git("rev-parse", "HEAD", in: regions["west"]) == head)
    for region in ["east", "west"] {
      try Program.git("fsck", "--strict", in: regions[region])
      #expect(try Program.git("status", "--porcelain", in: regions[region]) == "")
      #expect(try regions.run(["drift", "-C", regions[region]]).status == 0)
      #expect(try regions.run(["plan", "-C", regions[region]]).status == 0)
    }
    try regions.succeed(["verify", regions["east"], regions["west"], "--deep"])
    let id = try regions.locatorID("film", in: "east")
    #expect(try regions.locatorID("film", in: "west") == id)
    #expect(try regions.folder.read("west-account/published/\(id)/sub/b.mp4") == "two")
  }

  @Test func `invariant 1: the same observed state gives the same tree, in whichever repository`() throws {
    let regions = try TwoRegions()
    try regions.publish("one")
    try regions.publish("two")
    try regions.succeed([
      "init", regions.folder["other"], "--region", "east", "--account",
      "folder:\(regions.folder["east-account"])",
      "--user", "Tess Ter <tess@example.com>",
    ])
    try regions.succeed(["capture", "-C", regions.folder["other"]])
    #expect(
      try Program.git("rev-parse", "HEAD:mirrored", in: regions.folder["other"])
        == regions.mirroredTree("east"))
  }

  @Test func `a bare hub mirrors, applies and verifies too`() throws {
    let regions = try TwoRegions(bare: true)
    try regions.publish()
    try regions.mirrorAndApply()
    try regions.succeed(["verify", regions["east"], regions["west"], "--deep"])
    try Program.git("fsck", "--strict", in: regions["west"])
  }

  @Test func `a fleet mirrors from its primary without being told where`() throws {
    let regions = try TwoRegions()
    try regions.succeed(["fleet", "add", "west", regions["west"], "-C", regions["east"]])
    try regions.publish()
    try regions.succeed(["mirror", "-C", regions["east"] + "/mirrored"])
    #expect(try regions.mirroredTree("east") == regions.mirroredTree("west"))
    #expect(try regions.succeed(["fleet", "list", "-C", regions["west"]]).contains("east\tprimary"))
    let refused = try regions.run(["fleet", "remove", "east", "-C", regions["east"]])
    #expect(refused.status == 4)
    try regions.succeed(["fleet", "remove", "west", "-C", regions["east"]])
    #expect(try !regions.succeed(["fleet", "list", "-C", regions["east"]]).contains("west"))
  }

  @Test func `a mirror over a URL gives the same commits as one over a path`() throws {
    let regions = try TwoRegions()
    try regions.publish()
    try Program.git(
      "clone", "--quiet", "--mirror", regions["west"], regions.folder["copy"], in: regions.folder.path)
    let config = try regions.folder.read("west/.git/config")
    for line in ["lockstep.region=west", "lockstep.account=folder:\(regions.folder["west-account"])"] {
      let pair = line.split(separator: "=").map(String.init)
      try Program.git("config", pair[0], pair[1], in: regions.folder["copy"])
    }
    try Program.git("config", "user.name", "Tess Ter", in: regions.folder["copy"])
    try Program.git("config", "user.email", "tess@example.com", in: regions.folder["copy"])
    #expect(config.contains("[lockstep]"))
    try regions.succeed(["mirror", regions["east"], regions["west"]])
    try regions.succeed(["mirror", "file://localhost\(regions["east"])", regions.folder["copy"]])
    #expect(
      try Program.git("rev-parse", "HEAD", in: regions.folder["copy"])
        == Program.git("rev-parse", "HEAD", in: regions["west"]))
  }

  @Test func `a change and its revert travel, and the live account follows`() throws {
    let regions = try TwoRegions()
    try regions.publish()
    try regions.mirrorAndApply()
    let file = try #require(
      Program.git("ls-files", "mirrored/assets", in: regions["east"]).split(separator: "\n").first.map(
        String.init))
    let before = try regions.folder.read("east/\(file)")
    let edited = before.replacingOccurrences(
      of: "\"storageAccountName\"", with: "\"description\": \"A film\",\n    \"storageAccountName\"")
    try regions.folder.write(edited, to: "east/\(file)")
    try regions.succeed(["fmt", "--check", "\(regions["east"])/\(file)"])
    try Program.git("commit", "--quiet", "--all", "-m", "Describe the film", in: regions["east"])
    try regions.mirrorAndApply()
    #expect(try regions.folder.read("west-account/account/assets/film.json").contains("A film"))
    try regions.succeed(["apply", "-C", regions["east"]])
    try Program.git("revert", "--no-edit", "HEAD", in: regions["east"])
    try regions.mirrorAndApply()
    #expect(try !regions.folder.read("west-account/account/assets/film.json").contains("A film"))
    #expect(
      try Program.git("log", "--format=%s", in: regions["west"]).contains("Revert \"Describe the film\""))
  }

  @Test func `a rollback that is not applied yet survives the next capture`() throws {
    let regions = try TwoRegions()
    try regions.publish("one")
    try regions.publish("two")
    try Program.git("revert", "--no-edit", "HEAD", in: regions["east"])
    try regions.folder.write("changed", to: "east-account/storage/marker")
    try FileManager.default.removeItem(atPath: regions.folder["east-account/storage/marker"])
    try regions.publish("three")
    let names = try Program.git("ls-files", "mirrored/assets", in: regions["east"])
    #expect(names.contains("one.json") && names.contains("three.json") && !names.contains("two.json"))
    let plan = try regions.run(["plan", "-C", regions["east"]])
    #expect(plan.output.contains("delete asset/two"))
    #expect(plan.status == 2)
  }

  @Test func `content that changes is published segment by segment, removals last`() throws {
    let regions = try TwoRegions()
    try regions.publish()
    try regions.mirrorAndApply()
    try FileManager.default.removeItem(atPath: regions.folder["film"])
    try regions.film("film", ["a.mp4": "one again", "c.mp4": "three"])
    try regions.publish()
    try regions.mirrorAndApply()
    let id = try regions.locatorID("film", in: "west")
    #expect(try regions.folder.read("west-account/published/\(id)/a.mp4") == "one again")
    #expect(regions.folder.has("west-account/published/\(id)/c.mp4"))
    #expect(!regions.folder.has("west-account/published/\(id)/sub/b.mp4"))
    try regions.succeed(["verify", regions["east"], regions["west"], "--deep"])
  }

  @Test func `verify names every difference`() throws {
    let regions = try TwoRegions()
    try regions.publish()
    #expect(try regions.run(["verify", regions["east"], regions["west"]]).status == 2)
    try regions.mirrorAndApply()
    let id = try regions.locatorID("film", in: "west")
    let container = try #require(
      FileManager.default.contentsOfDirectory(atPath: regions.folder["west-account/storage/weststorage"])
        .first)
    let file = "west-account/storage/weststorage/\(container)/a.mp4"
    try FileManager.default.removeItem(atPath: regions.folder[file])
    try regions.folder.write("ONE", to: file)
    #expect(try regions.run(["verify", regions["east"], regions["west"]]).status == 0)
    let deep = try regions.run(["verify", regions["east"], regions["west"], "--deep"])
    #expect(deep.status == 2)
    #expect(deep.output.contains("west: content/film is another one in the live account"))
    #expect(deep.output.contains("published/\(id)/a.mp4 is not the file"))
  }

  @Test func `status tells what is not mirrored, not applied and drifted, as text and as JSON`() throws {
    let regions = try TwoRegions()
    try regions.publish("one")
    try regions.succeed(["mirror", regions["east"], regions["west"]])
    try regions.publish("two")
    let text = try regions.run(["status", "-C", regions["west"]])
    #expect(text.status == 2)
    #expect(text.output.contains("1 commit of east missing"))
    #expect(text.output.contains("not yet. Plan: 3 to create"))
    let json = try regions.run(["status", "-C", regions["west"], "--json"])
    let object = try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any]
    let west = try #require((object?["regions"] as? [[String: Any]])?.first)
    #expect((west["notMirrored"] as? [String: Int]) == ["east": 1])
    #expect(west["notApplied"] as? Int == 3)
    try regions.mirrorAndApply()
    #expect(try regions.run(["status", "-C", regions["west"]]).status == 0)
    try regions.folder.write("x", to: "west-account/account/assets/x.json")
    #expect(try regions.run(["status", "-C", regions["west"]]).status == 2)
  }

  @Test func `a token-restricted key is never a plain file`() throws {
    let regions = try TwoRegions()
    try regions.restrictKeysByTokens()
    let key = try Clip.encrypted(in: regions.folder, name: "film")
    try regions.succeed([
      "publish", regions.folder["film"], "-C", regions["east"], "--asset", "film", "--content-key-policy",
      "tokens",
      "--content-key", regions.contentKey(id: key.id, value: key.value),
    ])
    #expect(try FileManager.default.contentsOfDirectory(atPath: regions.folder["east-account/keys"]) == [])
    let status = try regions.run(["status", "-C", regions["east"]])
    #expect(status.output.contains("locator/film needs one that checks tokens"))
  }

  @Test func `media that is not encrypted with the locator's key is not published`() throws {
    let regions = try TwoRegions()
    let key = try Clip.encrypted(in: regions.folder, name: "film")
    let other = Data(repeating: 7, count: 16).base64EncodedString()
    let refused = try regions.run([
      "publish", regions.folder["film"], "-C", regions["east"], "--asset", "film", "--content-key",
      regions.contentKey(id: key.id, value: other),
    ])
    #expect(refused.status == 4)
    #expect(refused.errors.contains("does not open with the key"))
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: regions.folder["east-account/published"]) == [
        "keys"
      ])
    #expect(try regions.run(["drift", "-C", regions["east"]]).status == 0, "nothing of it may be left")
    try regions.folder.write("the clear master", to: "film/master.mp4")
    try regions.succeed([
      "publish", regions.folder["film"], "-C", regions["east"], "--asset", "film", "--content-key",
      regions.contentKey(id: key.id, value: key.value),
    ])
    let id = try regions.locatorID("film", in: "east")
    #expect(!regions.folder.has("east-account/published/\(id)/master.mp4"), "no clear master may leak")
    #expect(regions.folder.has("east-account/published/\(id)/film.m3u8"))
  }
}

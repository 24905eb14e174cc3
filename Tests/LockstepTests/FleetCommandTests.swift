import Foundation
import Support
import Testing

/// `lockstep fleet`: what it shows and edits, and who may.
@Suite struct FleetCommandTests {
  private func fleet(_ regions: TwoRegions) throws -> [String: Any] {
    let text = try regions.succeed(["fleet", "--json", "-C", regions["east"]])
    let object = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
    #expect(object?["version"] as? Int == 1)
    return object?["fleet"] as? [String: Any] ?? [:]
  }

  private func edit(_ regions: TwoRegions, _ arguments: String...) throws {
    try regions.succeed(["fleet"] + arguments + ["-C", regions["east"]])
  }

  @Test func `targets, traffic and fence are edited by commits, and shown`() throws {
    let regions = try TwoRegions()
    try edit(regions, "add", "west", regions["west"])
    try edit(
      regions, "set", "west", "--origin", "https://origin-west.example.net:8443", "--key-delivery",
      "http://127.0.0.1:81/", "--apply", "after-mirror")
    try edit(
      regions, "traffic", "origin", "--host-name", "media.example.com", "--probe-path", "/health",
      "--probe-interval", "10", "--probe-timeout", "5", "--probe-failures", "3")
    try edit(
      regions, "traffic", "key-delivery", "--host-name", "keys.example.com", "--path", "/keys/",
      "--probe-path",
      "/health")
    try edit(regions, "fence", "strict")
    let text = try regions.succeed(["fleet", "-C", regions["east"]])
    for line in [
      "east\tprimary\t", "west\tstandby\t", "  apply\tafter-mirror", "fence\tstrict", "epoch\t1\t",
      "  origin\thttps://origin-west.example.net:8443", "  key-delivery\thttp://127.0.0.1:81\n",
      "traffic\torigin\tmedia.example.com/\tprobe /health every 10 s within 5 s off after 3",
      "traffic\tkey-delivery\tkeys.example.com/keys/\tprobe /health\n",
    ] {
      #expect(text.contains(line), "\(line): \(text)")
    }
    let traffic = try #require(fleet(regions)["traffic"] as? [String: [String: Any]])
    #expect(traffic["keyDelivery"]?["path"] as? String == "/keys/")
    let probe = try #require(traffic["origin"]?["probe"] as? [String: Any])
    #expect(probe["intervalSeconds"] as? Int == 10 && probe["failures"] as? Int == 3)
    // What is not said stays.
    try edit(regions, "traffic", "origin", "--host-name", "film.example.com")
    try edit(regions, "set", "west", "--key-delivery", "none")
    try edit(regions, "traffic", "key-delivery", "--remove")
    try edit(regions, "fence", "off")
    let after = try fleet(regions)
    #expect(after["fence"] == nil && (after["traffic"] as? [String: Any])?["keyDelivery"] == nil)
    let origin = try #require((after["traffic"] as? [String: [String: Any]])?["origin"])
    #expect(
      origin["hostName"] as? String == "film.example.com"
        && origin["probe"] as? NSDictionary == probe as NSDictionary)
    let subjects = try Program.git("log", "--format=%s", in: regions["east"])
    #expect(subjects.split(separator: "\n").count { $0.hasPrefix("Fleet: ") } == 9, "\(subjects)")
    try regions.succeed(["mirror", "-C", regions["east"]])
    #expect(try regions.mirroredTree("east") == regions.mirroredTree("west"))
    #expect(
      try regions.succeed(["fleet", "-C", regions["west"]])
        == regions.succeed(["fleet", "-C", regions["east"]]))
  }

  @Test func `what is no fleet is never committed`() throws {
    let regions = try TwoRegions()
    try edit(regions, "add", "west", regions["west"])
    let head = try Program.git("rev-parse", "HEAD", in: regions["east"])
    for (arguments, status) in [
      (["set", "west", "--origin", "https://me@west/x"], 64), (["set", "north", "--apply", "by-hand"], 1),
      (["set", "west"], 64), (["traffic", "origin", "--host-name", "Media!", "--probe-path", "/"], 1),
      (["traffic", "origin", "--probe-path", "/"], 1), (["traffic", "origin"], 64),
      (["traffic", "origin", "--remove", "--path", "/"], 64), (["fence", "loose"], 64),
      (["traffic", "origin", "--host-name", "a.example.com", "--probe-path", "no"], 1),
    ] as [([String], Int32)] {
      let outcome = try regions.run(["fleet"] + arguments + ["-C", regions["east"]])
      #expect(outcome.status == status && !outcome.errors.isEmpty, "\(arguments): \(outcome)")
    }
    let standby = try regions.run(["fleet", "fence", "strict", "-C", regions["west"]])
    #expect(standby.status == 1 && standby.errors.contains("in no fleet"), "\(standby)")
    #expect(try Program.git("rev-parse", "HEAD", in: regions["east"]) == head)
  }

  @Test func `a fleet that was broken by hand is named with its line and the way back`() throws {
    let regions = try TwoRegions()
    let east = regions["east"]
    try edit(regions, "add", "west", regions["west"])
    let path = "east/mirrored/fleet.json"
    try regions.folder.write(
      regions.folder.read(path).replacing("\"primary\": \"east\"", with: "\"primary\": \"nowhere\""), to: path
    )
    try Program.git("commit", "--quiet", "--no-verify", "-am", "Nobody is primary", in: east)
    for command in [["status"], ["fleet"], ["ready", "west"], ["switchover", "west"]] {
      let refused = try regions.run(command + ["-C", east])
      #expect(refused.status != 0 && refused.errors.contains("mirrored/fleet.json:"), "\(refused)")
      let hint = try #require(refused.errors.firstRange(of: "take its last change back: "), "\(refused)")
      guard command == ["switchover", "west"] else { continue }
      let line = refused.errors[hint.upperBound...].prefix { $0 != "\n" }
      #expect(try Program.run("sh", ["-c", String(line)]).status == 0, "\(line)")
    }
    #expect(try regions.succeed(["fleet", "-C", east]).contains("east\tprimary"))
  }

  @Test func `with administrators configured git signs an edit with the key of one, or nothing changes`()
    throws
  {
    let regions = try TwoRegions()
    try edit(regions, "add", "west", regions["west"])
    for name in ["anna", "ben"] {
      try Program.run(
        "ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", regions.folder[name], "-C", name])
    }
    let east = regions["east"]
    try Program.git(
      "config", "--add", "lockstep.administrator",
      regions.folder.read("anna.pub").trimmingCharacters(in: .newlines), in: east)
    try Program.git("config", "gpg.format", "ssh", in: east)
    let head = try Program.git("rev-parse", "HEAD", in: east)
    for key in ["nobody", "ben"] {
      try Program.git("config", "user.signingKey", regions.folder["\(key).pub"], in: east)
      let refused = try regions.run(["fleet", "fence", "strict", "-C", east])
      #expect(refused.status != 0 && refused.errors.contains("user.signingKey"), "\(refused)")
      #expect(try Program.git("rev-parse", "HEAD", in: east) == head)
    }
    try Program.git("config", "user.signingKey", regions.folder["anna.pub"], in: east)
    try edit(regions, "fence", "strict")
    #expect(try Program.git("cat-file", "commit", "HEAD", in: east).contains("gpgsig"))
    #expect(try Program.git("log", "-1", "--format=%s", in: east) == "Fleet: fence strict")
    #expect(try Program.git("status", "--porcelain", in: east) == "")
    #expect(try regions.folder.read("east/mirrored/fleet.json").contains("\"strict\""))
    // A push with it is judged as anybody's.
    try regions.succeed(["hooks", "install", "-C", regions["west"]])
    try regions.succeed(["mirror", "-C", east])
    try Program.git("fsck", "--strict", in: east)
  }

  @Test func `no region without administrators brings a change of the fleet into one that has them`() throws {
    let regions = try TwoRegions()
    let (east, west) = (regions["east"], regions["west"])
    try edit(regions, "add", "west", west)
    try regions.publish()
    try regions.mirrorAndApply()
    let anna = regions.folder["anna"]
    try Program.run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", anna, "-C", "anna"])
    let line = try regions.folder.read("anna.pub").trimmingCharacters(in: .newlines)
    try Program.git("config", "--add", "lockstep.administrator", line, in: east)
    let check = try regions.run(["status", "--check", "-C", east])
    #expect(check.status == 2 && check.output.contains("region west has no administrators"), "\(check)")
    let head = try Program.git("rev-parse", "HEAD", in: east)
    let path = "west/mirrored/fleet.json"
    func promote(_ arguments: String...) throws -> String {
      try regions.folder.write(
        regions.folder.read(path).replacing("\"primary\": \"east\"", with: "\"primary\": \"west\"")
          .replacing("\"number\": 1", with: "\"number\": 2").replacing(
            /"id": "[^"]*"/, with: "\"id\": \"anybody\""),
        to: path)
      try Program.git(["commit", "--quiet", "-am", "I am primary"] + arguments, in: west)
      return try Program.git("rev-parse", "HEAD", in: west)
    }
    let promotion = try promote()
    for arguments in [["-C", west], [west, east], [west, east, "--dry-run"]] {
      let refused = try regions.run(["mirror"] + arguments)
      #expect(refused.status == 4, "\(arguments): \(refused)")
      #expect(
        refused.errors.contains("mirrored/fleet.json: only an administrator of region east"), "\(refused)")
      #expect(
        refused.errors.contains("lockstep mirror \(west) \(east) --allow-unsigned \(promotion)"), "\(refused)"
      )
    }
    #expect(try Program.git("rev-parse", "HEAD", in: east) == head)
    // An administrator's signature counts, though the replay that comes of the commit has none.
    try Program.git("reset", "--quiet", "--hard", "HEAD~1", in: west)
    try Program.git("config", "gpg.format", "ssh", in: west)
    try Program.git("config", "user.signingKey", anna + ".pub", in: west)
    _ = try promote("-S")
    try regions.succeed(["mirror", west, east])
    #expect(try !Program.git("cat-file", "commit", "HEAD", in: east).contains("gpgsig"))
    // A person may stand by one that is not signed.
    try regions.folder.write(
      regions.folder.read(path).replacing(
        "\"repository\": \"\(west)\"", with: "\"repository\": \"\(west)/\""), to: path)
    try Program.git("commit", "--quiet", "-am", "Another place", in: west)
    let other = try Program.git("rev-parse", "HEAD", in: west)
    #expect(try regions.run(["mirror", west, east]).status == 4)
    #expect(try regions.run(["mirror", west, east, "--allow-unsigned", "HEAD"]).status == 64)
    try regions.succeed(["mirror", west, east, "--allow-unsigned", other])
    #expect(try regions.mirroredTree("east") == regions.mirroredTree("west"))
  }

  @Test func `an epoch only rises, in what is pushed and in what is mirrored`() throws {
    let fleet = try PushedFleet()
    try fleet.promote("anna", primary: "east", number: 3, id: "c")
    try fleet.accepted("anna")
    #expect(try waitUntil { try fleet.worker() == nil })
    for (number, id, primary, words) in [
      (2, "d", "east", "lowers the epoch from 3 to 2"), (3, "d", "west", "epoch 3 with another id"),
      (3, "c", "west", "keeps the epoch 3"), (4, "c", "west", "keeps the id c"),
    ] {
      try fleet.promote("anna", primary: primary, number: number, id: id)
      let push = try fleet.push("anna")
      #expect(push.status != 0 && push.errors.contains(words), "\(push.errors)")
      #expect(push.errors.contains("(epoch, commit"), "\(push.errors)")
      // Raising it again afterwards hides nothing.
      try fleet.promote("anna", primary: "east", number: 5, id: "e")
      #expect(try fleet.push("anna").errors.contains(words))
      try Program.git("reset", "--quiet", "--hard", "HEAD~2", in: fleet.folder["anna"])
    }
    try Program.git("revert", "--no-edit", "HEAD", in: fleet.folder["anna"])
    #expect(try fleet.push("anna").errors.contains("lowers the epoch from 3 to 1"))
    try Program.git("reset", "--quiet", "--hard", "HEAD~1", in: fleet.folder["anna"])
    try Program.git("rm", "--quiet", "mirrored/fleet.json", in: fleet.folder["anna"])
    try Program.git("commit", "--quiet", "-m", "No fleet", in: fleet.folder["anna"])
    #expect(try fleet.push("anna").errors.contains("a fleet that was begun stays one"))
    // In a region itself no hook asks; the mirror does.
    try fleet.promote("west", primary: "east", number: 2, id: "b")
    let mirror = try fleet.regions.run(["mirror", fleet.west, fleet.east])
    #expect(mirror.status == 4 && mirror.errors.contains("lowers the epoch from 3 to 2"), "\(mirror.errors)")
    let rollback = try fleet.regions.run(["rollback", "HEAD", "-C", fleet.east])
    #expect(rollback.status == 4 && rollback.errors.contains("nothing to take back"), "\(rollback.errors)")
  }

  @Test func `the log tells who was primary from when to when, why and by whom`() throws {
    let fleet = try PushedFleet()
    try fleet.promote("west", number: 2, reason: "the cooling failed")
    try fleet.regions.succeed(["mirror", "-C", fleet.west])
    for region in ["east", "west"] {
      let text = try fleet.regions.succeed(["log", "--roles", "-C", fleet.regions[region]])
      let lines = text.split(separator: "\n").map(String.init)
      #expect(lines.count == 2, "\(text)")
      #expect(lines[0].hasPrefix("epoch 2\twest\tsince "), "\(text)")
      #expect(lines[0].hasSuffix("\tby Tess Ter\tfailover: the cooling failed"), "\(text)")
      #expect(lines[1].hasPrefix("epoch 1\teast\tsince ") && lines[1].contains(" until "), "\(text)")
      let json = try fleet.regions.succeed(["log", "--roles", "--json", "-C", fleet.regions[region]])
      let roles = try json.split(separator: "\n").map {
        try #require(JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
      }
      #expect(roles.map { $0["primary"] as? String } == ["west", "east"])
      #expect(
        roles[0]["reason"] as? String == "the cooling failed" && roles[0]["cause"] as? String == "failover")
      #expect(roles[1]["until"] as? String == roles[0]["since"] as? String)
      #expect(roles[0]["until"] is NSNull && roles[0]["version"] as? Int == 1)
      // The commit is the one that was made, not its replay.
      let commit = try #require(roles[0]["commit"] as? String)
      #expect(try Program.git("log", "-1", "--format=%s", commit, in: fleet.west) == "Promote west")
      #expect(try Program.git("rev-parse", "HEAD", in: fleet.west) == commit)
    }
  }
}

extension PushedFleet {
  /// Commits a fleet with another epoch in a clone, or in a region itself.
  fileprivate func promote(_ place: String, primary: String, number: Int, id: String) throws {
    let file = "\(place)/mirrored/fleet.json"
    let text = try folder.read(file)
      .replacing(/"id": "[^"]*"/, with: "\"id\": \"\(id)\"")
      .replacing(/"number": [0-9]+/, with: "\"number\": \(number)")
      .replacing(/"primary": "[^"]*"/, with: "\"primary\": \"\(primary)\"")
    try folder.write(text, to: file)
    try Program.git("commit", "--quiet", "--all", "-m", "Epoch \(number) \(id)", in: folder[place])
  }
}

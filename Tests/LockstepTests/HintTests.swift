import Foundation
import Support
import Testing

/// Words on errors: each names the thing, and what it hints at can be pasted.
@Suite struct HintTests {
  @Test func `a folder that is none is named, whichever argument of diff it is`() throws {
    let regions = try TwoRegions()
    for arguments in [["diff", "east", "west/nothing"], ["diff", "west/nothing", "east"]] {
      let outcome = try regions.run(arguments)
      #expect(
        outcome.status == 1 && outcome.errors.contains("error: west/nothing is no folder"),
        "\(outcome.errors)")
    }
  }

  @Test func `a URL where a folder is wanted is told from a folder that is not there`() throws {
    let regions = try TwoRegions()
    for command in [["verify"], ["audit", "verify"]] {
      let url = try regions.run(command + ["ssh://nowhere.example/east", "west"])
      #expect(url.status == 1 && url.errors.contains("is on another machine"), "\(url.errors)")
      #expect(url.errors.contains("git clone ssh://nowhere.example/east FOLDER"), "\(url.errors)")
      #expect(!url.errors.contains("lockstep init"), "\(url.errors)")
    }
  }

  @Test func `clones can be compared and audited`() throws {
    let regions = try TwoRegions()
    try regions.publish()
    try regions.mirrorAndApply()
    try Program.git("clone", "--quiet", regions["west"], "clone", in: regions.folder.path)
    let audited = try regions.run(["audit", "verify", "east", "clone"])
    #expect(audited.status == 0 && audited.errors.contains("derived 1 replayed commit"), "\(audited.errors)")
    #expect(try regions.run(["verify", "east", "clone"]).status == 0)
  }

  @Test(.enabled(if: getuid() == 0 && Program.has("setpriv"), "only root can become somebody else"))
  func `a repository that may not be read is no place for a new region`() throws {
    let regions = try TwoRegions()
    chmod(regions["east"], 0)
    defer { chmod(regions["east"], 0o755) }
    let outcome = try Program.run(
      "setpriv",
      [
        "--reuid", "65534", "--regid", "65534", "--clear-groups", Program.lockstep, "status", "-C",
        regions["east"],
      ])
    #expect(outcome.status == 1, "\(outcome.errors)")
    #expect(
      outcome.errors.contains("cannot be read: this user may not look into \(regions["east"])"),
      "\(outcome.errors)")
    #expect(!outcome.errors.contains("lockstep init"), "\(outcome.errors)")
  }

  @Test(.enabled(if: getuid() == 0 && Program.has("setpriv"), "only root can become somebody else"))
  func `a peer that may not be read is not said to be gone`() throws {
    let regions = try TwoRegions()
    try regions.succeed(["fleet", "add", "west", regions["west"], "-C", regions["east"]])
    try FileManager.default.createDirectory(
      atPath: regions.folder["closed"], withIntermediateDirectories: false)
    let place = regions.folder["closed/west"]
    try FileManager.default.moveItem(atPath: regions["west"], toPath: place)
    try Program.git("config", "lockstep.peer-west.repository", place, in: regions["east"])
    chmod(regions.folder["closed"], 0)
    defer { chmod(regions.folder["closed"], 0o755) }
    try Program.run("chown", ["-R", "65534:65534", regions["east"]])
    for command in [["mirror"], ["switchover", "west"]] {
      let outcome = try Program.run(
        "setpriv",
        ["--reuid", "65534", "--regid", "65534", "--clear-groups", Program.lockstep] + command
          + ["-C", regions["east"]], environment: ["HOME": regions.folder.path])
      #expect(
        outcome.errors.contains(
          "\(place) cannot be read: this user may not look into \(regions.folder["closed"])"),
        "\(outcome.errors)")
      #expect(
        outcome.errors.contains("ls -ld \(regions.folder["closed"])") && !outcome.errors.contains("moved"),
        "\(outcome.errors)")
    }
  }

  @Test func `a region in no fleet is told how it comes into one, before how to begin one`() throws {
    let regions = try TwoRegions()
    let (east, west) = (regions["east"], regions["west"])
    let none = try regions.run(["mirror", "-C", west])
    #expect(none.errors.contains("lockstep mirror PRIMARY \(west); to begin one"), "\(none.errors)")
    try Program.git("config", "lockstep.peer-east.repository", east, in: west)
    let known = try regions.run(["mirror", "-C", west])
    #expect(known.errors.contains("lockstep mirror \(east) \(west); to begin one"), "\(known.errors)")
  }

  @Test func `what is said of traffic can be pasted where the person is`() throws {
    let regions = try TwoRegions()
    let east = regions["east"]
    try regions.succeed(["fleet", "add", "west", regions["west"], "-C", east])
    try Program.git("config", "lockstep.traffic", "haproxy", in: east)
    func expectHint(_ words: String) throws {
      let said = try regions.run(["traffic", "show", "-C", east]).errors
      #expect(said.contains(words) && !said.contains("|"), "\(words): \(said)")
    }
    try expectHint("git -C \(east) config --add lockstep.haproxy.socket")
    try Program.git("config", "lockstep.haproxy.socket", regions.folder["none.sock"], in: east)
    try expectHint("--probe-path /PATH -C \(east)")
    try regions.succeed([
      "fleet", "traffic", "origin", "--host-name", "a.example.com", "--probe-path", "/", "-C", east,
    ])
    try expectHint("lockstep fleet set east --origin URL -C \(east)")
    try Program.git("config", "lockstep.traffic", "nonsense", in: east)
    try expectHint("git -C \(east) config lockstep.traffic haproxy;")
  }

  @Test func `a peer whose folder is gone is said to be gone`() throws {
    let regions = try TwoRegions()
    try regions.publish()
    try regions.succeed(["fleet", "add", "west", regions["west"], "-C", regions["east"]])
    try FileManager.default.moveItem(atPath: regions["west"], toPath: regions.folder["moved"])
    let mirrored = try regions.run(["mirror", "-C", regions["east"]])
    #expect(
      mirrored.errors.contains("region west is not at \(regions["west"]): there is no such folder")
        && mirrored.errors.contains("git -C \(regions["east"]) config lockstep.peer-west.repository PLACE"),
      "\(mirrored.errors)")
    let shown = try regions.run(["status", "--no-drift", "-C", regions["east"]])
    #expect(
      shown.status == 2
        && shown.output.contains("git -C \(regions["east"]) config lockstep.peer-west.repository PLACE"),
      "\(shown.output)")
  }

  @Test func `the usage of the very command is shown for an argument that is wrong`() throws {
    let regions = try TwoRegions()
    for arguments in [["diff", "a...b", "-C", regions["east"]], ["rollback", "..b", "-C", regions["east"]]] {
      let outcome = try regions.run(arguments)
      #expect(
        outcome.status == 64 && outcome.errors.contains("Usage: lockstep \(arguments[0]) "),
        "\(outcome.errors)")
    }
  }

  @Test func `a choice for a resource that is nowhere is reported beside a conflict`() throws {
    let regions = try TwoRegions()
    try regions.publish()
    try regions.succeed(["fleet", "add", "west", regions["west"], "-C", regions["east"]])
    try regions.mirrorAndApply()
    try regions.commitFilter("a", bitrate: 2)
    try regions.commitFilter("a", bitrate: 3, in: "west")
    for arguments in [["mirror", regions["west"], regions["east"]], ["mirror", "-C", regions["east"]]] {
      let outcome = try regions.run(
        arguments + ["--prefer", "account-filter/typo=source", "--prefer", "asset/film=source"])
      #expect(outcome.status == 4)
      #expect(
        outcome.errors.contains("--prefer account-filter/typo: neither region has such a resource"),
        "\(outcome.errors)")
      #expect(!outcome.errors.contains("--prefer asset/film"), "\(outcome.errors)")
    }
  }

  @Test func `a hint can be pasted where a folder's name has a space`() throws {
    let folder = try TemporaryFolder()
    let place = folder["two words"]
    let made = try Program.run(
      Program.lockstep,
      [
        "init", place, "--region", "east", "--account", "folder:\(folder["account"])", "--user",
        "Tess Ter <tess@example.com>",
      ], in: folder.path)
    #expect(made.status == 0, "\(made.errors)")
    let outcome = try Program.run(Program.lockstep, ["rollback", "nosuch", "-C", place], in: folder.path)
    #expect(outcome.status == 1 && outcome.errors.contains("'nosuch' names no commit"), "\(outcome.errors)")
    let hint = try #require(outcome.errors.split(separator: "\n").first { $0.hasPrefix("hint: ") })
    let command = try #require(hint.firstRange(of: "git -C ")).lowerBound
    let pasted = try Program.run("sh", ["-c", String(hint[command...])])
    #expect(pasted.status == 0 && pasted.output.contains("Begin region east"), "\(hint): \(pasted.errors)")
  }

  @Test func `what account and branch changed to different ends is settled as the hint says`() throws {
    let regions = try TwoRegions()
    let east = regions["east"]
    let path = "east-account/account/account-filters/f.json"
    try regions.commitFilter("f", bitrate: 1)
    try regions.succeed(["apply", "-C", east])
    try regions.commitFilter("f", bitrate: 2)
    try regions.folder.write(regions.folder.read(path).replacing("1", with: "3"), to: path)
    let refused = try regions.run(["capture", "-C", east])
    #expect(refused.status == 4 && refused.errors.contains("to different ends"), "\(refused.errors)")
    let hint = try #require(refused.errors.split(separator: "\n").first { $0.hasPrefix("hint: ") })
    let command = hint[try #require(hint.firstRange(of: "git -C ")).lowerBound...].prefix { $0 != ";" }
    let folder = (Program.lockstep as NSString).deletingLastPathComponent
    let pasted = try Program.run("sh", ["-c", "PATH=\(folder):$PATH; \(command)"])
    #expect(pasted.status == 0, "\(hint): \(pasted.errors)")
    #expect(try regions.folder.read("east/mirrored/account-filters/f.json").contains("3"))
    let diff = try #require(hint.split(separator: "see the account's then: ").last).split(separator: " ")
      .dropFirst()
    #expect(try regions.succeed(diff.map(String.init) + ["--text"]).contains("bitrate: 2 -> 3"), "\(hint)")
    try regions.succeed(["apply", "-C", east])
    try regions.succeed(["drift", "-C", east])
  }

  @Test func `one byte is one byte`() throws {
    let regions = try TwoRegions()
    try regions.film("film", ["a.mp4": "1"])
    let outcome = try regions.run([
      "publish", regions.folder["film"], "-C", regions["east"], "--asset", "film",
    ])
    #expect(
      outcome.status == 0 && outcome.errors.contains("published 1 file (1 byte) of"), "\(outcome.errors)")
  }

  @Test func `what a mirror that joins, waits or refuses hints at brings the regions into step`() throws {
    let regions = try TwoRegions()
    try regions.publish()
    try regions.succeed(["fleet", "add", "west", regions["west"], "-C", regions["east"]])
    try regions.mirrorAndApply()
    let there = regions.folder["elsewhere"]
    try FileManager.default.createDirectory(atPath: there, withIntermediateDirectories: true)
    // Each is pasted in a folder that has nothing to do with the regions.
    func paste(_ errors: String) throws {
      let hint = try #require(errors.split(separator: "\n").first { $0.hasPrefix("hint: ") })
      let words = hint[try #require(hint.firstRange(of: "lockstep mirror ")).upperBound...].prefix {
        $0 != ";"
      }
      let pasted = try Program.run("sh", ["-c", "\(Program.lockstep) mirror \(words)"], in: there)
      #expect(pasted.status == 0, "\(hint): \(pasted.errors)")
    }
    let (east, west) = (regions["east"], regions["west"])
    for (number, arguments) in [[west, east], [east, west], [east, west, "--one-way"]].enumerated() {
      try regions.commitFilter("a\(number)", bitrate: 1)
      try regions.commitFilter("b\(number)", bitrate: 1, in: "west")
      try paste(regions.run(["mirror"] + arguments).errors)
      try regions.succeed(["mirror", east, west])
      #expect(try regions.mirroredTree("east") == regions.mirroredTree("west"))
    }
  }

  @Test func `a rollback says how the other regions follow, where there are any`() throws {
    let regions = try TwoRegions()
    try regions.commitFilter("a", bitrate: 2)
    let alone = try regions.run(["rollback", "HEAD", "-C", regions["east"]])
    #expect(
      alone.errors.contains("lockstep apply") && !alone.errors.contains("lockstep mirror"), "\(alone.errors)")
    try regions.succeed(["fleet", "add", "west", regions["west"], "-C", regions["east"]])
    try regions.commitFilter("a", bitrate: 3)
    let outcome = try regions.run(["rollback", "HEAD", "-C", regions["east"]])
    #expect(outcome.errors.contains("lockstep mirror -C \(regions["east"])"), "\(outcome.errors)")
  }

  @Test func `why a mirror failed stays known while another process works in the region`() throws {
    let fleet = try PushedFleet()
    try fleet.set("lockstep.pushWaitSeconds", "60")
    try fleet.commit("a", bitrate: 3, in: "west")
    try fleet.commit("a", bitrate: 2, in: "anna")
    try fleet.accepted("anna")
    #expect(
      try fleet.check().problems.contains("do not go together")
        || fleet.check().problems.contains("does not go together"))
    let holder = try fleet.hold("east")
    defer { holder.stop() }
    let locked = try fleet.regions.run(["mirror", "-C", fleet.east])
    #expect(locked.errors.contains("is being worked on"), "\(locked.errors)")
    let problems = try fleet.check().problems
    #expect(problems.contains("not go together") && !problems.contains("is being worked on"), "\(problems)")
  }
}

import Foundation
import Support
import Testing

/// Plain `git clone`s of a region's repository: what can be read in them, what they are told, and mirrors from them.
@Suite struct CloneTests {
  /// Two regions in step, and a clone of west, which replays what east did.
  private struct World {
    let regions: TwoRegions
    var folder: TemporaryFolder { regions.folder }
    var clone: String { folder["clone"] }

    init() throws {
      regions = try TwoRegions()
      try regions.publish()
      try regions.mirrorAndApply()
      for bitrate in [1, 2] { try filter(bitrate, in: "west") }
      try Program.git("clone", "--quiet", regions["west"], "clone", in: regions.folder.path)
    }

    func filter(_ bitrate: Int, in place: String) throws {
      let file = "\(place)/mirrored/account-filters/f.json"
      try folder.write(#"{"name": "f", "properties": {"firstQuality": {"bitrate": \#(bitrate)}}}"#, to: file)
      try regions.succeed(["fmt", folder[file]])
      try Program.git("add", "-A", in: folder[place])
      try Program.git("commit", "--quiet", "-m", "Filter at \(bitrate)", in: folder[place])
    }
  }

  @Test func `diff and a rollback's dry run read clones as log does, and write nothing there`() throws {
    let world = try World()
    let west = world.regions["west"]
    for arguments in [
      ["diff", "--text", "HEAD~1..HEAD"], ["diff", "--text", "HEAD~1"], ["rollback", "HEAD", "--dry-run"],
      ["rollback", "--to", "HEAD~2", "--dry-run"],
    ] {
      let there = try world.regions.run(arguments + ["-C", west])
      let here = try world.regions.run(arguments + ["-C", world.clone])
      #expect(there.status == 0 && there.output.contains("account-filter/f"), "\(there.errors)")
      #expect(here.status == 0 && here.output == there.output, "\(arguments): \(here.errors)")
    }
    #expect(try world.regions.succeed(["diff", "--text", world.clone, west]) == "")
    #expect(
      try world.regions.succeed(["diff", "--text", world.regions["east"], world.clone]).hasPrefix("added"))
    #expect(
      try world.regions.run(["diff", "--text", "-C", world.clone]).status == 64, "no account, no live commit")
    #expect(!world.folder.has("clone/.git/lockstep"), "nothing is kept in a clone")
    #expect(try Program.git("status", "--porcelain", in: world.clone) == "")
  }

  @Test func `a clone is told that it is one, and how it becomes the region`() throws {
    let world = try World()
    let commands = [["capture"], ["apply"], ["plan"], ["status"], ["watch"], ["rollback", "HEAD"]]
    for command in commands {
      let outcome = try world.regions.run(command + ["-C", world.clone])
      #expect(
        outcome.status == 1 && outcome.errors.contains("is a clone of region west"), "\(outcome.errors)")
      #expect(outcome.errors.contains(world.regions["west"]) && !outcome.errors.contains("lockstep init"))
    }
    try Program.git("init", "--quiet", "other", in: world.folder.path)
    let other = try world.regions.run(["status", "-C", world.folder["other"]])
    #expect(
      other.errors.contains("not a region's") && other.errors.contains("lockstep init"), "\(other.errors)")
    // The region is lost; the clone takes its place as it is told to.
    try FileManager.default.moveItem(atPath: world.regions["west"], toPath: world.folder["lost"])
    try Program.git("config", "lockstep.region", "west", in: world.clone)
    try Program.git("config", "lockstep.account", "folder:\(world.folder["west-account"])", in: world.clone)
    try world.regions.succeed(["capture", "-C", world.clone])
    try world.regions.succeed(["mirror", world.clone, world.regions["east"]])
    try world.regions.succeed(["verify", world.clone, world.regions["east"]])
  }

  @Test func `a clone is a source by its URL, once it has the originals`() throws {
    let world = try World()
    let url = "file://\(world.clone)"
    try world.regions.succeed([
      "init", world.folder["north"], "--region", "north", "--account",
      "folder:\(world.folder["north-account"])", "--user", "Tess Ter <tess@example.com>",
    ])
    let north = world.folder["north"]
    let refused = try world.regions.run(["mirror", url, north])
    #expect(
      refused.status == 1 && refused.errors.contains("that original is not in its"), "\(refused.errors)")
    let mend = try #require(refused.errors.firstMatch(of: /git (fetch origin '\S+')/)?.output.1)
    try Program.run("sh", ["-c", "git -C '\(world.clone)' \(mend)"])
    try world.regions.succeed(["mirror", url, north])
    try world.regions.succeed(["verify", world.regions["west"], north])
    #expect(try Program.git("config", "lockstep.peer-west.repository", in: north) == url)
    // A URL of the region itself is its folder.
    try world.regions.succeed(["mirror", "file://\(world.regions["west"])", world.regions["east"]])
    #expect(
      try Program.git("config", "lockstep.peer-west.repository", in: world.regions["east"])
        == world.regions["west"])
    // One who mirrors from a clone writes nothing into it.
    let head = try Program.git("rev-parse", "HEAD", in: world.clone)
    try world.regions.succeed(["fleet", "add", "west", url, "-C", north])
    let fleet = try world.regions.run(["mirror", "-C", north])
    #expect(
      fleet.status == 0 && fleet.errors.contains("region west is on another machine"), "\(fleet.errors)")
    #expect(try Program.git("rev-parse", "HEAD", in: world.clone) == head)
  }

  @Test func `an empty remote is named as one`() throws {
    let world = try World()
    try Program.git("init", "--quiet", "--bare", "empty.git", in: world.folder.path)
    let url = "file://\(world.folder["empty.git"])"
    let outcome = try world.regions.run(["mirror", url, world.regions["east"]])
    #expect(outcome.status == 1, "\(outcome.errors)")
    #expect(
      outcome.errors.contains("\(url) has no commit on the branch that its HEAD names")
        && outcome.errors.contains("hint: push the region there"), "\(outcome.errors)")
    // As the hint says.
    try Program.git("push", "--quiet", url, "HEAD", in: world.regions["west"])
    try Program.git("symbolic-ref", "HEAD", "refs/heads/main", in: world.folder["empty.git"])
    try Program.git(
      "push", "--quiet", url, "refs/lockstep/sources/*:refs/lockstep/sources/*", in: world.regions["west"])
    try world.regions.succeed(["mirror", url, world.regions["east"]])
    // Nothing there at all is another matter.
    let gone = try world.regions.run(["mirror", "file://\(world.folder["gone"])", world.regions["east"]])
    #expect(gone.status == 1 && gone.errors.contains("cannot fetch"), "\(gone.errors)")
  }

  @Test func `where a shallow clone ends is said, with the command that fetches the rest`() throws {
    let world = try World()
    let shallow = world.folder["shallow"]
    let west = world.regions["west"]
    try Program.git("clone", "--quiet", "--depth", "1", "file://\(west)", shallow, in: world.folder.path)
    let commands = [
      ["log"], ["blame", "account-filter/f"], ["diff", "--text", "HEAD~1..HEAD"],
      ["rollback", "HEAD", "--dry-run"],
      ["rollback", "--to", "HEAD~1", "--dry-run"],
    ]
    func expectCut(_ outcome: Program.Outcome) {
      #expect(outcome.status == 1, "\(outcome.output)")
      #expect(outcome.errors.contains("error: \(shallow) is a shallow clone"), "\(outcome.errors)")
      #expect(
        outcome.errors.contains("git -C \(shallow) fetch --unshallow")
          && !outcome.errors.contains("backup"),
        "\(outcome.errors)")
    }
    for command in commands { expectCut(try world.regions.run(command + ["-C", shallow])) }
    #expect(try world.regions.run(["log", "-n", "0", "-C", shallow]).status == 0)
    // One that is to be the region from now on.
    try Program.git("config", "lockstep.region", "west", in: shallow)
    let verify = ["audit", "verify", world.regions["east"], shallow]
    expectCut(try world.regions.run(verify))
    // As it says.
    try Program.git("fetch", "--quiet", "--unshallow", in: shallow)
    for command in commands { try world.regions.succeed(command + ["-C", shallow]) }
    try world.regions.succeed(verify)
    // An object that is lost is another matter.
    let tree = try Program.git("rev-parse", "HEAD~1^{tree}", in: west)
    let file = "\(west)/.git/objects/\(tree.prefix(2))/\(tree.dropFirst(2))"
    try FileManager.default.removeItem(atPath: file)
    let lost = try world.regions.run(["log", "-C", west])
    #expect(lost.status == 1 && lost.errors.contains("git fsck"), "\(lost.errors)")
  }
}

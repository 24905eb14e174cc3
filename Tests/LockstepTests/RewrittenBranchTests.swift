import Foundation
import Support
import Testing

/// A branch that somebody rewrote after it was applied: what it lacks was taken out of it, not captured.
@Suite struct RewrittenBranchTests {
  /// A replay in west that was amended and applied, so that its trailer is false; east has a change since.
  private func amended() throws -> TwoRegions {
    let regions = try TwoRegions()
    try regions.publish()
    try regions.succeed(["fleet", "add", "west", regions["west"], "-C", regions["east"]])
    try regions.mirrorAndApply()
    try regions.commitFilter("a", bitrate: 1)
    try regions.mirrorAndApply()
    try Program.git(
      "commit", "--quiet", "--amend", "--no-edit", "--date=2020-01-01T00:00:00Z", in: regions["west"])
    try regions.succeed(["apply", "-C", regions["west"]])
    try regions.commitFilter("a", bitrate: 2)
    let refused = try regions.run(["mirror", "-C", regions["east"]])
    #expect(refused.status == 4 && refused.errors.contains("take the commit out"), "\(refused.errors)")
    return regions
  }

  @Test(arguments: ["source", "target"])
  func `taking a false trailer out as advised leads on, whichever side counts`(side: String) throws {
    let regions = try amended()
    let (east, west) = (regions["east"], regions["west"])
    try Program.git("reset", "--quiet", "--soft", "HEAD~1", in: west)
    try Program.git("commit", "--quiet", "-m", "Again", in: west)
    try regions.succeed(["mirror", west, east, "--prefer", side])
    try regions.succeed(["mirror", "-C", east])
    try regions.succeed(["apply", "-C", west])
    try regions.succeed(["plan", "-C", west])
    try regions.succeed(["mirror", "-C", east])
    #expect(try regions.mirroredTree("east") == regions.mirroredTree("west"))
    let account = try regions.folder.read("west-account/account/account-filters/a.json")
    #expect(account.contains(side == "source" ? "1" : "2"), "\(account)")
  }

  @Test func `a capture does not bring back what was taken out, and what was captured is kept`() throws {
    let regions = try amended()
    let west = regions["west"]
    try Program.git("reset", "--quiet", "--soft", "HEAD~1", in: west)
    try Program.git("commit", "--quiet", "-m", "Again", in: west)
    let head = try Program.git("rev-parse", "HEAD", in: west)
    try regions.succeed(["capture", "-C", west])
    #expect(try Program.git("rev-parse", "HEAD", in: west) == head)
    try regions.succeed(["apply", "-C", west])
    // What was captured and is not in the branch was made by somebody else: no apply undoes it.
    try regions.folder.write(
      #"{"name": "made-there", "properties": {"firstQuality": {"bitrate": 1}}}"#,
      to: "west-account/account/account-filters/made-there.json")
    try regions.succeed(["capture", "-C", west])
    try Program.git("reset", "--quiet", "--hard", "HEAD~1", in: west)
    let refused = try regions.run(["apply", "-C", west])
    #expect(refused.status == 4 && refused.errors.contains("lockstep capture -C "), "\(refused.errors)")
    try regions.succeed(["capture", "-C", west])
    #expect(regions.folder.has("west/mirrored/account-filters/made-there.json"))
  }

  @Test(arguments: ["reset --keep", "merge -s ours"])
  func `a mirrored commit that was rewritten is told once, and either way on that is advised works`(
    way: String
  ) throws {
    let regions = try TwoRegions()
    let east = regions["east"]
    try regions.publish()
    try regions.succeed(["fleet", "add", "west", regions["west"], "-C", east])
    try regions.mirrorAndApply()
    try Program.git("commit", "--quiet", "--amend", "-m", "Another story", in: east)
    let refused = try regions.run(["mirror", "-C", east])
    #expect(refused.status == 4, "\(refused.errors)")
    #expect(refused.errors.components(separatedBy: "error: ").count == 2, "\(refused.errors)")
    #expect(refused.errors.contains("was rewritten"), "\(refused.errors)")
    let command = try #require(refused.errors.firstRange(of: "git -C \(east) \(way) "))
    let commit = refused.errors[command.upperBound...].prefix { $0.isHexDigit }
    try Program.git(
      way.split(separator: " ").map(String.init) + (way.hasPrefix("merge") ? ["--no-edit"] : [])
        + [String(commit)], in: east)
    try regions.succeed(["mirror", "-C", east])
    try regions.succeed(["status", "--check", "-C", east])
  }

  @Test func `a branch that was set back is brought forward as advised`() throws {
    let regions = try TwoRegions()
    let east = regions["east"]
    try regions.publish()
    try regions.succeed(["fleet", "add", "west", regions["west"], "-C", east])
    try regions.commitFilter("a", bitrate: 1)
    try regions.mirrorAndApply()
    let head = try Program.git("rev-parse", "HEAD", in: east)
    try Program.git("reset", "--quiet", "--hard", "HEAD~1", in: east)
    for mirror in [["-C", east], [east, regions["west"]], [regions["west"], east]] {
      let refused = try regions.run(["mirror"] + mirror)
      #expect(refused.status == 4 && refused.errors.contains("was set back"), "\(refused.errors)")
      #expect(refused.errors.contains("git -C \(east) merge --ff-only \(head)"), "\(refused.errors)")
    }
    try Program.git("merge", "--quiet", "--ff-only", head, in: east)
    try regions.succeed(["mirror", "-C", east])
  }

  @Test func `a repository that was made anew gets its history back as advised`() throws {
    let regions = try TwoRegions()
    let (east, west) = (regions["east"], regions["west"])
    try regions.publish()
    try regions.succeed(["fleet", "add", "west", west, "-C", east])
    try regions.mirrorAndApply()
    let head = try Program.git("rev-parse", "HEAD", in: east)
    for mirror in [["-C", west], [east, west], [west, east]] {
      for path in [east, east + "-account"] { try FileManager.default.removeItem(atPath: path) }
      try regions.succeed([
        "init", east, "--region", "east", "--account", "folder:\(east)-account", "--user",
        "An Other <o@example.com>",
      ])
      let refused = try regions.run(["mirror"] + mirror)
      #expect(refused.status == 4 && refused.errors.contains("was made anew"), "\(refused.errors)")
      #expect(refused.errors.contains(head), "\(refused.errors)")
      let command = try #require(refused.errors.firstRange(of: "git -C \(east) fetch"))
      let pasted = try Program.run("sh", ["-c", String(refused.errors[command.lowerBound...])])
      #expect(pasted.status == 0, "\(pasted.errors)")
      #expect(try Program.git("rev-parse", "HEAD", in: east) == head)
    }
    try Program.git("config", "lockstep.peer-west.repository", west, in: east)
    try regions.succeed(["capture", "-C", east])
    try regions.succeed(["apply", "-C", east])
    try regions.succeed(["mirror", "-C", east])
    try regions.succeed(["verify", east, west, "--deep"])
  }
}

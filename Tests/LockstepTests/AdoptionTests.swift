import Foundation
import Support
import Testing

/// Accounts of which a repository does not know what they match: services, and clones that become the region.
@Suite struct AdoptionTests {
  /// East in a fleet with a west whose account held something before, mirrored before west was ever captured.
  private func mirroredFirst() throws -> TwoRegions {
    let regions = try TwoRegions()
    try regions.publish()
    try FileManager.default.removeItem(atPath: regions["west"])
    try filter("own", 1, in: "west-account", of: regions)
    try regions.succeed([
      "init", regions["west"], "--region", "west", "--account", "folder:\(regions["west"])-account",
      "--user", "Tess Ter <tess@example.com>",
    ])
    try regions.succeed(["fleet", "add", "west", regions["west"], "-C", regions["east"]])
    return regions
  }

  private func filter(_ name: String, _ bitrate: Int, in account: String, of regions: TwoRegions) throws {
    try regions.folder.write(
      #"{"name": "\#(name)", "properties": {"firstQuality": {"bitrate": \#(bitrate)}}}"#,
      to: "\(account)/account/account-filters/\(name).json")
  }

  @Test func `what a new account lacks was not removed from it, and is applied`() throws {
    let regions = try mirroredFirst()
    let (east, west) = (regions["east"], regions["west"])
    try regions.succeed(["mirror", "-C", east])
    let drift = try regions.run(["drift", "-C", west])
    #expect(drift.status == 2 && drift.output.contains("own"), "\(drift.output)")
    #expect(!drift.output.contains("film"), "\(drift.output)")
    let captured = try regions.run(["capture", "-C", west])
    #expect(captured.status == 0, "\(captured.errors)")
    #expect(captured.output == "added account-filter/own\n", "\(captured.output)")
    try regions.succeed(["mirror", "-C", east])
    #expect(regions.folder.has("east/mirrored/account-filters/own.json"))
    #expect(try regions.mirroredTree("east") == regions.mirroredTree("west"))
    for region in [east, west] { try regions.succeed(["apply", "-C", region]) }
    try regions.succeed(["verify", east, west, "--deep"])
    try regions.succeed(["status", "-C", east])
    try Program.git("fsck", "--strict", in: west)
  }

  @Test func `an account that has it otherwise is for a person to settle`() throws {
    let regions = try mirroredFirst()
    let west = regions["west"]
    try filter("own", 2, in: "east-account", of: regions)
    try regions.succeed(["capture", "-C", regions["east"]])
    try regions.succeed(["mirror", "-C", regions["east"]])
    let head = try Program.git("rev-parse", "HEAD", in: west)
    let refused = try regions.run(["capture", "-C", west])
    #expect(refused.status == 4 && refused.errors.contains("account-filters/own.json"), "\(refused.errors)")
    #expect(refused.errors.contains("lockstep capture -C \(west) --force-deletions"), "\(refused.errors)")
    #expect(try Program.git("rev-parse", "HEAD", in: west) == head)
    // The account counts, with all that it lacks.
    let taken = try regions.succeed(["capture", "-C", west, "--force-deletions"])
    #expect(taken.contains("removed asset/film") && taken.contains("changed account-filter/own"), "\(taken)")
  }

  @Test func `secrets of a new account are sealed under the fleet's key, and its names are kept`() throws {
    let regions = try mirroredFirst()
    let (east, west) = (regions["east"], regions["west"])
    try regions.restrictKeysByTokens()
    try regions.succeed(["capture", "-C", east])
    let policy = try regions.folder.read("east-account/account/content-key-policies/tokens.json")
    try regions.folder.write(
      policy.replacingOccurrences(of: "AAAA", with: "BBBB").replacingOccurrences(of: "tokens", with: "own"),
      to: "west-account/account/content-key-policies/own.json")
    try regions.succeed(["mirror", "-C", east])
    try regions.succeed(["capture", "-C", west])
    let keys = try Program.git("ls-files", "mirrored/sealing", in: west)
    #expect(try keys == Program.git("ls-files", "mirrored/sealing", in: east))
    try regions.succeed(["hooks", "install", "-C", east])
    try regions.succeed(["mirror", "-C", east])
    for region in [east, west] { try regions.succeed(["apply", "-C", region]) }
    try regions.succeed(["verify", east, west, "--deep"])
    #expect(try regions.folder.read("west/local/region.json").contains("weststorage"))
  }

  @Test(arguments: [true, false])
  func `a clone that becomes the region starts from what its records say was applied`(
    hasRecords: Bool
  ) throws {
    let regions = try TwoRegions()
    try regions.publish()
    try regions.commitFilter("one", bitrate: 1)
    try regions.succeed(["apply", "-C", regions["east"]])
    // Committed, and not applied.
    try regions.commitFilter("one", bitrate: 2)
    try regions.commitFilter("two", bitrate: 2)
    let clone = regions.folder["clone"]
    try Program.git("clone", "--quiet", regions["east"], clone, in: regions.folder.path)
    if !hasRecords { try Program.git("update-ref", "-d", "refs/remotes/origin/lockstep/audit", in: clone) }
    try Program.git("config", "lockstep.region", "east", in: clone)
    try Program.git("config", "lockstep.account", "folder:\(regions["east"])-account", in: clone)
    let captured = try regions.run(["capture", "-C", clone])
    guard hasRecords else {
      // Nobody can tell which of both is newer.
      #expect(captured.status == 4 && captured.errors.contains("one.json"), "\(captured.errors)")
      return
    }
    #expect(captured.status == 0 && captured.output.isEmpty, "\(captured.output)\(captured.errors)")
    let plan = try regions.run(["plan", "-C", clone])
    #expect(
      plan.output.contains("account-filter/one") && plan.output.contains("account-filter/two"),
      "\(plan.output)")
    try regions.succeed(["apply", "-C", clone])
    #expect(try regions.folder.read("east-account/account/account-filters/one.json").contains("2"))
  }

  // MARK: Accounts that are away, or others

  /// East and west in step, with three filters and a film.
  private func inStep() throws -> TwoRegions {
    let regions = try TwoRegions()
    for number in 1...3 { try filter("f\(number)", number, in: "east-account", of: regions) }
    try regions.succeed(["capture", "-C", regions["east"]])
    try regions.publish()
    try regions.succeed(["fleet", "add", "west", regions["west"], "-C", regions["east"]])
    try regions.mirrorAndApply()
    return regions
  }

  @Test func `an account that has lost most of what it held is not taken for what it is`() throws {
    let regions = try inStep()
    let west = regions["west"]
    let (control, disk) = (regions.folder["west-account/account"], regions.folder["disk"])
    let head = try Program.git("rev-parse", "HEAD", in: west)
    // A disk that is not mounted leaves an empty folder.
    try FileManager.default.moveItem(atPath: control, toPath: disk)
    try FileManager.default.createDirectory(atPath: control, withIntermediateDirectories: false)
    let refused = try regions.run(["capture", "-C", west])
    #expect(refused.status == 4 && refused.errors.contains("lacks 6 of the 6 resources"), "\(refused.errors)")
    #expect(refused.errors.contains("lockstep capture -C \(west) --force-deletions"), "\(refused.errors)")
    #expect(try Program.git("rev-parse", "HEAD", in: west) == head)
    try FileManager.default.removeItem(atPath: control)
    try FileManager.default.moveItem(atPath: disk, toPath: control)
    try regions.succeed(["capture", "-C", west])
    #expect(try Program.git("rev-parse", "HEAD", in: west) == head)
    // A few may go, and all where somebody says so.
    try FileManager.default.removeItem(
      atPath: regions.folder["west-account/account/account-filters/f1.json"])
    #expect(try regions.succeed(["capture", "-C", west]) == "removed account-filter/f1\n")
    for number in 2...3 {
      try FileManager.default.removeItem(
        atPath: regions.folder["west-account/account/account-filters/f\(number).json"])
    }
    try regions.succeed(["capture", "-C", west, "--force-deletions"])
  }

  @Test func `another account that is configured since holds nothing of the branch`() throws {
    let regions = try inStep()
    let west = regions["west"]
    let other = regions.folder["other-account"]
    try regions.succeed([
      "init", regions.folder["x"], "--region", "x", "--account", "folder:\(other)", "--user",
      "Tess Ter <tess@example.com>",
    ])
    let configured = try Program.git("config", "lockstep.account", in: west)
    try Program.git("config", "lockstep.account", "folder:\(other)", in: west)
    for command in ["plan", "apply"] {
      let refused = try regions.run([command, "-C", west])
      #expect(
        refused.status != 0 && refused.errors.contains("lockstep capture -C \(west)"), "\(refused.errors)")
    }
    let captured = try regions.run(["capture", "-C", west])
    #expect(
      captured.status == 0 && !captured.output.contains("removed"), "\(captured.output)\(captured.errors)")
    try regions.succeed(["apply", "-C", west])
    try regions.succeed(["mirror", "-C", regions["east"]])
    try regions.succeed(["verify", regions["east"], west, "--deep"])
    // And back: the records know the first one.
    try Program.git("config", "lockstep.account", configured, in: west)
    #expect(try regions.succeed(["capture", "-C", west]).isEmpty)
    #expect(try regions.run(["plan", "-C", west]).status == 0)
  }

  @Test func `a clone with a new account applies everything to it, under its own name or another one`() throws
  {
    let regions = try inStep()
    for name in ["east", "south"] {
      let clone = regions.folder["clone-\(name)"]
      try Program.git("clone", "--quiet", regions["east"], clone, in: regions.folder.path)
      let account = regions.folder["\(name)-new"]
      try regions.succeed([
        "init", regions.folder["made-\(name)"], "--region", name, "--account", "folder:\(account)", "--user",
        "Tess Ter <tess@example.com>",
      ])
      if name == "south" {
        let document = try regions.folder.read("clone-south/local/region.json")
        try regions.folder.write(
          document.replacingOccurrences(of: "east", with: "south"), to: "clone-south/local/region.json")
        try Program.git("commit", "--quiet", "--all", "-m", "South", in: clone)
      }
      try Program.git("config", "lockstep.region", name, in: clone)
      try Program.git("config", "lockstep.account", "folder:\(account)", in: clone)
      try Program.git("config", "lockstep.peer-west.repository", regions["west"], in: clone)
      let captured = try regions.run(["capture", "-C", clone])
      #expect(captured.status == 0 && captured.output.isEmpty, "\(captured.output)\(captured.errors)")
      #expect(try Program.git("config", "lockstep.branch", in: clone) == "main")
      try regions.succeed(["apply", "-C", clone])
      try regions.succeed(["verify", regions["east"], clone, "--deep"])
    }
  }

  @Test func `files that a standby has lost or damaged are not carried to the primary`() throws {
    let regions = try inStep()
    let (east, west) = (regions["east"], regions["west"])
    let folder = regions.folder["west-account/storage"]
    let paths = try FileManager.default.subpathsOfDirectory(atPath: folder).filter { $0.hasSuffix("a.mp4") }
    let file = "\(folder)/\(try #require(paths.first))"
    let whole = try Data(contentsOf: URL(fileURLWithPath: file))
    let head = try Program.git("rev-parse", "HEAD", in: west)
    for damaged in [nil, Data("other bytes".utf8)] {
      try FileManager.default.removeItem(atPath: file)
      try damaged?.write(to: URL(fileURLWithPath: file))
      let refused = try regions.run(["capture", "-C", west])
      #expect(refused.status == 4 && refused.errors.contains("asset/film: a.mp4"), "\(refused.errors)")
      #expect(try Program.git("rev-parse", "HEAD", in: west) == head)
      try whole.write(to: URL(fileURLWithPath: file))
      try regions.succeed(["capture", "-C", west])
    }
    #expect(try Program.git("rev-parse", "HEAD", in: west) == head)
    // Who publishes there puts other files in their places, and means it.
    try regions.film("anew", ["a.mp4": "one, encoded anew", "sub/b.mp4": "two"])
    try regions.succeed(["publish", regions.folder["anew"], "-C", west, "--asset", "film"])
    #expect(try Program.git("rev-parse", "HEAD", in: west) != head)
    // A new file is somebody's work, and what the primary's account is counts.
    try regions.folder.write("more", to: "west-account/storage/\(try #require(paths.first))-more")
    #expect(try regions.succeed(["capture", "-C", west]).contains("changed content/film"))
    try regions.succeed(["mirror", "-C", east])
    let own = try FileManager.default.subpathsOfDirectory(atPath: regions.folder["east-account/storage"])
      .first { $0.hasSuffix("a.mp4") }
    try regions.succeed(["apply", "-C", east])
    try FileManager.default.removeItem(atPath: regions.folder["east-account/storage/\(try #require(own))"])
    #expect(try regions.succeed(["capture", "-C", east]).contains("changed content/film"))
  }
}

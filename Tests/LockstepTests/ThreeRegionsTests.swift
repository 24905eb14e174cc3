import Foundation
import Support
import Testing

/// Three regions on one machine, set up as somebody would who has just read the help.
@Suite struct ThreeRegionsTests {
  private let regions: TwoRegions
  private let names = ["east", "north", "west"]
  private var folder: TemporaryFolder { regions.folder }

  init() throws {
    regions = try TwoRegions()
    try regions.succeed([
      "init", regions["north"], "--region", "north", "--account", "folder:\(regions["north"])-account",
      "--user", "Tess Ter <tess@example.com>",
    ])
    try regions.publish()
    for name in ["west", "north"] {
      try regions.succeed(["fleet", "add", name, regions[name], "-C", regions["east"]])
    }
    try regions.succeed(["mirror", "-C", regions["east"]])
    for name in names {
      try regions.succeed(["hooks", "install", "-C", regions[name]])
      try regions.succeed(["apply", "-C", regions[name]])
    }
  }

  private func way(to peer: String, from region: String) throws -> String {
    try Program.run("git", ["config", "lockstep.peer-\(peer).repository"], in: regions[region]).output
      .trimmingCharacters(in: .newlines)
  }

  private func filter(_ name: String, in region: String) throws {
    let file = "\(region)/mirrored/account-filters/\(name).json"
    try folder.write("{\n  \"name\": \"\(name)\",\n  \"properties\": {}\n}\n", to: file)
    try Program.git("add", "-A", in: regions[region])
    try Program.git("commit", "--quiet", "-m", "Filter \(name)", in: regions[region])
  }

  private func isInStep() throws -> Bool { try Set(names.map { try regions.mirroredTree($0) }).count == 1 }

  @Test func `each region knows the others, and every one of them can mirror and say that all is well`()
    throws
  {
    for region in names {
      for peer in names where peer != region {
        #expect(try way(to: peer, from: region) == regions[peer], "\(region) to \(peer)")
      }
      let status = try regions.run(["status", "-C", regions[region]])
      #expect(status.status == 0, "\(status.output)")
      #expect(names.allSatisfy { status.output.contains(regions[$0]) }, "\(status.output)")
      try filter("of-\(region)", in: region)
      let behind = try regions.run(["status", "--check", "-C", regions[region]])
      #expect(behind.status == 2, "\(behind.output)")
      // As it says.
      try regions.succeed(["mirror", "-C", regions[region]])
      #expect(try isInStep())
      for name in names {
        let check = try regions.run(["status", "--check", "-C", regions[name]])
        #expect(check.status == 0, "\(check.output)")
        try regions.succeed(["apply", "-C", regions[name]])
      }
    }
  }

  @Test(arguments: ["east", "north", "west"])
  func `a push into any of them reaches all`(region: String) throws {
    try Program.git("config", "lockstep.pushWaitSeconds", "60", in: regions[region])
    try Program.git("clone", "--quiet", regions[region], "clone", in: folder.path)
    try filter("pushed", in: "clone")
    let push = try Program.run("git", ["push", "origin", "HEAD"], in: folder["clone"])
    #expect(push.status == 0 && !push.errors.contains("failed"), "\(push.errors)")
    #expect(try isInStep())
    for name in names {
      let check = try regions.run(["status", "--check", "-C", regions[name]])
      #expect(check.status == 0, "\(check.output)")
    }
  }

  @Test func `a standby that does not know another one leaves it to the primary`() throws {
    for (region, peer) in [("west", "north"), ("north", "west")] {
      try Program.git("config", "--unset", "lockstep.peer-\(peer).repository", in: regions[region])
    }
    try filter("one", in: "west")
    try regions.succeed(["mirror", "-C", regions["west"]])
    let check = try regions.run(["status", "--check", "-C", regions["west"]])
    #expect(check.status == 0, "\(check.output)")
    // The primary sees what it has to do, and does it.
    let primary = try regions.run(["status", "--check", "-C", regions["east"]])
    #expect(
      primary.status == 2 && primary.output.contains("east and north are not in step"), "\(primary.output)")
    try regions.succeed(["mirror", "-C", regions["east"]])
    #expect(try isInStep())
  }

  @Test func `a region that moves or leaves is told to all, and a way that somebody chose stays`() throws {
    try Program.git(
      "config", "lockstep.peer-north.repository", "ssh://north.example.com/north", in: regions["west"])
    let moved = folder["moved"]
    try FileManager.default.moveItem(atPath: regions["north"], toPath: moved)
    try regions.succeed(["fleet", "add", "north", moved, "-C", regions["east"]])
    #expect(try way(to: "north", from: "east") == moved)
    #expect(try way(to: "north", from: "west") == "ssh://north.example.com/north")
    try Program.git("config", "lockstep.peer-north.repository", moved, in: regions["west"])
    try FileManager.default.moveItem(atPath: moved, toPath: regions["north"])
    try regions.succeed(["fleet", "add", "north", regions["north"], "-C", regions["east"]])
    #expect(try way(to: "north", from: "west") == regions["north"])
    try regions.succeed(["mirror", "-C", regions["east"]])
    try regions.succeed(["fleet", "remove", "north", "-C", regions["east"]])
    #expect(try way(to: "north", from: "west") == "")
    try regions.succeed(["mirror", "-C", regions["east"]])
    let status = try regions.run(["status", "-C", regions["west"]])
    #expect(!status.output.contains(regions["north"]), "\(status.output)")
  }

  @Test func `peers on other machines are asked all at once`() throws {
    let (east, asked) = (regions["east"], folder["asked"])
    try FileManager.default.createDirectory(atPath: asked, withIntermediateDirectories: true)
    // Answers for a region once the other one is being asked, too.
    try folder.write(
      """
      #!/bin/sh
      eval "set -- $4"
      touch "\(asked)/$(basename "$2")"
      until [ "$(ls "\(asked)" | wc -l)" -ge 2 ]; do sleep 0.05; done
      exec git-upload-pack "$2"
      """, to: "ssh")
    try Program.run("chmod", ["+x", folder["ssh"]])
    try Program.git("config", "core.sshCommand", folder["ssh"], in: east)
    try Program.git("config", "ssh.variant", "ssh", in: east)
    try Program.git("config", "lockstep.fenceWaitSeconds", "30", in: east)
    for peer in ["north", "west"] {
      try Program.git(
        "config", "lockstep.peer-\(peer).repository", "ssh://elsewhere\(regions[peer])", in: east)
    }
    let capture = try regions.run(["capture", "-C", east])
    #expect(capture.status == 0 && !capture.errors.contains("unfenced"), "\(capture)")
    #expect(try FileManager.default.contentsOfDirectory(atPath: asked).sorted() == ["north", "west"])
  }
}

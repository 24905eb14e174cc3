import Foundation
import Support
import Testing

/// Full and read-only disks, and kills at every write: the old state or the new one, and running again converges.
@Suite struct DiskTests {
  @Test func `a full disk is said, and what was there stays`() throws {
    guard let disk = try SmallDisk(size: "3m") else { return Self.skip() }
    let regions = try TwoRegions(in: disk.folder.path)
    try regions.film("film", ["a.mp4": String(repeating: "a", count: 300_000)])
    try regions.publish()
    try regions.mirrorAndApply()
    let heads = try ["east", "west"].map { try Program.git("rev-parse", "HEAD", in: regions[$0]) }
    try regions.film("more", ["b.mp4": String(repeating: "b", count: 600_000)])
    let fill = try Program.run("sh", ["-c", "head -c 4000000 /dev/zero > \(disk.folder["fill"])"])
    #expect(fill.status != 0)
    for arguments in [
      ["publish", regions.folder["more"], "-C", regions["east"], "--asset", "more"],
      ["fleet", "add", "north", "ssh://north.example.com/north", "-C", regions["east"]],
    ] {
      let outcome = try regions.run(arguments)
      #expect(outcome.status == 1, "\(arguments) \(outcome.output)\(outcome.errors)")
      #expect(
        outcome.errors.contains("error: ") && outcome.errors.lowercased().contains("space"),
        "\(outcome.errors)")
    }
    try FileManager.default.removeItem(atPath: disk.folder["fill"])
    #expect(try ["east", "west"].map { try Program.git("rev-parse", "HEAD", in: regions[$0]) } == heads)
    for region in ["east", "west"] { try Program.git("fsck", "--strict", in: regions[region]) }
    try regions.succeed(["publish", regions.folder["more"], "-C", regions["east"], "--asset", "more"])
  }

  @Test func `an apply that a read-only account cuts off goes on when that is mended, and says so`() throws {
    let regions = try TwoRegions()
    try regions.commitFilter("a", bitrate: 1)
    let account = regions.folder["east-account/account"]
    guard try Program.run("mount", ["--bind", account, account]).status == 0 else { return Self.skip() }
    defer { _ = try? Program.run("umount", ["-l", account]) }
    try Program.run("mount", ["-o", "remount,ro,bind", account])
    for command in ["apply", "capture"] {
      let outcome = try regions.run([command, "-C", regions["east"]])
      #expect(
        outcome.status == 3 && outcome.errors.contains("hint: make the folder writable"), "\(outcome.errors)")
    }
    try Program.run("mount", ["-o", "remount,rw,bind", account])
    try regions.succeed(["capture", "-C", regions["east"]])
    #expect(regions.folder.has("east-account/account/account-filters/a.json"), "it went on")
  }

  @Test func `a read-only disk is said`() throws {
    guard let disk = try SmallDisk(size: "8m") else { return Self.skip() }
    let regions = try TwoRegions(in: disk.folder.path)
    try regions.publish()
    try disk.makeReadOnly()
    for arguments in [
      ["mirror", regions["east"], regions["west"]],
      ["publish", regions.folder["film"], "-C", regions["east"], "--asset", "two"],
      ["apply", "-C", regions["west"]],
    ] {
      let outcome = try Program.run(Program.lockstep, arguments)
      #expect(outcome.status == 1, "\(arguments) \(outcome.errors)")
      #expect(outcome.errors.lowercased().contains("read-only"), "\(outcome.errors)")
      #expect(outcome.errors.contains("hint: make the region's repository writable"), "\(outcome.errors)")
    }
    try disk.makeWritable()
    try regions.mirrorAndApply()
  }

  @Test(
    .enabled(if: Program.has("strace"), "strace is not installed: ./bootstrap --test"),
    arguments: ["mirror", "apply", "capture"])
  func `invariants 5 and 7: killed at any write, nothing half done is live, and the next run completes it`(
    command: String
  ) throws {
    for call in ["fsync", "rename,renameat,renameat2", "link,linkat", "unlink,unlinkat", "write"] {
      for number in 1...200 {
        let regions = try TwoRegions()
        try regions.publish("one")
        if command == "apply" { try regions.succeed(["mirror", regions["east"], regions["west"]]) }
        if command == "capture" {
          try regions.folder.write(
            "{\"name\":\"f\",\"properties\":{\"tracks\":[]}}",
            to: "east-account/account/account-filters/f.json")
        }
        let arguments =
          switch command {
          case "mirror": ["mirror", regions["east"], regions["west"]]
          case "apply": ["apply", "-C", regions["west"]]
          default: ["capture", "-C", regions["east"]]
          }
        let killed = try Program.run(
          "strace",
          [
            "-f", "-qq", "-o", "/dev/null", "-e", "inject=\(call):signal=SIGKILL:when=\(number)",
            Program.lockstep,
          ] + arguments)
        try expectWholePublications(in: regions, "\(command) \(call) \(number)")
        try regions.succeed(arguments)
        try regions.mirrorAndApply()
        try regions.succeed(["verify", regions["east"], regions["west"], "--deep"])
        for region in ["east", "west"] {
          #expect(
            try regions.run(["drift", "-C", regions[region]]).status == 0, "\(command) \(call) \(number)")
          try Program.git("fsck", "--strict", in: regions[region])
          #expect(
            try Program.git("status", "--porcelain", in: regions[region]) == "",
            "\(command) \(call) \(number)")
        }
        try expectRecords(in: regions, "\(command) \(call) \(number)")
        let count = try Program.git("rev-list", "--count", "HEAD", in: regions["east"])
        #expect(
          count == (command == "capture" ? "3" : "2"),
          "something happened twice: \(command) \(call) \(number)")
        if killed.status == 0 { break }
        #expect(killed.status != 0 && number < 200)
      }
    }
  }

  /// Whatever is published is whole.
  private func expectWholePublications(in regions: TwoRegions, _ what: String) throws {
    for region in ["east", "west"] {
      let published = "\(region)-account/published"
      for name in try FileManager.default.contentsOfDirectory(atPath: regions.folder[published])
      where name != "keys" {
        #expect((try? regions.folder.read("\(published)/\(name)/a.mp4")) == "one", "\(what)")
        #expect((try? regions.folder.read("\(published)/\(name)/sub/b.mp4")) == "two", "\(what)")
      }
    }
  }

  /// Everything that was mirrored and captured is recorded, once, and nothing else is.
  private func expectRecords(in regions: TwoRegions, _ what: String) throws {
    for (region, name) in [("west", "Lockstep-Head"), ("east", "Lockstep-Captured")] {
      func lines(_ arguments: String...) throws -> [String] {
        let outcome = try Program.run("git", ["log"] + arguments, in: regions[region])
        return outcome.output.split(separator: "\n").map(String.init)
      }
      let records = try lines("--format=%(trailers:key=\(name),valueonly)", "lockstep/audit", "--")
      let history = try lines("--format=%H", "HEAD", "--")
      #expect(records.first == history.first, "\(what)")
      #expect(Set(records).count == records.count && Set(records).isSubset(of: history), "\(what)")
    }
  }

  private static func skip() { print("not allowed to mount a small file system here: skipped") }
}

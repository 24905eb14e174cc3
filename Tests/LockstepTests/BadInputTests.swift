import Foundation
import Support
import Testing

/// What goes wrong on the worst night: each gets one clear error that names the thing and the mend, and loses nothing.
@Suite struct BadInputTests {
  private func expectRefusal(
    _ outcome: Program.Outcome, status: Int32, _ words: String..., location: SourceLocation = #_sourceLocation
  ) {
    #expect(outcome.status == status, "\(outcome.output)\(outcome.errors)", sourceLocation: location)
    let errors = outcome.errors.split(separator: "\n").filter { $0.hasPrefix("error: ") }
    #expect(errors.count == 1, "\(outcome.errors)", sourceLocation: location)
    for word in words {
      #expect(outcome.errors.contains(word), "\(word): \(outcome.errors)", sourceLocation: location)
    }
  }

  @Test func `a corrupt repository is named, and the target stays as it was`() throws {
    let regions = try TwoRegions()
    try regions.publish()
    let head = try Program.git("rev-parse", "HEAD", in: regions["west"])
    let packs = try FileManager.default.contentsOfDirectory(atPath: regions["east"] + "/.git/objects/pack")
    for name in packs where name.hasSuffix(".pack") {
      let path = regions["east"] + "/.git/objects/pack/\(name)"
      try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
      let file = try #require(FileHandle(forUpdatingAtPath: path))
      let size = try file.seekToEnd()
      try file.seek(toOffset: min(40, size / 2))
      file.write(Data(repeating: 0xFF, count: Int(size) / 2))
      try file.close()
    }
    let outcome = try regions.run(["mirror", regions["east"], regions["west"]])
    #expect(outcome.status == 1)
    #expect(outcome.errors.contains("error: ") && outcome.errors.contains("hint: "), "\(outcome.errors)")
    #expect(try Program.git("rev-parse", "HEAD", in: regions["west"]) == head)
    try Program.git("fsck", "--strict", in: regions["west"])
  }

  @Test func `a folder that is no region says how to make one`() throws {
    let regions = try TwoRegions()
    try FileManager.default.createDirectory(
      atPath: regions.folder["empty"], withIntermediateDirectories: true)
    expectRefusal(
      try regions.run(["status", "-C", regions.folder["empty"]]), status: 1, regions.folder["empty"],
      "lockstep init")
    expectRefusal(
      try regions.run(["mirror", regions.folder["nowhere"], regions["west"]]), status: 1, "nowhere")
    try regions.folder.write("junk", to: "east/.git/HEAD")
    expectRefusal(try regions.run(["status", "-C", regions["east"]]), status: 1, "east")
  }

  @Test func `invariant 10: local edits stop a mirror before it starts`() throws {
    let regions = try TwoRegions()
    try regions.publish()
    try regions.mirrorAndApply()
    let file = try Program.git("ls-files", "mirrored/contents", in: regions["west"])
    try regions.folder.write("my edit", to: "west/\(file)")
    let head = try Program.git("rev-parse", "HEAD", in: regions["west"])
    try regions.film("film", ["new.mp4": "new"])
    try regions.publish()
    expectRefusal(
      try regions.run(["mirror", regions["east"], regions["west"]]), status: 4, file, "git -C")
    #expect(try regions.folder.read("west/\(file)") == "my edit")
    #expect(try Program.git("rev-parse", "HEAD", in: regions["west"]) == head)
    try Program.git("checkout", "--", file, in: regions["west"])
    try regions.succeed(["mirror", regions["east"], regions["west"]])
  }

  @Test func `invariant 8: a target that was edited is never overwritten`() throws {
    let regions = try TwoRegions()
    try regions.publish()
    try regions.mirrorAndApply()
    try regions.publish("own", region: "west")
    let head = try Program.git("rev-parse", "HEAD", in: regions["west"])
    try regions.publish("two")
    expectRefusal(try regions.run(["mirror", regions["east"], regions["west"]]), status: 4, "west", head)
    #expect(try Program.git("rev-parse", "HEAD", in: regions["west"]) == head)
  }

  @Test func `a source whose history was rewritten is refused`() throws {
    let regions = try TwoRegions()
    try regions.publish()
    try regions.mirrorAndApply()
    let head = try Program.git("rev-parse", "HEAD", in: regions["west"])
    try Program.git("commit", "--quiet", "--amend", "-m", "Another story", in: regions["east"])
    let outcome = try regions.run(["mirror", regions["east"], regions["west"]])
    #expect(outcome.status == 4, "\(outcome.errors)")
    #expect(outcome.errors.contains("rewritten"))
    #expect(try Program.git("rev-parse", "HEAD", in: regions["west"]) == head)
  }

  @Test(arguments: ["a/b", "..", "", "a\tb", String(repeating: "🎬", count: 260)])
  func `a name that no service takes is refused before anything is made`(name: String) throws {
    let regions = try TwoRegions()
    try regions.film()
    let outcome = try regions.run(["publish", regions.folder["film"], "-C", regions["east"], "--asset", name])
    #expect(outcome.status == 1 || outcome.status == 64, "\(outcome.errors)")
    #expect(outcome.errors.contains("name"), "\(outcome.errors)")
    #expect(try regions.run(["drift", "-C", regions["east"]]).status == 0)
  }

  @Test func `case twins and 130 emoji are names like others`() throws {
    let regions = try TwoRegions()
    let names = ["Film", "film", "FILM", String(repeating: "🎬", count: 130), "é", "e\u{301}"]
    try regions.film("source")
    for name in names {
      try regions.succeed(["publish", regions.folder["source"], "-C", regions["east"], "--asset", name])
    }
    try regions.mirrorAndApply()
    try regions.succeed(["verify", regions["east"], regions["west"], "--deep"])
    #expect(try Set(names.map { try regions.locatorID($0, in: "west") }).count == 6)
  }

  @Test(arguments: [
    "{\"name\":\"a\\u0000b\",\"properties\":{}}", "{\"name\":\"x\"", "[]", "{\"properties\":{}}",
    "{\"name\":\"y\",\"name\":\"z\",\"properties\":{}}", "\u{FEFF}{}",
  ])
  func `a document that is no resource stops a capture, by name`(text: String) throws {
    let regions = try TwoRegions()
    try regions.publish()
    let head = try Program.git("rev-parse", "HEAD", in: regions["east"])
    try regions.folder.write(text, to: "east-account/account/assets/broken.json")
    let outcome = try regions.run(["capture", "-C", regions["east"]])
    #expect(outcome.status == 1, "\(outcome.output)\(outcome.errors)")
    #expect(outcome.errors.contains("broken.json") || outcome.errors.contains("asset/"), "\(outcome.errors)")
    #expect(try Program.git("rev-parse", "HEAD", in: regions["east"]) == head)
  }

  @Test func `a second lockstep waits for nobody and says who is at work`() throws {
    let regions = try TwoRegions()
    try regions.publish()
    let lock = try Program.run("find", [regions["east"] + "/.git/lockstep", "-name", "lock"])
    let path = try #require(lock.output.split(separator: "\n").first.map(String.init))
    let holder = try Program.start("sh", ["-c", "exec 9>>\(path); flock 9; echo held; exec sleep 60"])
    for _ in 0..<5_000 where try holder.files.read("output").isEmpty { usleep(1_000) }
    #expect(try holder.files.read("output") == "held\n")
    for arguments in [["capture"], ["apply"]] {
      expectRefusal(try regions.run(arguments + ["-C", regions["east"]]), status: 11, "east")
    }
    holder.stop(SIGKILL)
    try regions.succeed(["capture", "-C", regions["east"]])
  }

  @Test func `Ctrl-C ends a long copy with 130, and the next run completes it`() throws {
    let regions = try TwoRegions()
    try regions.film("film", ["a.ts": "x"])
    let big = regions.folder["film/big.mp4"]
    try regions.folder.write("", to: "film/big.mp4")
    truncate(big, 1 << 30)
    let arguments = ["publish", regions.folder["film"], "-C", regions["east"], "--asset", "film"]
    let child = try Program.start(Program.lockstep, arguments)
    usleep(400_000)
    #expect(child.stop(SIGINT) == 130)
    #expect(try regions.run(["drift", "-C", regions["east"]]).status != 1)
    truncate(big, 1 << 10)
    try regions.succeed(arguments)
    #expect(try regions.run(["drift", "-C", regions["east"]]).status == 0)
  }
}

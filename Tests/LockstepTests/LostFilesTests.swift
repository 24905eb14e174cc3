import Foundation
import Support
import Testing

/// Files that a region's storage has lost, or holds otherwise than they were captured: one command brings them back.
@Suite struct LostFilesTests {
  private let regions: TwoRegions

  init() throws {
    regions = try TwoRegions()
    try regions.publish()
    try regions.succeed(["fleet", "add", "west", regions["west"], "-C", regions["east"]])
    try regions.mirrorAndApply()
  }

  private var container: String {
    get throws {
      let storage = regions.folder["west-account/storage"]
      let files = FileManager.default.enumerator(atPath: storage)?.allObjects as? [String] ?? []
      return try storage + "/"
        + String(#require(files.first { $0.hasSuffix("/a.mp4") }).dropLast("/a.mp4".count))
    }
  }

  private func text(_ path: String) throws -> String { try String(contentsOfFile: path, encoding: .utf8) }

  @Test func `what a standby lost and what was altered there comes back, and what is new there stays`() throws
  {
    let container = try container
    try FileManager.default.removeItem(atPath: container + "/a.mp4")
    try "TWO".write(toFile: container + "/sub/b.mp4", atomically: true, encoding: .utf8)
    try "new".write(toFile: container + "/c.mp4", atomically: true, encoding: .utf8)
    let command = "lockstep apply -C \(regions["west"]) --contents"
    let drift = try regions.run(["drift", "-C", regions["west"]])
    #expect(drift.status == 2 && drift.errors.contains(command))
    let capture = try regions.run(["capture", "-C", regions["west"]])
    #expect(capture.status == 4 && capture.errors.contains(command))
    let ready = try regions.run(["ready", "-C", regions["west"]])
    #expect(ready.status == 2 && ready.output.contains(command))
    let verify = try regions.run(["verify", "--deep", regions["east"], regions["west"]])
    #expect(verify.status == 2 && verify.errors.contains(command))
    let dry = try regions.succeed(["apply", "-C", regions["west"], "--contents", "--dry-run"])
    #expect(dry.contains("would restore asset/film: a.mp4, sub/b.mp4"))
    let done = try regions.succeed(["apply", "-C", regions["west"], "--contents"])
    #expect(done.contains("restored asset/film: a.mp4, sub/b.mp4"))
    #expect(try text(container + "/a.mp4") == "one")
    #expect(try text(container + "/sub/b.mp4") == "two")
    #expect(try text(container + "/c.mp4") == "new")
    let again = try regions.succeed(["apply", "-C", regions["west"], "--contents", "--json"])
    #expect(again.contains("\"restored\": []"))
    try regions.succeed(["capture", "-C", regions["west"]])
    try regions.succeed(["mirror", "-C", regions["east"]])
    #expect(try regions.run(["drift", "-C", regions["west"]]).status == 0)
  }

  @Test func `a container that is gone whole comes back, and is published again`() throws {
    let container = try container
    try FileManager.default.removeItem(atPath: container)
    try regions.succeed(["apply", "-C", regions["west"], "--contents"])
    #expect(try text(container + "/a.mp4") == "one")
    #expect(try regions.run(["drift", "-C", regions["west"]]).status == 0)
    try regions.succeed(["verify", "--deep", regions["east"], regions["west"]])
  }

  @Test func `what no region holds is named, and nothing empty takes the place of what is gone`() throws {
    let container = try container
    try FileManager.default.removeItem(atPath: container)
    let storage = regions.folder["east-account/storage/eaststorage"]
    let film = try #require(FileManager.default.contentsOfDirectory(atPath: storage).first)
    let east = regions.folder["east-account/storage/eaststorage/\(film)"]
    try FileManager.default.moveItem(atPath: east, toPath: east + "-away")
    let outcome = try regions.run(["apply", "-C", regions["west"], "--contents"])
    #expect(outcome.status == 3)
    #expect(outcome.errors.contains("asset/film"))
    #expect(!FileManager.default.fileExists(atPath: container))
    try FileManager.default.moveItem(atPath: east + "-away", toPath: east)
    try regions.succeed(["apply", "-C", regions["west"], "--contents"])
    #expect(try text(container + "/a.mp4") == "one")
  }

  @Test func `storage that is away altogether is not made anew`() throws {
    let storage = regions.folder["west-account/storage"]
    try FileManager.default.moveItem(atPath: storage, toPath: storage + "-away")
    let outcome = try regions.run(["apply", "-C", regions["west"], "--contents"])
    #expect(outcome.status == 1 && outcome.errors.contains("is gone"))
    #expect(!FileManager.default.fileExists(atPath: storage))
  }

  @Test func `a plan for files of which one is lost is applied together with its return`() throws {
    let container = try container
    try FileManager.default.removeItem(atPath: container + "/a.mp4")
    try regions.film("film", ["a.mp4": "one", "sub/b.mp4": "two and more"])
    try regions.publish()
    try regions.succeed(["mirror", regions["east"], regions["west"]])
    let refused = try regions.run(["apply", "-C", regions["west"]])
    #expect(refused.status != 0 && refused.errors.contains("--contents"))
    try regions.succeed(["apply", "-C", regions["west"], "--contents"])
    #expect(try text(container + "/a.mp4") == "one")
    #expect(try text(container + "/sub/b.mp4") == "two and more")
  }
}

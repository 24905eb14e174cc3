import Foundation
import Support
import Testing

/// What no account takes is held back by name, and nothing else is.
@Suite struct HeldBackTests {
  private let regions: TwoRegions

  init() throws { regions = try TwoRegions() }

  private func account(_ file: String, in region: String = "west") -> Bool {
    FileManager.default.fileExists(atPath: regions.folder["\(region)-account/account/\(file).json"])
  }

  private func writeFilter() throws {
    try regions.folder.write(
      #"{"name":"short","properties":{"firstQuality":{"bitrate":1000}}}"#,
      to: "east-account/account/account-filters/short.json")
  }

  /// East has a locator that names a filter which was deleted since, as the services let it, and west has heard of it.
  private func nameADeletedFilter() throws {
    try regions.publish()
    try writeFilter()
    let locator = "east-account/account/streaming-locators/film.json"
    let text = try regions.folder.read(locator)
    try regions.folder.write(
      text.replacingOccurrences(of: #""properties": {"#, with: #""properties": {"filters": ["short"],"#),
      to: locator)
    try regions.succeed(["capture", "-C", regions["east"]])
    try FileManager.default.removeItem(
      atPath: regions.folder["east-account/account/account-filters/short.json"])
    try regions.succeed(["capture", "-C", regions["east"]])
    try regions.publish("two")
    try regions.succeed(["mirror", regions["east"], regions["west"]])
  }

  @Test func `a locator whose filter was deleted keeps nothing else back, until the filter is there`() throws
  {
    try nameADeletedFilter()
    let west = regions["west"]
    let planned = try regions.run(["plan", "-C", west, "--out", regions.folder["plan"]])
    #expect(planned.status == 2 && planned.output.contains("hold back locator/film"), "\(planned.output)")
    #expect(
      planned.output.contains("0 to delete. 1 held back.") && planned.output.contains("create locator/two"))
    #expect(planned.errors.contains("there is no asset-filter/film/short or account-filter/short"))
    #expect(planned.errors.contains("lockstep log account-filter/short -C "), "\(planned.errors)")
    let applied = try regions.run(["apply", "-C", west, "--expect", regions.folder["plan"]])
    #expect(applied.status == 4 && applied.errors.contains("locator/film is held back"), "\(applied.errors)")
    #expect(
      account("streaming-locators/two") && !account("streaming-locators/film") && account("assets/film"))
    // Nobody takes for drift, or captures as removed, what was held back; and nobody forgets it.
    #expect(try regions.run(["drift", "-C", west]).status == 0)
    let head = try Program.git("rev-parse", "HEAD", in: west)
    try regions.succeed(["capture", "-C", west])
    #expect(try Program.git("rev-parse", "HEAD", in: west) == head)
    for arguments in [["status", "-C", west], ["status", "--check", "-C", west]] {
      let status = try regions.run(arguments)
      #expect(status.status == 2 && status.output.contains("locator/film is held back"), "\(status.output)")
      #expect(
        status.output.contains("bring back") && status.output.contains("lockstep log"), "\(status.output)")
    }
    let verified = try regions.run(["verify", "--deep", regions["east"], west])
    #expect(verified.status == 2 && verified.output.contains("locator/film"), "\(verified.output)")
    #expect(try regions.run(["apply", "-C", west]).status == 4)
    try writeFilter()
    try regions.succeed(["capture", "-C", regions["east"]])
    try regions.mirrorAndApply()
    #expect(account("streaming-locators/film"))
    for arguments in [["plan"], ["drift"], ["status", "--check"]] {
      let outcome = try regions.run(arguments + ["-C", west])
      #expect(outcome.status == 0, "\(arguments): \(outcome.output)\(outcome.errors)")
    }
    try regions.succeed(["verify", "--deep", regions["east"], west])
  }

  @Test func `a push hears what its apply holds back, and both regions tell it once, until it is mended`()
    throws
  {
    try nameADeletedFilter()
    let east = regions["east"]
    try regions.succeed(["fleet", "add", "west", regions["west"], "-C", east])
    try regions.succeed(["fleet", "set", "west", "--apply", "after-mirror", "-C", east])
    try regions.succeed(["mirror", "-C", east])
    try regions.succeed(["hooks", "install", "-C", east])
    try Program.git("clone", "--quiet", east, regions.folder["clone"], in: regions.folder.path)
    func push(_ message: String) throws -> String {
      let clone = regions.folder["clone"]
      try Program.git("config", "user.email", "tess@example.com", in: clone)
      try Program.git("config", "user.name", "Tess", in: clone)
      try Program.git("pull", "--quiet", in: clone)
      try Program.git("commit", "--quiet", "--allow-empty", "-m", message, in: clone)
      return try Program.run("git", ["push"], in: clone).errors
    }
    let told = try push("Say nothing")
    #expect(told.contains("applying in west failed: locator/film is held back: "), "\(told)")
    #expect(told.contains("hint: in region east, bring back asset-filter/film/short"), "\(told)")
    #expect(account("streaming-locators/two"))
    for region in ["east", "west"] {
      let check = try regions.run(["status", "--check", "-C", regions[region]])
      #expect(check.status == 2, "\(check.output)")
      #expect(check.output.components(separatedBy: "locator/film is held back").count == 2, "\(check.output)")
    }
    try writeFilter()
    try regions.succeed(["capture", "-C", east])
    _ = try push("Go on")
    #expect(account("streaming-locators/film"))
    for region in ["east", "west"] {
      let check = try regions.run(["status", "--check", "-C", regions[region]])
      #expect(check.status == 0, "\(check.output)")
    }
  }

  @Test func `a switchover that would leave a locator behind is refused before anything is drained`() throws {
    let (east, west) = (regions["east"], regions["west"])
    try regions.succeed(["fleet", "add", "west", west, "-C", east])
    try nameADeletedFilter()
    _ = try regions.run(["apply", "-C", west])
    let told = try regions.run(["switchover", "west", "-C", east, "--dry-run"])
    #expect(told.status == 0 && told.output.contains("0 to delete; locator/film is held back"), "\(told)")
    let refused = try regions.run(["switchover", "west", "-C", east])
    #expect(refused.status == 4 && refused.errors.contains("would not take all: locator/film"), "\(refused)")
    #expect(refused.errors.contains("hint: in region east, bring back "), "\(refused)")
    #expect(!regions.folder.has("east/.git/lockstep/drain.json"))
    let check = try regions.run(["status", "--check", "-C", east])
    #expect(check.output.components(separatedBy: "locator/film is held back").count == 2, "\(check.output)")
    // A primary that is gone is taken over from all the same.
    try FileManager.default.moveItem(atPath: east, toPath: east + ".away")
    let taken = try regions.run(["failover", "west", "-C", west, "--yes", "--accept-loss", "0"])
    #expect(taken.status == 0 && taken.errors.contains("locator/film is held back"), "\(taken)")
  }

  @Test func `a locator that was held back is forgotten once it is deleted where it was made`() throws {
    try nameADeletedFilter()
    #expect(try regions.run(["apply", "-C", regions["west"]]).status == 4)
    try FileManager.default.removeItem(
      atPath: regions.folder["east-account/account/streaming-locators/film.json"])
    try regions.succeed(["capture", "-C", regions["east"]])
    try regions.mirrorAndApply()
    for arguments in [["plan"], ["drift"], ["status", "--check"]] {
      let outcome = try regions.run(arguments + ["-C", regions["west"]])
      #expect(outcome.status == 0, "\(arguments): \(outcome.output)\(outcome.errors)")
    }
    #expect(!account("streaming-locators/film") && account("assets/film"))
  }

  @Test func `a change that is held back leaves what the account has, and what that needs`() throws {
    try regions.publish()
    try regions.mirrorAndApply()
    let west = regions["west"]
    let served = try regions.folder.read("west-account/account/streaming-locators/film.json")
    try nameADeletedFilter()
    #expect(try regions.run(["apply", "-C", west]).status == 4)
    #expect(try regions.folder.read("west-account/account/streaming-locators/film.json") == served)
    #expect(try regions.run(["drift", "-C", west]).status == 0)
    // What somebody changes there meanwhile is captured like everything.
    let changed = served.replacingOccurrences(
      of: #""properties": {"#, with: #""properties": {"alternativeMediaId": "x","#)
    try regions.folder.write(changed, to: "west-account/account/streaming-locators/film.json")
    let drift = try regions.run(["drift", "-C", west])
    #expect(drift.status == 2 && drift.output.contains("changed locator/film"), "\(drift.output)")
    #expect(try regions.run(["apply", "-C", west]).status == 4)
    #expect(try regions.folder.read("west-account/account/streaming-locators/film.json") == changed)
  }

  @Test func `a plan after an apply that was cut off lists what is left, and is what apply goes on with`()
    throws
  {
    try regions.publish("one")
    try regions.publish("two")
    try regions.succeed(["mirror", regions["east"], regions["west"]])
    let storage = regions.folder["east-account/storage"]
    let files = FileManager.default.enumerator(atPath: storage)?.compactMap { $0 as? String } ?? []
    let lost = try #require(files.filter { $0.hasSuffix("/b.mp4") }.sorted().last)
    try FileManager.default.moveItem(atPath: "\(storage)/\(lost)", toPath: regions.folder["away"])
    #expect(try regions.run(["apply", "-C", regions["west"]]).status == 3)
    let plan = try regions.run(["plan", "-C", regions["west"], "--out", regions.folder["plan"]])
    #expect(plan.status == 2 && plan.errors.contains("what is left"), "\(plan.errors)")
    #expect(!plan.output.contains("asset/") && plan.output.contains("create locator/one"), "\(plan.output)")
    #expect(plan.output.contains("Plan: 3 to create, 0 to replace, 0 to delete."), "\(plan.output)")
    #expect(try regions.run(["apply", "--dry-run", "-C", regions["west"]]).output == plan.output)
    let status = try regions.run(["status", "-C", regions["west"]])
    #expect(status.output.contains("Plan: 3 to create"), "\(status.output)")
    try FileManager.default.moveItem(atPath: regions.folder["away"], toPath: "\(storage)/\(lost)")
    try regions.succeed(["apply", "-C", regions["west"], "--expect", regions.folder["plan"]])
    #expect(try regions.run(["plan", "-C", regions["west"]]).status == 0)
  }
}

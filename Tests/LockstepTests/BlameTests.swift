import Foundation
import Support
import Testing

/// `lockstep blame`: which commit set each property.
@Suite struct BlameTests {
  private struct Report: Decodable {
    struct Commit: Decodable {
      let commit: String
      let subject: String
    }
    struct Property: Decodable {
      let place: String
      let secret: Bool
      let set: Commit
      let resealed: Commit?
    }
    let properties: [Property]
    let version: Int

    func property(_ end: String) -> Property? { properties.first { $0.place.hasSuffix(end) } }
  }

  private func blame(
    _ resource: String, in folder: String, of regions: TwoRegions, as environment: [String: String] = [:]
  ) throws -> Report {
    let outcome = try regions.run(["blame", resource, "--json", "-C", folder], environment: environment)
    try #require(outcome.status == 0, "\(outcome.errors)")
    return try JSONDecoder().decode(Report.self, from: Data(outcome.output.utf8))
  }

  /// Commits a filter with a range of two numbers.
  private func filter(_ start: Int, _ end: Int, _ subject: String, in regions: TwoRegions) throws {
    let range = #"{"presentationTimeRange": {"endTimestamp": \#(end), "startTimestamp": \#(start)}}"#
    try regions.commitFilter("f", range, message: subject)
  }

  @Test func `each property belongs to the commit that set its present value`() throws {
    let regions = try TwoRegions()
    try filter(1, 1, "first", in: regions)
    try filter(2, 1, "second", in: regions)
    try filter(2, 3, "third", in: regions)
    try filter(4, 3, "fourth", in: regions)
    try filter(2, 3, "back", in: regions)
    try regions.publish("other")
    let report = try blame("account-filter/f", in: regions["east"], of: regions)
    #expect(report.version == 1)
    #expect(report.property("/name")?.set.subject == "first")
    #expect(report.property("/endTimestamp")?.set.subject == "third")
    #expect(report.property("/startTimestamp")?.set.subject == "back", "its value was another one in between")
    let text = try regions.succeed(["blame", "account-filter/f", "-C", regions["east"]])
    let third = try Program.git("log", "--format=%h", "--abbrev=10", "--grep=third", in: regions["east"])
    #expect(
      text.split(separator: "\n").contains { $0.hasPrefix(third) && $0.hasSuffix("/endTimestamp: 3") },
      "\(text)")
    // The same in the other region, by its own commits.
    try regions.succeed(["mirror", regions["east"], regions["west"]])
    let west = try blame("account-filter/f", in: regions["west"], of: regions)
    #expect(west.property("/endTimestamp")?.set.subject == "third")
    #expect(west.property("/endTimestamp")?.set.commit != report.property("/endTimestamp")?.set.commit)
  }

  @Test func `a property that came by a merge belongs to the commit on its branch`() throws {
    let regions = try TwoRegions()
    let east = regions["east"]
    try filter(1, 1, "first", in: regions)
    try Program.git("switch", "--quiet", "--create", "side", in: east)
    try filter(1, 2, "on the side", in: regions)
    try Program.git("switch", "--quiet", "main", in: east)
    try regions.publish("other")
    try Program.git("merge", "--quiet", "--no-ff", "-m", "Merge", "side", in: east)
    let report = try blame("account-filter/f", in: east, of: regions)
    #expect(report.property("/startTimestamp")?.set.subject == "first")
    #expect(report.property("/endTimestamp")?.set.subject == "on the side")
  }

  @Test func `a secret belongs to the commit that set its value, and sealing it anew is told apart`() throws {
    let regions = try TwoRegions()
    for secret in ["b25l", "dHdv"] {
      try regions.tokens(secret: secret)
      try regions.succeed(["capture", "-C", regions["east"]])
    }
    let set = try Program.git("rev-parse", "HEAD", in: regions["east"])
    try regions.succeed(["keys", "rotate", "-C", regions["east"], "--yes"])
    let rotated = try Program.git("rev-parse", "HEAD", in: regions["east"])
    let mine = try #require(
      try blame("content-key-policy/tokens", in: regions["east"], of: regions).property("/keyValue"))
    #expect(mine.secret && mine.set.commit == set && mine.resealed == nil)
    let stranger = try regions.person("stranger")
    let theirs = try #require(
      try blame(
        "content-key-policy/tokens", in: regions["east"], of: regions, as: stranger.environment
      ).property("/keyValue"))
    #expect(theirs.set.commit == set && theirs.resealed?.commit == rotated)
    for environment in [[:], stranger.environment] {
      let text = try regions.run(
        ["blame", "content-key-policy/tokens", "-C", regions["east"]], environment: environment
      ).output
      #expect(text.contains("/keyValue: <secret>"), "\(text)")
      for secret in ["b25l", "dHdv", "sealed:"] { #expect(!text.contains(secret)) }
    }
  }

  @Test func `clocks that are wrong lose no property`() throws {
    let regions = try TwoRegions(bare: true)
    // One fork, whose sides each keep one property of its beginning; that beginning is dated after one side.
    func commit(_ mark: Int, _ time: Int, _ parents: [String], _ start: Int, _ end: Int) -> String {
      let text = """
        {
          "name": "f",
          "properties": {
            "presentationTimeRange": {
              "endTimestamp": \(end),
              "startTimestamp": \(start)
            }
          }
        }

        """
      let from = parents.enumerated().map { "\($0.offset == 0 ? "from" : "merge") \($0.element)\n" }.joined()
      return
        "commit refs/heads/work\nmark :\(mark)\nauthor A <a@b> \(time) +0000\ncommitter A <a@b> \(time) +0000\n"
        + "data 2\nc\(mark)\n\(from)M 100644 inline mirrored/account-filters/f.json\ndata \(text.utf8.count)\n\(text)\n"
    }
    let stream =
      commit(1, 3_000, ["refs/heads/main^0"], 1, 1) + commit(2, 4_000, [":1"], 1, 2)
      + commit(3, 1_000, [":1"], 2, 1) + commit(4, 5_000, [":2", ":3"], 1, 1)
    let loaded = try Program.run("git", ["fast-import", "--quiet"], in: regions["east"], input: stream)
    try #require(loaded.status == 0, "\(loaded.errors)")
    try Program.git("update-ref", "refs/heads/main", "refs/heads/work", in: regions["east"])
    let report = try blame("account-filter/f", in: regions["east"], of: regions)
    #expect(report.properties.map(\.set.subject) == ["c1", "c1", "c1"])
  }

  @Test func `what is not there is said, with how to find who took it out`() throws {
    let regions = try TwoRegions()
    let outcome = try regions.run(["blame", "locator/none", "-C", regions["east"]])
    #expect(outcome.status == 1 && outcome.errors.contains("hint: "), "\(outcome.errors)")
    #expect(outcome.errors.contains("lockstep log locator/none"))
  }
}

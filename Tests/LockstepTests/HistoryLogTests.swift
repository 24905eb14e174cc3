import Foundation
import Support
import Testing

/// `lockstep log`: what changed, when, by whom, and where it went.
@Suite struct HistoryLogTests {
  /// One line of `log --json`.
  private struct Entry: Decodable {
    struct Change: Decodable {
      let difference: String
      let resource: String
    }
    struct Person: Decodable {
      let name: String
      let date: String
    }
    struct Source: Decodable {
      let region: String
      let commit: String
    }
    struct Live: Decodable {
      let how: String
      let by: Person
    }
    struct Mirrored: Decodable {
      let from: String
      let by: Person
    }
    struct Place: Decodable {
      let region: String
      let commit: String
      let live: Live?
      let mirrored: Mirrored?
    }
    let commit: String
    let subject: String
    let author: Person
    let parents: [String]
    let changes: [Change]
    let source: Source?
    let regions: [Place]
    let version: Int

    func place(_ region: String) -> Place? { regions.first { $0.region == region } }
  }

  private func log(_ arguments: String..., in folder: String, of regions: TwoRegions) throws -> [Entry] {
    try regions.succeed(["log", "--json", "-C", folder] + arguments).split(separator: "\n").map {
      try JSONDecoder().decode(Entry.self, from: Data($0.utf8))
    }
  }

  private func filter(
    _ name: String, _ bitrate: Int, in regions: TwoRegions, author: String = "Tess Ter <tess@example.com>",
    date: String? = nil
  ) throws {
    try regions.commitFilter(
      name, bitrate: bitrate, message: "Filter \(name): \(bitrate)", author: author, date: date)
  }

  @Test func `what a commit takes out is named as a resource, as what it brings`() throws {
    let regions = try TwoRegions()
    try regions.publish("one")
    try filter("short", 5, in: regions)
    try Program.git(
      "rm", "-rq", "mirrored/account-filters", "mirrored/assets", "mirrored/contents",
      "mirrored/streaming-locators", in: regions["east"])
    try Program.git("commit", "--quiet", "-m", "Out", in: regions["east"])
    let newest = try #require(try log(in: regions["east"], of: regions).first)
    #expect(
      newest.changes.map(\.resource).sorted() == [
        "account-filter/short", "asset/one", "content/one", "locator/one",
      ])
    #expect(newest.changes.allSatisfy { $0.difference == "removed" })
    let shown = try regions.succeed(["log", "-n", "1", "-C", regions["east"]])
    #expect(shown.contains("removed account-filter/short") && !shown.contains("mirrored/"), "\(shown)")
  }

  @Test
  func `each commit says what it changed, where it was first made, and where it was mirrored and applied`()
    throws
  {
    let regions = try TwoRegions()
    try regions.publish("one")
    try regions.mirrorAndApply()
    let made = try Program.git("rev-parse", "HEAD", in: regions["east"])
    let newest = try #require(try log(in: regions["west"], of: regions).first)
    #expect(newest.commit == (try Program.git("rev-parse", "HEAD", in: regions["west"])))
    #expect(newest.changes.map(\.resource).sorted() == ["asset/one", "content/one", "locator/one"])
    #expect(newest.changes.allSatisfy { $0.difference == "added" })
    #expect(newest.source?.region == "east" && newest.source?.commit == made)
    #expect(newest.author.name == "Tess Ter" && newest.version == 1)
    #expect(newest.place("west")?.live?.how == "applied")
    #expect(newest.place("west")?.mirrored?.from == "east")
    #expect(newest.place("east")?.live?.how == "captured", "mirror told west where east is")
    #expect(newest.place("east")?.commit == made)
    // A change that is not applied yet is at no live account.
    try filter("f", 1, in: regions)
    try regions.succeed(["mirror", regions["east"], regions["west"]])
    let waiting = try #require(try log(in: regions["west"], of: regions).first)
    #expect(waiting.place("west")?.live == nil && waiting.place("west")?.mirrored != nil)
    #expect(waiting.place("east")?.live == nil)
    let text = try regions.succeed(["log", "-C", regions["west"]])
    #expect(text.contains("Source:   east@\(made)"))
    #expect(text.contains("    added locator/one"))
    #expect(text.contains("In west:  mirrored"))
  }

  @Test func `a plain clone knows what was mirrored and applied`() throws {
    let regions = try TwoRegions(bare: true)
    try regions.publish("one")
    try regions.mirrorAndApply()
    try Program.git("clone", "--quiet", regions["west"], "clone", in: regions.folder.path)
    let clone = regions.folder["clone"]
    let newest = try #require(try log(in: clone, of: regions).first)
    #expect(newest.place("west")?.live?.how == "applied")
    #expect(newest.place("west")?.mirrored?.from == "east")
    #expect(newest.place("east") == nil, "the clone knows nothing of east")
    try Program.git("remote", "add", "-f", "east", regions["east"], in: clone)
    #expect(try log(in: clone, of: regions).first?.place("east")?.live?.how == "captured")
  }

  @Test func `a resource's log has the commits that changed it, a kind's those of the kind`() throws {
    let regions = try TwoRegions()
    try regions.publish("one")
    try regions.publish("two")
    try filter("f", 1, in: regions)
    try filter("f", 2, in: regions)
    try filter("g", 1, in: regions)
    func subjects(_ what: String) throws -> [String] {
      try log(what, in: regions["east"], of: regions).map(\.subject)
    }
    #expect(try subjects("account-filter/f") == ["Filter f: 2", "Filter f: 1"])
    #expect(try subjects("account-filter") == ["Filter g: 1", "Filter f: 2", "Filter f: 1"])
    #expect(try subjects("locator/one") == ["Publish locator/one in east"])
    #expect(try subjects("locator").count == 2)
    #expect(try subjects("content-key-policy") == [])
    let text = try regions.succeed(["log", "account-filter/f", "-n", "1", "-C", regions["east"]])
    #expect(text.contains("changed account-filter/f") && text.contains("1 -> 2"), "\(text)")
    #expect(try regions.run(["log", "nonsense/x", "-C", regions["east"]]).status == 64)
  }

  @Test func `author, since, until and the number choose as git does`() throws {
    let regions = try TwoRegions()
    try filter("a", 1, in: regions, author: "Anna A <anna@example.com>", date: "2030-01-01T12:00:00Z")
    try filter("b", 1, in: regions, author: "Bert B <bert@example.org>", date: "2031-01-01T12:00:00Z")
    try filter("c", 1, in: regions, author: "Anna A <anna@example.com>", date: "2032-01-01T12:00:00Z")
    // As a replay of an old commit does, it stands on newer ones.
    try filter("d", 1, in: regions, author: "Dora D <dora@example.net>", date: "2029-01-01T12:00:00Z")
    func subjects(_ arguments: [String]) throws -> [String] {
      try regions.succeed(["log", "--json", "-C", regions["east"]] + arguments).split(separator: "\n").map {
        try JSONDecoder().decode(Entry.self, from: Data($0.utf8)).subject
      }
    }
    for arguments in [
      ["--since", "2031-06-01"], ["--until", "2031-06-01"],
      ["--since", "2030-06-01", "--until", "2031-06-01"],
      ["-n", "2"], ["-n1"], ["--since", "2 days ago"],
    ] {
      let expected = try Program.run(
        "git", ["log", "--format=%s"] + arguments.map { $0 == "--since" ? "--since-as-filter" : $0 },
        in: regions["east"]
      ).output.split(separator: "\n").map(String.init)
      #expect(try subjects(arguments) == expected, "\(arguments)")
    }
    #expect(try subjects(["--author", "ANNA"]) == ["Filter c: 1", "Filter a: 1"])
    #expect(try subjects(["--author", "example.org"]) == ["Filter b: 1"])
    #expect(try regions.run(["log", "-C", regions["east"], "-n", "-1"]).status == 64)
  }

  @Test func `a merge shows what it merged, and of its changes only its own`() throws {
    let regions = try TwoRegions()
    let east = regions["east"]
    try filter("a", 1, in: regions)
    try Program.git("switch", "--quiet", "--create", "side", in: east)
    try filter("b", 1, in: regions)
    try Program.git("switch", "--quiet", "main", in: east)
    try filter("c", 1, in: regions)
    try Program.git("merge", "--quiet", "--no-ff", "-m", "Plain", "side", in: east)
    let plain = try #require(try log(in: east, of: regions).first)
    #expect(plain.subject == "Plain" && plain.parents.count == 2 && plain.changes.isEmpty)
    try Program.git("switch", "--quiet", "side", in: east)
    try filter("d", 1, in: regions)
    try Program.git("switch", "--quiet", "main", in: east)
    try Program.git("merge", "--quiet", "--no-ff", "--no-commit", "side", in: east)
    try filter("a", 7, in: regions)
    let evil = try #require(try log(in: east, of: regions).first)
    #expect(evil.parents.count == 2 && evil.changes.map(\.resource) == ["account-filter/a"])
    #expect(try regions.succeed(["log", "-n", "1", "-C", east]).contains("Merges:   "))
    // What came by the side branch shows where it was made.
    #expect(try log("account-filter/d", in: east, of: regions).map(\.subject) == ["Filter d: 1"])
  }

  @Test func `a zone shows as the commit says it, and a commit that cannot be read is named`() throws {
    let regions = try TwoRegions()
    let east = regions["east"]
    let (tree, parent) = (
      try Program.git("rev-parse", "HEAD^{tree}", in: east), try Program.git("rev-parse", "HEAD", in: east)
    )
    func commit(_ author: String, on parent: String) throws -> String {
      let text =
        "tree \(tree)\nparent \(parent)\nauthor \(author)\ncommitter C <c@example.com> 1 +0000\n\nOdd\n"
      return try Program.git(
        "hash-object", "-t", "commit", "--literally", "-w", "--stdin", in: east, input: text)
    }
    let far = try commit("A <a@example.com> 1700000000 +9999", on: parent)
    try Program.git("reset", "--quiet", "--soft", far, in: east)
    let shown = try regions.succeed(["log", "-n1", "-C", east])
    #expect(shown.contains(" +9999\n"), "\(shown)")
    let json = try regions.succeed(["log", "-n1", "--json", "-C", east])
    #expect(json.contains("2023-11-14T22:13:20Z"), "\(json)")
    let bad = try commit("A > 1700000000 +0000", on: far)
    try Program.git("reset", "--quiet", "--soft", bad, in: east)
    try Program.git("commit", "--quiet", "--allow-empty", "-m", "After", in: east)
    for arguments in [["rollback", far, "-C", east], ["audit", "verify", east, regions["west"]]] {
      let refused = try regions.run(arguments)
      #expect(
        refused.status == 1 && refused.errors.contains("commit \(bad) cannot be read")
          && refused.errors.contains("fsck"), "\(refused.errors)")
    }
  }

  @Test func `of a secret the log says only that its value changed`() throws {
    let regions = try TwoRegions()
    for secret in ["b25l", "dHdv"] {
      try regions.tokens(secret: secret)
      try regions.succeed(["capture", "-C", regions["east"]])
    }
    for arguments in [["log"], ["log", "--json"], ["log", "content-key-policy/tokens"]] {
      let text = try regions.succeed(arguments + ["-C", regions["east"]])
      #expect(text.contains("value changed"), "\(text)")
      for secret in ["b25l", "dHdv", "sealed:"] { #expect(!text.contains(secret)) }
    }
  }

  @Test func `a name that holds control characters moves no cursor`() throws {
    let regions = try TwoRegions()
    try filter("a", 1, in: regions, author: "E\u{1B}[31mvil <e@example.com>")
    #expect(try !regions.succeed(["log", "-C", regions["east"]]).contains("\u{1B}"))
  }

  @Test func `the first commits cost the same in a long history`() throws {
    let regions = try TwoRegions(bare: true)
    let count = 3_000
    var stream = ""
    for number in 1...count {
      let text =
        "{\n  \"name\": \"f\",\n  \"properties\": {\n    \"firstQuality\": {\n      \"bitrate\": \(number)\n    }\n  }\n}\n"
      stream +=
        "commit refs/heads/main\nauthor A <a@b> \(1_700_000_000 + number) +0000\n"
        + "committer A <a@b> \(1_700_000_000 + number) +0000\ndata 1\nm\n"
        + (number == 1 ? "from refs/heads/main^0\n" : "")
        + "M 100644 inline mirrored/account-filters/f.json\ndata \(text.utf8.count)\n\(text)\n"
    }
    let loaded = try Program.run("git", ["fast-import", "--quiet"], in: regions["east"], input: stream)
    try #require(loaded.status == 0, "\(loaded.errors)")
    func seconds(_ arguments: [String]) throws -> Duration {
      try ContinuousClock().measure { try regions.succeed(["log", "-C", regions["east"]] + arguments) }
    }
    let few = try seconds(["-n", "3"])
    let all = try seconds([])
    #expect(few * 4 < all, "three: \(few), \(count): \(all)")
  }

  @Test func `a time that git does not understand is no time, and a name that was never there is told`()
    throws
  {
    let regions = try TwoRegions()
    try filter("f", 1, in: regions)
    for time in ["rubbish", "2 weks ago", "", "soon"] {
      for option in ["--since", "--until"] {
        let outcome = try regions.run(["log", option, time, "-C", regions["east"]])
        #expect(outcome.status == 64 && outcome.errors.contains(option), "\(time): \(outcome.errors)")
      }
    }
    for time in [
      "2 weeks ago", "yesterday", "2001-02-03T04:05:06Z", "last monday", "3.days", "Feb 3rd 2001",
      "noon yesterday",
    ] {
      #expect(try regions.run(["log", "--since", time, "-C", regions["east"]]).status == 0, "\(time)")
    }
    let never = try regions.run(["log", "locator/nix", "-C", regions["east"]])
    #expect(never.status == 0 && never.output.isEmpty, "\(never.output)")
    #expect(
      never.errors.contains("no commit of this history has ever changed locator/nix"), "\(never.errors)")
    let known = try regions.run(["log", "account-filter/f", "-C", regions["east"]])
    #expect(known.status == 0 && known.errors.isEmpty, "\(known.errors)")
  }
}

import Foundation
import Support
import Testing

/// `lockstep report`: what it finds out in real regions.
@Suite struct ReportCommandTests {
  private struct Report: Decodable {
    struct Statement: Decodable {
      let sentence: String
      let tone: String
      let notes: [String]
    }
    struct Region: Decodable {
      let name: String
      let role: String?
      let head: String?
      let behind: String?
      let readinessUnknown: String?
    }
    struct Move: Decodable {
      let cause: String
      let from: String
      let to: String
      let steps: String
    }
    struct Drill: Decodable {
      let region: String
      let locators: Int
      let failed: Int
    }
    struct Conflict: Decodable {
      struct Side: Decodable {
        let region: String
        let words: String
      }
      let resource: String
      let sides: [Side]
      let hint: String?
    }
    struct Settlement: Decodable {
      let resource: String
      let sides: String
    }
    struct Conflicts: Decodable {
      let open: [Conflict]
      let settled: [Settlement]
      let settledCount: Int
    }
    struct Change: Decodable {
      let subject: String
      let region: String
      let resources: [String]
      let places: [String]
    }
    struct Author: Decodable {
      let name: String
      let commits: Int
    }
    struct Changes: Decodable {
      let commits: Int
      let newest: [Change]
      let authors: [Author]
    }
    struct Role: Decodable {
      let primary: String
      let cause: String?
      let reason: String?
    }
    let statement: Statement
    let primary: String?
    let hasHistory: Bool
    let regions: [Region]
    let moves: [Move]
    let drills: [Drill]
    let roles: [Role]
    let conflicts: Conflicts
    let changes: Changes
    let problems: [String]
    let unknown: [String]
    let version: Int
  }

  /// Makes both forms of a report; the page must say what the document says.
  private func report(
    _ regions: TwoRegions, _ region: String = "east", _ arguments: String...,
    from location: SourceLocation = #_sourceLocation
  ) throws -> (document: Report, page: String) {
    let text = try regions.succeed(["report", "--json", "-C", regions[region]] + arguments)
    let document = try JSONDecoder().decode(Report.self, from: Data(text.utf8))
    let page = try regions.succeed(["report", "-C", regions[region]] + arguments)
    #expect(document.version == 1, sourceLocation: location)
    #expect(page.contains("<h1>\(document.statement.sentence)</h1>"), sourceLocation: location)
    return (document, page)
  }

  @Test func `the sentence at the top follows what west lacks`() throws {
    let fleet = try PushedFleet()
    try fleet.regions.succeed(["apply", "-C", fleet.east])
    let (calm, page) = try report(fleet.regions)
    #expect(calm.statement.sentence == "west can take over: if east dies now, you lose nothing.")
    #expect(calm.primary == "east" && calm.regions.map(\.name) == ["east", "west"])
    #expect(calm.regions.map(\.role) == ["primary", "standby"] && calm.unknown == [])
    #expect(page.contains("proved by tree ids") && page.contains("No drill is recorded"))
    try fleet.commit("one", in: "east")
    try fleet.commit("two", in: "east")
    let (late, _) = try report(fleet.regions)
    #expect(late.statement.sentence == "west can take over, but if east dies now you lose 2 commits.")
    #expect(late.regions[1].behind == "2 commits of east missing")
    #expect(late.problems.contains { $0.contains("not in step") })
    let newest = try #require(late.changes.newest.first)
    #expect(newest.subject == "Filter two at 1" && newest.region == "east")
    #expect(newest.resources == ["added account-filter/two"] && newest.places == [])
    #expect(late.changes.authors.first?.name == "Tess Ter")
    // The standby sees the same.
    let (seen, _) = try report(fleet.regions, "west")
    #expect(seen.statement.sentence == late.statement.sentence)
    // What is older than asked for does not count, and what is not listed does.
    #expect(try report(fleet.regions, "east", "-n", "1").document.changes.commits == late.changes.commits)
    #expect(try report(fleet.regions, "east", "-n", "1").document.changes.newest.count == 1)
    let none = try report(fleet.regions, "east", "--since", Date(timeIntervalSinceNow: 3600).ISO8601Format())
    #expect(none.document.changes.commits == 0 && none.page.contains("Nothing changed since"))
    for arguments in [["--since", "soonish"], ["-n", "-1"], ["--out", ""]] {
      #expect(try fleet.regions.run(["report", "-C", fleet.east] + arguments).status == 64)
    }
  }

  @Test func `a file is replaced as a whole, or not at all`() throws {
    let fleet = try PushedFleet(clones: [:])
    let file = fleet.folder["report.html"]
    try fleet.regions.succeed(["apply", "-C", fleet.east])
    try fleet.folder.write("older", to: "report.html")
    // Where no further file fits, nothing of the old one is lost.
    let failed = try Program.run(
      "sh",
      ["-c", "ulimit -f 1; exec \"$0\" report -C \"$1\" --out \"$2\"", Program.lockstep, fleet.east, file])
    #expect(failed.status == 1 && failed.errors.contains("cannot write \(file)"), "\(failed.errors)")
    #expect(try fleet.folder.read("report.html") == "older")
    let written = try fleet.regions.run(["report", "-C", fleet.east, "--out", file])
    #expect(written.status == 0 && written.output.isEmpty, "\(written.errors)")
    #expect(written.errors.contains("wrote \(file): west can take over"), "\(written.errors)")
    #expect(try fleet.folder.read("report.html").hasSuffix("</html>\n"))
    let nowhere = try fleet.regions.run(["report", "-C", fleet.east, "--out", fleet.folder["no/report.html"]])
    #expect(nowhere.status == 1 && nowhere.errors.contains("cannot write"), "\(nowhere.errors)")
    let folder = try fleet.regions.run(["report", "-C", fleet.east, "--out", fleet.folder["film"]])
    #expect(folder.status == 1 && folder.errors.contains("cannot replace"), "\(folder.errors)")
    let stray = try FileManager.default.contentsOfDirectory(atPath: fleet.folder.path)
    #expect(!stray.contains { $0.hasPrefix("report.html.") || $0.hasPrefix("film.") }, "\(stray)")
    // Whatever it says, it was made: a report is no check.
    try FileManager.default.moveItem(atPath: fleet.west, toPath: fleet.folder["gone"])
    #expect(try fleet.regions.run(["report", "-C", fleet.east, "--out", "-"]).status == 0)
  }

  @Test func `a region alone, and one without history, have a report`() throws {
    let regions = try TwoRegions()
    let (alone, page) = try report(regions)
    #expect(alone.primary == nil && alone.statement.sentence.contains("is in no fleet"))
    #expect(alone.regions.map(\.name) == ["east"] && page.contains("in no fleet"))
    try Program.git("update-ref", "-d", "refs/heads/main", in: regions["west"])
    let (empty, _) = try report(regions, "west")
    #expect(!empty.hasHistory && empty.statement.sentence == "Region west has no commit yet.")
    #expect(empty.regions.first?.head == nil)
    let nowhere = try regions.run(["report", "-C", regions.folder.path])
    #expect(nowhere.status == 1 && nowhere.output.isEmpty)
  }

  @Test func `a lost region, what both changed, and how it was settled are on the page`() throws {
    let fleet = try PushedFleet()
    let (folder, regions) = (fleet.folder, fleet.regions)
    for name in ["east", "east-account"] {
      try FileManager.default.moveItem(atPath: folder[name], toPath: folder["gone-\(name)"])
    }
    let (silent, _) = try report(regions, "west")
    #expect(
      silent.statement.sentence.contains("east does not answer; as far as west has heard, you lose nothing"))
    #expect(silent.unknown.contains { $0.contains("Region east:") }, "\(silent.unknown)")
    try regions.succeed([
      "failover", "west", "--yes", "--accept-loss", "0", "--reason", "the hall <burns>", "-C", fleet.west,
    ])
    try fleet.commit("both", bitrate: 2, in: "west")
    for name in ["east", "east-account"] {
      try FileManager.default.moveItem(atPath: folder["gone-\(name)"], toPath: folder[name])
    }
    try fleet.commit("both", bitrate: 1, in: "east")
    // Both see one primary, and what does not go together.
    for region in ["west", "east"] {
      let (split, page) = try report(regions, region)
      #expect(split.primary == "west" && split.regions[1].role == "superseded", "\(region)")
      #expect(split.statement.tone == "not-ready", "\(split.statement)")
      let conflict = try #require(split.conflicts.open.first, "\(split.unknown)")
      #expect(split.conflicts.open.count == 1 && conflict.resource == "account-filter/both")
      #expect(conflict.sides.map(\.region) == ["east", "west"])
      #expect(conflict.sides[0].words.contains("1") && conflict.sides[1].words.contains("2"))
      #expect(conflict.hint?.contains("lockstep rejoin east --prefer") == true)
      #expect(page.contains("account-filter/both") && page.contains("superseded"))
    }
    try regions.succeed(["rejoin", "east", "--prefer", "target", "-C", fleet.west])
    let (joined, page) = try report(regions, "west")
    #expect(joined.statement.sentence == "east can take over: if west dies now, you lose nothing.")
    #expect(joined.moves.map(\.cause) == ["rejoin", "failover"])
    #expect(joined.moves.allSatisfy { $0.from == "east" && $0.to == "west" })
    #expect(joined.moves[0].steps.contains("join ") && joined.moves[0].steps.contains("apply-west "))
    #expect(joined.roles.first?.reason == "the hall <burns>" && page.contains("the hall &lt;burns&gt;"))
    #expect(joined.conflicts.open.isEmpty && joined.conflicts.settledCount == 1)
    let settled = try #require(joined.conflicts.settled.first)
    #expect(settled.resource == "account-filter/both", "\(settled)")
    #expect(settled.sides.hasPrefix("as in west’s ") && settled.sides.contains("not as in east’s "))
    #expect(joined.unknown == [])
    // Players had recovered with the failover, not when east was back.
    #expect(page.contains("failover to <bdi>west</bdi>"))
    // The record of a move is missed where it is gone.
    try Program.git("update-ref", "-d", "refs/heads/lockstep/audit", in: fleet.west)
    let (without, _) = try report(regions, "west")
    #expect(
      without.unknown.contains { $0.contains("How long the failover to west took") }, "\(without.unknown)")
  }

  @Test func `two primaries are both named, and nothing is said of what they made differently`() throws {
    let fleet = try PushedFleet(clones: [:])
    try fleet.promote("east", number: 2)
    try fleet.promote("west", number: 2)
    for region in ["east", "west"] {
      let (document, page) = try report(fleet.regions, region)
      #expect(document.statement.sentence.hasPrefix("east and west were made primary at once"))
      #expect(page.contains("They could not be looked for") && page.contains("contested"), "\(region)")
    }
  }

  @Test(.enabled(if: WebServer.isThere, "nginx is missing: ./bootstrap --test"))
  func `drills are on the page`() throws {
    let fleet = try TrafficFleet()
    try fleet.regions.publish()
    try fleet.regions.mirrorAndApply()
    try fleet.regions.succeed(["drill", "west", "-C", fleet.east])
    let (document, page) = try report(fleet.regions, "east")
    let drill = try #require(document.drills.first)
    #expect(drill.region == "west" && drill.locators == 1 && drill.failed == 0)
    #expect(page.contains("1 of 1 play") && page.contains("all play"))
  }

  @Test(.enabled(if: Program.has("openssl"), "openssl is missing: ./bootstrap --test"))
  func `no secret is in it, and nothing that a name may hold breaks out`() throws {
    let fleet = try PushedFleet(clones: [:])
    let key = try Clip.encrypted(in: fleet.folder, name: "clip")
    try fleet.regions.succeed([
      "publish", fleet.folder["clip"], "-C", fleet.east, "--asset", "clip", "--content-key",
      try fleet.regions.contentKey(id: key.id, value: key.value),
    ])
    try fleet.regions.succeed(["mirror", "-C", fleet.east])
    let bytes = try #require(Data(base64Encoded: key.value))
    let secrets = [key.value, bytes.map { String(format: "%02x", $0) }.joined(), "t0p-s3cret"]
    // An address with a password in it, where nobody answers; and names that mean harm.
    try fleet.set("lockstep.peer-west.repository", "http://anna:t0p-s3cret@127.0.0.1:1/west")
    let subject = "\u{202E}<script>window.hacked=1</script>\"'&"
    for number in 0..<2 {
      try fleet.folder.write("{}\n", to: "east/mirrored/account-filters/<img src=x onerror=1>\(number).json")
      try Program.git("add", "-A", in: fleet.east)
      try Program.run(
        "git", ["commit", "--quiet", "-m", subject + String(repeating: "x", count: 10_240 * number)],
        in: fleet.east, environment: ["GIT_AUTHOR_NAME": "\"Bobby' & <b>\u{202E}"])
    }
    let (document, page) = try report(fleet.regions)
    let text = try fleet.regions.succeed(["report", "--json", "-C", fleet.east])
    for shown in [page, text] {
      for secret in secrets { #expect(!shown.contains(secret)) }
      #expect(!shown.unicodeScalars.contains("\u{202E}"))
    }
    #expect(document.unknown.contains { $0.contains("Region west:") }, "\(document.unknown)")
    #expect(document.statement.sentence == "Whether west can take over cannot be told from here.")
    for tag in ["<script", "<img", "<b>"] { #expect(!page.contains(tag), "\(tag)") }
    #expect(page.contains("?&lt;script&gt;window.hacked=1&lt;/script&gt;&quot;&#39;&amp;"))
    #expect(page.contains("&lt;img src=x onerror=1&gt;"))
    #expect(page.utf8.count < 200_000)
  }
}

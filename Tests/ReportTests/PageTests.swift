import CanonicalJSON
import Report
import Testing

/// The page as text: whole, bounded, and safe whatever it is told.
@Suite struct PageTests {
  private func count(_ part: String, in text: String) -> Int { text.ranges(of: part).count }

  @Test func `a page says what the report says, and is the same each time`() throws {
    let report = Samples.calm()
    let page = Page(report).html
    #expect(page == Page(report).html)
    for words in [
      "west can take over: if east dies now, you lose nothing.", "the cooling of the east hall failed",
      "1.52 s", "traffic 1480 ms", "20 of 20 play", "2 failed", "1 min 11 s", "Ben Okafor", "all play",
      "proved by tree ids", "not as in east’s 8528fa5ed1", "Cap phones at 500 kbit/s", "27 Nov 2026, 08:00",
    ] {
      #expect(page.contains(words), "\(words)")
    }
    #expect(page.contains("<html lang=\"en\">") && count("<h1>", in: page) == 1)
    // Each name in the contents leads to a heading.
    let ids = page.matches(of: /id="([a-z]+)"/).map { String($0.1) }
    #expect(ids.count == Set(ids).count)
    let links = page.matches(of: /href="#([a-z]+)"/).map { String($0.1) }
    #expect(links.count == 6 && links.allSatisfy(ids.contains))
  }

  @Test func `a page needs nothing but itself`() {
    let page = Page(Samples.calm()).html
    for word in ["<script", "<link", "<img", "<iframe", "src=", "url(", "@import", "http:", "https:"] {
      #expect(!page.contains(word), "\(word)")
    }
    #expect(page.contains("default-src 'none'"))
  }

  @Test(arguments: Samples.hostile.indices)
  func `no text breaks out of its place`(index: Int) throws {
    let text = Samples.hostile[index]
    let (page, harmless) = (
      Page(Samples.filled(with: text)).html, Page(Samples.filled(with: "harmless")).html
    )
    // What is not markup has no sign that begins or ends any: so there are as many as with a harmless text.
    for sign in ["<", ">", "\"", "'"] {
      #expect(count(sign, in: page) == count(sign, in: harmless), "\(sign)")
    }
    let isUnseen = page.unicodeScalars.contains { scalar in
      switch scalar.value {
      case 0x0A: false
      case 0..<0x20, 0x7F...0x9F, 0x2028...0x202E, 0x2066...0x2069: true
      default: false
      }
    }
    #expect(!isUnseen)
    #expect(page.utf8.count < 1_000_000)
    let json = Samples.filled(with: text).json
    #expect(try JSONValue.parse(json.canonicalBytes()) == json)
    #expect(json.canonicalBytes().count < 200_000)
  }

  @Test func `a place that came with a password in it shows none`() {
    let text = "cannot reach https://anna:t0p-s3cret@git.example.com/east?x=1 or ssh://tok3n@west/srv"
    let report = Samples.filled(with: text)
    for shown in [Page(report).html, String(decoding: report.json.canonicalBytes(), as: UTF8.self)] {
      #expect(!shown.contains("t0p-s3cret") && !shown.contains("tok3n"))
      #expect(shown.contains("https://…@git.example.com/east"))
    }
  }

  @Test func `ten thousand changes are counted, the newest shown, and the page stays small`() {
    var report = Samples.calm()
    report.changes = ChangeTally(since: 0, limit: 50)
    let long = String(repeating: "long ", count: 2_000)
    for index in 0..<10_000 {
      var change = ChangeTally.Change(
        commit: "\(index)", at: Samples.morning - Int64(index) * 7_200, author: "Author \(index % 900)",
        email: "a\(index % 900)@example.com", subject: "Change \(index): \(long)",
        region: "region-\(index % 12)",
        count: 3)
      if report.changes.isShowing { change.resources = ["changed account-filter/\(long)"] }
      report.changes.add(change)
      report.changes.add(
        ChangeTally.Settlement(
          resource: "locator/\(index)", commit: "\(index)", at: Samples.morning, by: long, sides: "one"))
    }
    let page = Page(report).html
    #expect(page.utf8.count < 400_000, "\(page.utf8.count)")
    #expect(page.contains("10,000 commits") && page.contains("changed 30,000 files"))
    #expect(page.contains("Change 49:") && !page.contains("Change 50:"))
    #expect(page.contains("And 9,950 before") && page.contains("And 880 more people"))
    #expect(page.contains("And 9,980 more:"))
    // Bars for weeks, in a lane for each of the first regions; no bar is lost.
    let bars = count("class=\"bar\"", in: page)
    #expect(bars > 100 && bars <= 8 * 62)
    let document = report.json
    #expect(document["changes"]?["commits"]?.int64Value == 10_000)
    #expect(document["changes"]?["newest"]?.arrayValue?.count == 50)
    #expect(document.canonicalBytes().count < 400_000)
  }

  @Test func `every change has its bar, whatever the clocks of those who made it say`() throws {
    for days in [Int64(1), 13, 14, 61, 62, 63, 434, 5_000] {
      var report = Samples.calm()
      report.changes = ChangeTally(since: Samples.morning - days * Samples.day, limit: 0)
      for age in [-5 * Samples.day, 0, days * Samples.day / 2, days * Samples.day] {
        report.changes.add(
          ChangeTally.Change(
            commit: "1", at: Samples.morning - age, author: "A", email: "a", subject: "s", region: "east",
            count: 1))
      }
      let page = Page(report).html
      #expect(page.contains("east: 4 changes"), "\(days)")
      let box = try #require(page.firstMatch(of: /viewBox="0 0 ([0-9]+) 100"/))
      #expect((min(Int(days) + 1, 9)...62).contains(try #require(Int(box.1))), "\(days): \(box.1)")
    }
  }

  @Test func `a region without fleet or history has a page that says so`() {
    let empty = ChangeTally(since: Samples.morning, limit: 10)
    var report = FleetReport(madeAt: Samples.morning, askedRegion: "east", changes: empty)
    report.hasHistory = false
    #expect(Page(report).html.contains("Region east has no commit yet."))
    report.hasHistory = true
    report.regions = [FleetReport.Region("east")]
    let page = Page(report).html
    for words in [
      "is in no fleet", "No drill is recorded", "Nothing changed since", "No region was ever named primary",
    ] {
      #expect(page.contains(words), "\(words)")
    }
  }
}

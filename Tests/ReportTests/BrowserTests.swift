import Foundation
import Report
import Support
import Testing

/// The page as a browser shows it.
@Suite(.enabled(if: Browser.isThere, "chromium or ffmpeg is missing: ./bootstrap --test"))
struct BrowserTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// Writes a page; with a script of the test's own where one is given.
  private func write(_ report: FleetReport, script: String? = nil) throws -> Browser {
    var page = Page(report).html
    if let script {
      // The page itself lets no script run.
      let policy = try #require(page.firstRange(of: "default-src 'none'; "))
      page.replaceSubrange(policy, with: "")
      page = page.replacingOccurrences(of: "</body>", with: "<script>\(script)</script></body>")
    }
    try folder.write(page, to: "report.html")
    return try Browser(page: folder["report.html"], folder: folder)
  }

  /// What a browser finds on the page.
  private struct Audit: Decodable {
    let dark: Bool
    let headings: [Int]
    let landmarks: [String: Int]
    let tables: Int
    let bareTables: Int
    let bareHeads: Int
    let unnamedGraphics: Int
    let resources: Int
    let isHacked: Bool
    let isWide: Bool
    let lowest: Double
    let lowestText: String
    let texts: Int
  }

  private static let audit = #"""
    const rgb = c => c.match(/[\d.]+/g).map(Number);
    const light = c => { const [r, g, b] = rgb(c).map(x => x / 255)
      .map(x => x <= .04045 ? x / 12.92 : ((x + .055) / 1.055) ** 2.4); return .2126 * r + .7152 * g + .0722 * b; };
    const behind = e => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor;
      if (rgb(c)[3] !== 0) return c; } return 'rgb(255, 255, 255)'; };
    let lowest = 21, lowestText = '', texts = 0;
    const walker = document.createTreeWalker(document.querySelector('.page'), NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const node = walker.currentNode, e = node.parentElement;
      if (!node.data.trim() || !e.getClientRects().length || e.closest('thead, svg')?.offsetWidth === 1) continue;
      texts += 1;
      const [a, b] = [light(getComputedStyle(e).color), light(behind(e))];
      const contrast = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
      if (contrast < lowest) { lowest = contrast; lowestText = node.data.trim().slice(0, 80); }
    }
    const all = s => [...document.querySelectorAll(s)];
    const audit = { dark: matchMedia('(prefers-color-scheme: dark)').matches,
      headings: all('h1, h2, h3, h4').map(e => Number(e.tagName[1])),
      landmarks: Object.fromEntries(['header', 'nav', 'main', 'footer'].map(n => [n, all(n).length])),
      tables: all('table').length,
      bareTables: all('table').filter(t => !t.caption || !t.caption.textContent.trim() || !t.tHead).length,
      bareHeads: all('th').filter(t => !['row', 'col'].includes(t.scope)).length,
      unnamedGraphics: all('svg').filter(s => !s.getAttribute('aria-label')).length,
      resources: performance.getEntriesByType('resource').length, isHacked: 'hacked' in window,
      isWide: document.documentElement.scrollWidth > innerWidth, lowest, lowestText, texts };
    document.title = JSON.stringify(audit);
    """#

  private func audit(
    _ report: FleetReport, isDark: Bool = false, width: Int = 1200
  ) throws -> Audit {
    let dom = try write(report, script: Self.audit).dom(isDark: isDark, width: width)
    let title = try #require(dom.firstMatch(of: /<title>(.*)<\/title>/), "\(dom.suffix(500))")
    return try JSONDecoder().decode(
      Audit.self, from: Data(String(title.1).replacingOccurrences(of: "&amp;", with: "&").utf8))
  }

  @Test(arguments: [false, true], [400, 1200])
  func `a page can be read by everybody, light and dark, narrow and wide`(isDark: Bool, width: Int) throws {
    for report in [Samples.calm(), Samples.filled(with: String(repeating: "wide", count: 40))] {
      let audit = try audit(report, isDark: isDark, width: width)
      #expect(audit.dark == isDark)
      #expect(audit.lowest >= 4.5, "\(audit.lowest): \(audit.lowestText)")
      #expect(audit.texts > 100)
      #expect(!audit.isWide, "wider than \(width)")
      #expect(audit.headings.first == 1 && audit.headings.count { $0 == 1 } == 1)
      #expect(zip(audit.headings, audit.headings.dropFirst()).allSatisfy { $1 <= $0 + 1 })
      #expect(audit.landmarks == ["header": 1, "nav": 1, "main": 1, "footer": 1])
      #expect(audit.tables >= 8 && audit.bareTables == 0 && audit.bareHeads == 0)
      #expect(audit.unnamedGraphics == 0 && audit.resources == 0)
    }
  }

  @Test func `what means harm is shown as the text that it is`() throws {
    for text in Samples.hostile where text.utf8.count < 200 {
      let hostile = try audit(Samples.filled(with: text))
      let harmless = try audit(Samples.filled(with: "harmless"))
      #expect(!hostile.isHacked && hostile.tables == harmless.tables && hostile.headings == harmless.headings)
      #expect(hostile.resources == 0)
    }
    let dom = try write(Samples.filled(with: Samples.hostile[0])).dom()
    #expect(!dom.contains("<script") && dom.contains("&lt;script&gt;window.hacked = 1"), "\(dom.prefix(300))")
  }

  @Test func `the page of ten thousand changes is shown as well`() throws {
    var report = Samples.calm()
    report.changes = ChangeTally(since: 0, limit: 50)
    for index in 0..<10_000 {
      report.changes.add(
        ChangeTally.Change(
          commit: "\(index)", at: Samples.morning - Int64(index) * 7_200, author: "Author \(index % 900)",
          email: "a@example.com", subject: "Change \(index)", region: "region-\(index % 12)", count: 3))
    }
    let audit = try audit(report, width: 400)
    #expect(!audit.isWide && audit.lowest >= 4.5)
  }

  @Test(arguments: [false, true])
  func `the page is drawn, light on dark and dark on light`(isDark: Bool) throws {
    let picture = try write(Samples.calm()).picture(isDark: isDark, width: 1000, height: 1400)
    let palette = isDark ? Palette.dark : Palette.light
    #expect(picture.share(of: palette.paper) > 0.5)
    #expect(picture.share(of: palette.ink) > 0.005, "text")
    #expect(picture.share(of: palette.accent) > 0.0001, "signs")
    #expect(picture.share(of: isDark ? Palette.light.paper : Palette.dark.paper) < 0.01)
    let plot = try write(Samples.calm()).picture(isDark: isDark, width: 1000, height: 6000)
    #expect(plot.count(of: palette.accent) > 10_000, "bars")
  }

  @Test(.enabled(if: Program.has("pdftoppm", "pdftotext"), "poppler-utils is missing: ./bootstrap --test"))
  func `printed it is ink on white, in whole rows, whatever the screen was`() throws {
    let browser = try write(Samples.calm())
    for isDark in [false, true] {
      let pages = try browser.printed(isDark: isDark)
      #expect((2...20).contains(pages.count), "\(pages.count) pages")
      for page in pages {
        #expect(page.share(of: 0xFFFFFF) > 0.6 && page.share(of: Palette.dark.paper) < 0.01)
      }
      #expect(pages[0].share(of: 0xFFFFFF) < 0.995, "blank")
    }
    let text = try browser.printedText()
    for words in ["Fleet report", "Readiness", "Who did what", "you lose nothing"] {
      #expect(text.contains(words), "\(words)")
    }
    #expect(!text.contains("The plot as a table"))
  }
}

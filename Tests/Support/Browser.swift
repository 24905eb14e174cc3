import Foundation

/// Chromium without a window: what it makes of a page on disk.
package struct Browser {
  /// Whether it and what reads its pictures are installed.
  package static var isThere: Bool { program != nil && Program.has("ffmpeg") }

  private static let program = ["chromium", "chromium-browser", "google-chrome"].first { Program.has($0) }

  private let page: String
  private let folder: TemporaryFolder

  /// - Parameters:
  ///   - page: the page's path.
  ///   - folder: where pictures and the browser's own files go.
  package init(page: String, folder: TemporaryFolder) throws {
    self.page = page
    self.folder = folder
  }

  /// The document as the browser has it after scripts ran.
  package func dom(isDark: Bool = false, width: Int = 1200) throws -> String {
    try run(isDark, ["--window-size=\(width),2000", "--dump-dom"]).output
  }

  /// What is drawn.
  package func picture(isDark: Bool = false, width: Int, height: Int) throws -> Picture {
    try run(
      isDark,
      ["--window-size=\(width),\(height)", "--hide-scrollbars", "--screenshot=\(folder["picture.png"])"])
    return try Picture(folder["picture.png"], in: folder)
  }

  /// The pages as they are printed.
  package func printed(isDark: Bool = false) throws -> [Picture] {
    try run(isDark, ["--no-pdf-header-footer", "--print-to-pdf=\(folder["page.pdf"])"])
    for name in try pictures() { try FileManager.default.removeItem(atPath: folder[name]) }
    let made = try Program.run("pdftoppm", ["-r", "50", "-png", folder["page.pdf"], folder["printed"]])
    guard made.status == 0 else { throw Program.Failed(what: "pdftoppm", outcome: made) }
    return try pictures().map { try Picture(folder[$0], in: folder) }
  }

  /// The text of what was printed last.
  package func printedText() throws -> String {
    try Program.run("pdftotext", ["-layout", folder["page.pdf"], "-"]).output
  }

  private func pictures() throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder.path).filter {
      $0.hasPrefix("printed") && $0.hasSuffix(".png")
    }.sorted()
  }

  @discardableResult
  private func run(_ isDark: Bool, _ arguments: [String]) throws -> Program.Outcome {
    var all = ["--headless", "--disable-gpu", "--user-data-dir=\(folder["browser"])"] + arguments
    // Its sandbox refuses to begin with a root's rights.
    if geteuid() == 0 { all.append("--no-sandbox") }
    all.append("--blink-settings=preferredColorScheme=\(isDark ? 0 : 1)")
    let outcome = try Program.run(Self.program ?? "", all + ["file://\(page)"])
    guard outcome.status == 0 else { throw Program.Failed(what: "chromium", outcome: outcome) }
    return outcome
  }

  /// Pixels.
  package struct Picture {
    private var counts: [UInt32: Int] = [:]
    private let total: Int

    init(_ path: String, in folder: TemporaryFolder) throws {
      let raw = folder["picture.rgb"]
      let read = try Program.run(
        "ffmpeg",
        ["-nostdin", "-v", "error", "-y", "-i", path, "-f", "rawvideo", "-pix_fmt", "rgb24", raw])
      guard read.status == 0 else { throw Program.Failed(what: "ffmpeg", outcome: read) }
      let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: raw)))
      total = bytes.count / 3
      for index in 0..<total {
        let colour = bytes[3 * index..<3 * index + 3].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        counts[colour, default: 0] += 1
      }
    }

    /// How many pixels have a colour, as `0xRRGGBB`.
    package func count(of colour: UInt32) -> Int { counts[colour] ?? 0 }

    /// The same as a part of all, from 0 to 1.
    package func share(of colour: UInt32) -> Double { Double(count(of: colour)) / Double(max(1, total)) }
  }
}

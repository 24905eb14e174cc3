/// The files that a DASH manifest (MPD, ISO/IEC 23009-1) names, as far as a player of recorded media needs them.
///
/// Reads `BaseURL`, `SegmentTemplate` (by number or by `SegmentTimeline`), `SegmentList` and whole files; of a template
/// without timeline only the first segment is known.
package struct DASHManifest {
  /// What one representation is made of.
  package struct Representation: Sendable, Equatable {
    /// Its id, or its place in the manifest.
    package let id: String
    /// The initialisation section, or nil where there is none apart from the segments.
    package var initialization: String?
    /// Segments in order; URIs that are relative to the manifest.
    package var segments: [String]
  }

  /// The representations in the order of the manifest.
  package private(set) var representations: [Representation] = []

  private static let limit = 100_000

  /// Reads a manifest; nil where the text is none.
  package init?(text: String) {
    guard let root = XMLElement.parse(text), root.name == "MPD" else { return nil }
    let base = Self.base(root, under: "")
    for period in root.all("Period") {
      let periodBase = Self.base(period, under: base)
      for set in period.all("AdaptationSet") {
        let setBase = Self.base(set, under: periodBase)
        for item in set.all("Representation") {
          let id = item.attributes["id"] ?? "\(representations.count + 1)"
          representations.append(
            Self.representation(
              item, id: id, templates: [item, set, period].compactMap { $0.first("SegmentTemplate") },
              lists: [item, set, period].compactMap { $0.first("SegmentList") },
              base: Self.base(item, under: setBase)))
        }
      }
    }
  }

  /// The base that an element's `BaseURL` gives under another one.
  private static func base(_ element: XMLElement, under base: String) -> String {
    guard let given = element.first("BaseURL") else { return base }
    let text = XMLElement.plain(given.text.filter { !$0.isWhitespace })
    return text.contains("://") || text.hasPrefix("/") ? text : folder(base) + text
  }

  /// A base up to its last slash; what is relative to it follows.
  private static func folder(_ base: String) -> String {
    base.lastIndex(of: "/").map { String(base[...$0]) } ?? ""
  }

  private static func representation(
    _ item: XMLElement, id: String, templates: [XMLElement], lists: [XMLElement], base: String
  ) -> Representation {
    let prefix = folder(base)
    // An attribute that the inner element does not give is that of the outer one.
    func attribute(_ name: String) -> String? { templates.lazy.compactMap { $0.attributes[name] }.first }
    let bandwidth = item.attributes["bandwidth"] ?? ""
    func filled(_ template: String, number: Int64, time: Int64) -> String {
      prefix
        + fill(
          template, ["RepresentationID": id, "Bandwidth": bandwidth],
          numbers: ["Number": number, "Time": time])
    }
    if let media = attribute("media") {
      let first = attribute("startNumber").flatMap { Int64($0) } ?? 1
      let starts = templates.compactMap { $0.first("SegmentTimeline") }.first.map(times) ?? [0]
      return Representation(
        id: id, initialization: attribute("initialization").map { filled($0, number: first, time: 0) },
        segments: starts.enumerated().map {
          filled(media, number: first + Int64($0.offset), time: $0.element)
        })
    }
    if let list = lists.first {
      return Representation(
        id: id, initialization: list.first("Initialization")?.attributes["sourceURL"].map { prefix + $0 },
        segments: list.all("SegmentURL").compactMap { $0.attributes["media"].map { prefix + $0 } })
    }
    return Representation(
      id: id, initialization: nil, segments: base.isEmpty || base.hasSuffix("/") ? [] : [base])
  }

  /// When each segment begins: `<S t="0" d="4" r="2"/>` is three of them.
  private static func times(_ timeline: XMLElement) -> [Int64] {
    var starts: [Int64] = []
    var next: Int64 = 0
    for entry in timeline.all("S") {
      func number(_ name: String) -> Int64? { entry.attributes[name].flatMap { Int64($0) } }
      next = number("t") ?? next
      let duration = max(0, min(number("d") ?? 0, 1 << 40))
      // A negative count means up to the next entry: one of them is known at least.
      for _ in 0...max(0, min(number("r") ?? 0, Int64(limit))) where starts.count < limit {
        starts.append(next)
        next = next &+ duration
      }
    }
    return starts.isEmpty ? [0] : starts
  }

  /// `$Number$`, `$Time%08d$` and their like; `$$` is a dollar.
  private static func fill(_ template: String, _ words: [String: String], numbers: [String: Int64]) -> String
  {
    let parts = template.split(separator: "$", omittingEmptySubsequences: false)
    guard parts.count % 2 == 1 else { return template }
    var text = ""
    for (index, part) in parts.enumerated() {
      if index % 2 == 0 {
        text += part
      } else if part.isEmpty {
        text += "$"
      } else {
        let pieces = part.split(separator: "%", maxSplits: 1)
        let name = pieces.first.map(String.init) ?? ""
        if let word = words[name] {
          text += word
        } else if let number = numbers[name] {
          let width = pieces.count == 2 ? Int(pieces[1].filter(\.isNumber)) ?? 0 : 0
          let digits = String(number)
          text += String(repeating: "0", count: max(0, min(width, 32) - digits.count)) + digits
        } else {
          text += "$\(part)$"
        }
      }
    }
    return text
  }
}

package import Git
package import RegionRepository

/// What a drill found.
package struct DrillReport: Sendable {
  /// How the primary took part.
  package enum Comparison: Sendable, Equatable {
    /// It answered, and bytes were compared with its.
    case compared(RegionName)
    /// It did not answer; nothing was compared with its bytes.
    case unreachable(RegionName, reason: String)
    /// It was drilled itself.
    case isDrilled
  }

  /// The region.
  package let region: RegionName
  /// The commit whose locators were looked for.
  package let commit: ObjectID
  /// How the primary took part.
  package internal(set) var comparison: Comparison
  /// What was found of each locator.
  package internal(set) var locators: [LocatorReport] = []
  /// How long all of it took.
  package internal(set) var duration: Duration = .zero

  /// How many locators do not play.
  package var failed: Int { locators.count { !$0.problems.isEmpty } }
  /// How many were left out because their time has not come or is over.
  package var skipped: Int { locators.count { $0.skipped != nil } }
}

/// What a drill found of one locator.
package struct LocatorReport: Sendable {
  /// Its name.
  package let name: String
  /// The id in its addresses.
  package let streamingLocatorID: String
  /// Why it was left out, or nil.
  package internal(set) var skipped: String?
  /// What keeps players from playing it, or differs, a line each.
  package internal(set) var problems: [String] = []
  /// What was not looked into, a line each.
  package internal(set) var notes: [String] = []
  /// From the first request to the first whole manifest.
  package internal(set) var manifest: Duration?
  /// The same, to the first key.
  package internal(set) var key: Duration?
  /// The same, to the first segment.
  package internal(set) var segment: Duration?
  /// From the first request to the end.
  package internal(set) var total: Duration = .zero
  /// How many files the region sent.
  package internal(set) var files = 0
  /// How many bytes the region sent.
  package internal(set) var bytes: Int64 = 0
  /// How many files were compared with the primary's.
  package internal(set) var compared = 0

  init(_ locator: DrillLocator) {
    name = locator.name
    streamingLocatorID = locator.streamingLocatorID
    skipped = locator.skipped
    if skipped == nil { problems = [locator.problem].compactMap(\.self) }
  }

  mutating func note(_ text: String) { if !notes.contains(text) { notes.append(text) } }
  mutating func fail(_ text: String) { if !problems.contains(text) { problems.append(text) } }
}

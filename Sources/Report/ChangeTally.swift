/// Changes counted as they are read, newest first: by day and region, by author, and the newest of them.
///
/// Holds what it shows and two counts for each day, region and author; never all changes.
package struct ChangeTally: Sendable {
  /// One commit that changed something.
  package struct Change: Sendable {
    package var commit: String
    /// When it was committed, in seconds since 1970.
    package var at: Int64
    package var author: String
    package var email: String
    package var subject: String
    /// The region where it was first made.
    package var region: String
    /// How many files it changed.
    package var count: Int
    /// The first of what it changed, such as `added locator/film`.
    package var resources: [String] = []
    /// Where it came to be live, such as `applied in west`.
    package var places: [String] = []

    package init(
      commit: String, at: Int64, author: String, email: String, subject: String, region: String, count: Int
    ) {
      self.commit = commit
      self.at = at
      self.author = author
      self.email = email
      self.subject = subject
      self.region = region
      self.count = count
    }
  }

  /// A resource of which a merge took one side.
  package struct Settlement: Sendable {
    package var resource: String
    package var commit: String
    /// In seconds since 1970.
    package var at: Int64
    package var by: String
    /// What became of it, such as `as in 1a2b3c4d5e, against 5d4c3b2a1e`.
    package var sides: String

    package init(resource: String, commit: String, at: Int64, by: String, sides: String) {
      self.resource = resource
      self.commit = commit
      self.at = at
      self.by = by
      self.sides = sides
    }
  }

  /// Somebody who changed something.
  package struct Author: Sendable {
    package var name: String
    package var email: String
    /// How many commits, and how many files those changed.
    package var commits: Int
    package var files: Int
    /// When the newest one was committed, in seconds since 1970.
    package var newest: Int64
  }

  private struct AuthorKey: Hashable {
    let name: String
    let email: String
  }

  /// So many authors are named, so many settlements shown; the others are counted.
  static let shownAuthors = 20
  package static let shownSettlements = 20

  /// No commit from before this counts, in seconds since 1970.
  package let since: Int64
  /// So many changes are shown.
  package let limit: Int
  /// The newest changes.
  package private(set) var newest: [Change] = []
  /// How many commits changed something.
  package private(set) var commits = 0
  /// How many files those changed.
  package private(set) var files = 0
  /// The newest settlements, and how many there are.
  package private(set) var settlements: [Settlement] = []
  package private(set) var settled = 0
  /// Commits by day since 1970-01-01 and region.
  private(set) var days: [Int64: [String: Int]] = [:]
  private var byAuthor: [AuthorKey: Author] = [:]

  package init(since: Int64, limit: Int) {
    self.since = since
    self.limit = limit
  }

  /// Whether the next change is among those that are shown.
  package var isShowing: Bool { newest.count < limit }

  /// Whether the next settlement is among those that are shown.
  package var isShowingSettlement: Bool { settlements.count < Self.shownSettlements }

  /// Counts a change; newer ones come first.
  package mutating func add(_ change: Change) {
    commits += 1
    files += change.count
    days[Calendar.day(of: change.at), default: [:]][change.region, default: 0] += 1
    let key = AuthorKey(name: change.author, email: change.email)
    var author =
      byAuthor[key]
      ?? Author(name: change.author, email: change.email, commits: 0, files: 0, newest: change.at)
    author.commits += 1
    author.files += change.count
    author.newest = max(author.newest, change.at)
    byAuthor[key] = author
    if isShowing { newest.append(change) }
  }

  /// Counts what a merge decided.
  package mutating func add(_ settlement: Settlement) {
    settled += 1
    if isShowingSettlement { settlements.append(settlement) }
  }

  /// Counts decisions that are not shown.
  package mutating func addSettled(_ count: Int) { settled += count }

  /// Who changed most, and how many more there are with how many commits.
  var authors: (shown: [Author], others: Int, commitsOfOthers: Int) {
    let sorted = byAuthor.values.sorted {
      ($1.commits, $0.name, $0.email) < ($0.commits, $1.name, $1.email)
    }
    let others = sorted.dropFirst(Self.shownAuthors)
    return (
      Array(sorted.prefix(Self.shownAuthors)), others.count, others.reduce(0) { $0 + $1.commits }
    )
  }

  /// How many commits each region made first, the most first.
  var regions: [(name: String, commits: Int)] {
    var counts: [String: Int] = [:]
    for day in days.values { counts.merge(day, uniquingKeysWith: +) }
    return counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { ($0.key, $0.value) }
  }
}

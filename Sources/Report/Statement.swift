/// The one sentence at the top of a report, and what it leaves open.
package struct Statement: Sendable, Equatable {
  /// How it stands.
  package enum Tone: String, Sendable {
    /// A region can take over, and nothing that can be seen is lost.
    case ready
    /// A region can take over, and whether something is lost cannot be seen wholly.
    case unseen
    /// A region can take over, and something is lost.
    case losing
    /// None can.
    case notReady = "not-ready"
    /// It cannot be told.
    case unknown
  }

  package let tone: Tone
  package let sentence: String
  /// What has to be known beside it.
  package let notes: [String]

  private init(_ tone: Tone, _ sentence: String, _ notes: [String] = []) {
    self.tone = tone
    self.sentence = sentence
    self.notes = notes
  }

  /// What a report says of the fleet.
  package init(of report: FleetReport) {
    guard report.hasHistory else {
      self.init(.unknown, "Region \(report.askedRegion) has no commit yet.")
      return
    }
    guard let primary = report.primary else {
      self.init(
        .notReady, "Region \(report.askedRegion) is in no fleet: if it dies now, nobody takes over.",
        ["Begin a fleet: lockstep fleet add NAME REPOSITORY"])
      return
    }
    if report.contestants.count > 1 {
      let names = Self.list(report.contestants)
      self.init(
        .notReady, "\(names) were made primary at once: a person must say which one stays it.",
        ["lockstep rejoin REGION --primary NAME brings them together; until then neither takes changes."])
      return
    }
    let standbys = report.regions.filter { $0.name != primary }
    let statements = standbys.map { Self.of($0, primary) }
    guard
      let best = statements.indices.min(by: {
        Self.rank(statements[$0], standbys[$0]) < Self.rank(statements[$1], standbys[$1])
      })
    else {
      self.init(.notReady, "If \(primary) dies now, nobody takes over: the fleet has no other region.")
      return
    }
    let ready = standbys.indices.filter { statements[$0].tone == .ready }
    self =
      ready.count > 1
      ? Self.of(ready.map { standbys[$0].name }, standbys[best].readiness, primary) : statements[best]
  }

  /// What stands better comes first; of those that lose something, what loses least.
  private static func rank(_ statement: Statement, _ region: FleetReport.Region) -> (Int, Int) {
    var lost = 0
    if case .told(_, let loss?) = region.readiness {
      lost = loss.commits.count + (loss.uncaptured?.count ?? 0)
    }
    return switch statement.tone {
    case .ready: (0, lost)
    case .unseen: (1, lost)
    case .losing: (2, lost)
    case .notReady: (3, lost)
    case .unknown: (4, lost)
    }
  }

  /// What mirroring brings, and does not keep a region from taking over: it says what is lost.
  private static let ofLoss: Set<String> = ["lag", "captured"]

  private static func of(_ region: FleetReport.Region, _ primary: String) -> Statement {
    guard region.role != "superseded" else {
      return Statement(
        .notReady,
        "\(region.name) cannot take over: \(primary) became primary in its place, and it has to rejoin.",
        ["lockstep rejoin \(region.name)"])
    }
    return of([region.name], region.readiness, primary)
  }

  /// - Parameter names: the regions of which the same can be said.
  private static func of(
    _ names: [String], _ readiness: FleetReport.Readiness, _ primary: String
  ) -> Statement {
    let name = list(names)
    let checks: [FleetReport.Check]
    let loss: FleetReport.Loss?
    switch readiness {
    case .unknown(let reason):
      return Statement(.unknown, "Whether \(name) can take over cannot be told from here.", [reason])
    case .told(let found, let lost): (checks, loss) = (found, lost)
    }
    // What a region lacks of a former primary says nothing of what it lacks of this one.
    if let loss, loss.primary != primary {
      return Statement(
        .notReady,
        "\(name) cannot take over from \(primary): it has not heard yet that \(primary) is primary, and takes"
          + " \(loss.primary) for it.", ["lockstep mirror in \(primary) tells it."])
    }
    var notes: [String] = []
    let skipped = checks.filter { $0.outcome == .skipped }
    if !skipped.isEmpty {
      notes.append("Not checked: \(list(skipped.map(\.name))), as nothing says how.")
    }
    // Commits that are missing may have the ids and keys in which the two differ.
    let isLate = loss.map { !$0.commits.isEmpty } ?? false
    let explained = isLate ? ofLoss.union(["identity"]) : ofLoss
    let against = checks.filter { $0.outcome == .notReady && !explained.contains($0.name) }
    guard let first = against.first else {
      guard let loss else { return Statement(.unknown, "What \(name) lacks of \(primary) is not known.") }
      return take(over: name, from: primary, loss, notes)
    }
    notes = [first.hint].compactMap(\.self) + (loss.map { [sentence($0, primary)] } ?? []) + notes
    let more = against.count == 1 ? "" : " (and \(against.count - 1) more)"
    return Statement(.notReady, "\(name) cannot take over as it is: \(first.statement)\(more).", notes)
  }

  private static func take(
    over name: String, from primary: String, _ loss: FleetReport.Loss, _ notes: [String]
  ) -> Statement {
    var notes = notes
    if let silence = loss.silence {
      notes.insert("\(primary) itself could not be asked: \(silence)", at: 0)
      let lost = losses(loss)
      return Statement(
        lost == nil ? .unseen : .losing,
        "\(name) can take over. \(primary) does not answer; as far as \(name) has heard, you lose \(lost ?? "nothing").",
        notes)
    }
    if let lost = losses(loss) {
      return Statement(.losing, "\(name) can take over, but if \(primary) dies now you lose \(lost).", notes)
    }
    guard loss.uncaptured == nil else {
      return Statement(.ready, "\(name) can take over: if \(primary) dies now, you lose nothing.", notes)
    }
    notes.insert(unseen(primary), at: 0)
    return Statement(.unseen, "\(name) can take over: if \(primary) dies now, no commit is lost.", notes)
  }

  private static func unseen(_ primary: String) -> String {
    "What changed in the account of \(primary) since its last capture cannot be seen from here."
  }

  /// What is lost, in words; nil for nothing that is known.
  static func losses(_ loss: FleetReport.Loss) -> String? {
    let (commits, others) = (loss.commits.count, loss.uncaptured?.count ?? 0)
    let parts =
      (commits == 0 ? [] : ["\(ReportText.grouped(commits)) commit\(commits == 1 ? "" : "s")"])
      + (others == 0
        ? [] : ["\(ReportText.grouped(others)) change\(others == 1 ? "" : "s") that nobody has captured"])
    return parts.isEmpty ? nil : parts.joined(separator: " and ")
  }

  /// The same as a sentence.
  static func sentence(_ loss: FleetReport.Loss, _ primary: String) -> String {
    let lost = losses(loss)
    if let silence = loss.silence {
      return
        "\(primary) itself could not be asked (\(silence)); as far as is known, you lose \(lost ?? "nothing")."
    }
    if let lost { return "If \(primary) dies now, you lose \(lost)." }
    return loss.uncaptured == nil
      ? "If \(primary) dies now, no commit is lost. \(unseen(primary))"
      : "If \(primary) dies now, you lose nothing."
  }

  private static func list(_ names: [String]) -> String {
    guard let last = names.last, names.count > 1 else { return names.joined() }
    return names.dropLast().joined(separator: ", ") + " and " + last
  }
}

package import Git

/// One thing that happened to a region, as its audit log keeps it.
package struct AuditRecord: Sendable, Equatable {
  /// What happened.
  package enum Event: Sendable, Equatable {
    /// The live account was made to match a commit.
    /// - Parameters:
    ///   - from: the commit that it matched before.
    ///   - steps: what was done, such as `3 created, 1 replaced, 0 deleted`; nil where that is not known any more.
    ///   - resumed: how many steps an apply had made that was cut off and that this one completed.
    case applied(ObjectID, from: ObjectID, steps: String?, resumed: Int)
    /// The live account was found to be what a commit says; most often the commit was made from it.
    case captured(ObjectID, from: ObjectID?)
    /// Another region's commits, up to one of them, were replayed.
    case mirrored(from: RegionName, commit: ObjectID, head: ObjectID)
    /// Locators of a commit were played from the region's servers, as players would.
    /// - Parameters:
    ///   - against: the primary that answered and was compared with, if one did.
    ///   - locators: how many were played.
    ///   - failed: how many of them do not play, or differ.
    case drilled(ObjectID, against: RegionName?, locators: Int, failed: Int, milliseconds: Int64)
    /// The region became primary, or by a rejoin the one that had been it became its standby.
    /// - Parameters:
    ///   - lost: how many commits of the old primary were known to be lost.
    ///   - steps: what was done and how long each took, such as `apply 31 ms, epoch 12 ms`.
    ///   - milliseconds: how long all took: after a failover the time until players came to the region.
    case moved(
      ObjectID, cause: RoleChange.Cause, from: RegionName, to: RegionName, lost: Int, steps: String,
      milliseconds: Int64)
  }

  /// The region that it happened to.
  package let region: RegionName
  /// What happened.
  package let event: Event

  package init(region: RegionName, _ event: Event) {
    self.region = region
    self.event = event
  }

  private enum Trailer {
    static let region = "Lockstep-Region"
    static let applied = "Lockstep-Applied"
    static let captured = "Lockstep-Captured"
    static let mirrored = "Lockstep-Mirrored"
    static let drilled = "Lockstep-Drilled"
    static let against = "Lockstep-Against"
    static let locators = "Lockstep-Locators"
    static let failed = "Lockstep-Failed"
    static let moved = "Lockstep-Moved"
    static let cause = "Lockstep-Cause"
    static let oldPrimary = "Lockstep-Old-Primary"
    static let newPrimary = "Lockstep-New-Primary"
    static let lost = "Lockstep-Lost"
    static let milliseconds = "Lockstep-Milliseconds"
    static let from = "Lockstep-From"
    static let head = "Lockstep-Head"
    static let steps = "Lockstep-Steps"
    static let resumed = "Lockstep-Resumed"
  }

  /// Reads what a commit of an audit log records; nil for a commit that records nothing.
  package init?(of commit: RawCommit) {
    func text(_ name: String) -> String? { commit.trailers(named: name).last }
    func id(_ name: String) -> ObjectID? { text(name).flatMap { ObjectID(hex: $0) } }
    guard let region = text(Trailer.region).flatMap({ RegionName($0) }) else { return nil }
    self.region = region
    if let applied = id(Trailer.applied), let from = id(Trailer.from) {
      event = .applied(
        applied, from: from, steps: text(Trailer.steps),
        resumed: text(Trailer.resumed).flatMap { Int($0) } ?? 0)
    } else if let captured = id(Trailer.captured) {
      event = .captured(captured, from: id(Trailer.from))
    } else if let source = text(Trailer.mirrored)?.split(separator: "@"), source.count == 2,
      let name = RegionName(String(source[0])), let commit = ObjectID(hex: source[1]),
      let head = id(Trailer.head)
    {
      event = .mirrored(from: name, commit: commit, head: head)
    } else if let drilled = id(Trailer.drilled) {
      func number(_ name: String) -> Int64 { text(name).flatMap { Int64($0) } ?? 0 }
      event = .drilled(
        drilled, against: text(Trailer.against).flatMap { RegionName($0) },
        locators: Int(number(Trailer.locators)), failed: Int(number(Trailer.failed)),
        milliseconds: number(Trailer.milliseconds))
    } else if let moved = id(Trailer.moved),
      let cause = text(Trailer.cause).flatMap({ RoleChange.Cause(rawValue: $0) }),
      let from = text(Trailer.oldPrimary).flatMap({ RegionName($0) }),
      let to = text(Trailer.newPrimary).flatMap({ RegionName($0) })
    {
      event = .moved(
        moved, cause: cause, from: from, to: to, lost: text(Trailer.lost).flatMap { Int($0) } ?? 0,
        steps: text(Trailer.steps) ?? "",
        milliseconds: text(Trailer.milliseconds).flatMap { Int64($0) } ?? 0)
    } else {
      return nil
    }
  }

  /// What happened in a line, such as `west: applied 3f2a1b9c00 (3 created, 1 replaced, 0 deleted)`.
  package var subject: String {
    func short(_ id: ObjectID) -> String { String(id.hex.prefix(10)) }
    return switch event {
    case .applied(let commit, _, let steps, _):
      "\(region): applied \(short(commit))\(steps.map { " (\($0))" } ?? "")"
    case .captured(let commit, _): "\(region): captured \(short(commit))"
    case .mirrored(let source, let commit, let head):
      "\(region): mirrored \(source)@\(short(commit)) as \(short(head))"
    case .drilled(let commit, _, let locators, let failed, _):
      "\(region): drilled \(short(commit)) (\(locators) played, \(failed) failed)"
    case .moved(_, let cause, let from, let to, _, _, let milliseconds):
      "\(region): \(cause.rawValue) from \(from) to \(to) in \(milliseconds) ms"
    }
  }

  /// The commit of this region that the record is about.
  package var commit: ObjectID {
    switch event {
    case .applied(let commit, _, _, _), .captured(let commit, _), .drilled(let commit, _, _, _, _),
      .moved(let commit, _, _, _, _, _, _):
      commit
    case .mirrored(_, _, let head): head
    }
  }

  /// Whether the record says that a commit was at live.
  package var isAboutAccount: Bool {
    switch event {
    case .applied, .captured: true
    case .mirrored, .drilled, .moved: false
    }
  }

  /// The message of the commit that keeps the record.
  package var message: String {
    var lines = ["\(Trailer.region): \(region)"]
    switch event {
    case .applied(let commit, let from, let steps, let resumed):
      lines += ["\(Trailer.applied): \(commit.hex)", "\(Trailer.from): \(from.hex)"]
      if let steps { lines.append("\(Trailer.steps): \(steps)") }
      if resumed > 0 { lines.append("\(Trailer.resumed): \(resumed)") }
    case .captured(let commit, let from):
      lines.append("\(Trailer.captured): \(commit.hex)")
      if let from { lines.append("\(Trailer.from): \(from.hex)") }
    case .mirrored(let source, let commit, let head):
      lines += ["\(Trailer.mirrored): \(source)@\(commit.hex)", "\(Trailer.head): \(head.hex)"]
    case .drilled(let commit, let against, let locators, let failed, let milliseconds):
      lines.append("\(Trailer.drilled): \(commit.hex)")
      if let against { lines.append("\(Trailer.against): \(against)") }
      lines += [
        "\(Trailer.locators): \(locators)", "\(Trailer.failed): \(failed)",
        "\(Trailer.milliseconds): \(milliseconds)",
      ]
    case .moved(let commit, let cause, let from, let to, let lost, let steps, let milliseconds):
      lines += [
        "\(Trailer.moved): \(commit.hex)", "\(Trailer.cause): \(cause.rawValue)",
        "\(Trailer.oldPrimary): \(from)", "\(Trailer.newPrimary): \(to)", "\(Trailer.lost): \(lost)",
        "\(Trailer.steps): \(steps)", "\(Trailer.milliseconds): \(milliseconds)",
      ]
    }
    return "\(subject)\n\n\(lines.joined(separator: "\n"))\n"
  }
}

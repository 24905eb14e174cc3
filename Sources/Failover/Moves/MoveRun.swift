import CanonicalJSON
package import RegionRepository

/// A move of the primary's role from one region to another, with what is done of it: `run.json` beside the repository of the
/// region that takes over.
///
/// It is written before and after each step. Each step may be made again, so one that was cut off begins anew.
package struct MoveRun: Sendable {
  /// The steps, in the order in which they are made.
  package enum Step: String, Sendable {
    /// The old primary takes no more changes.
    case drain
    /// Its account's last changes are captured.
    case capture
    /// The new primary gets all commits.
    case mirror
    /// The new primary's account gets what is committed.
    case apply
    /// The new primary is asked whether it is ready.
    case verify
    /// Players come to the new primary.
    case traffic
    /// The new primary's fleet says that it is that.
    case epoch
    /// The old primary becomes a standby.
    case reverse
    /// The old primary's account gets what is committed.
    case follow
  }

  /// A step with how long it took.
  package struct Entry: Sendable, Equatable {
    package let step: Step
    /// Nil as long as it is not done.
    package var milliseconds: Int64?
    /// Whether it was begun.
    package var isBegun = false
  }

  /// What kind of move it is.
  package let cause: RoleChange.Cause
  /// The old primary.
  package let from: RegionName
  /// The new one.
  package let to: RegionName
  /// Why, in a person's words; nil where nobody said.
  package let reason: String?
  /// The epoch that it begins.
  package let epoch: Fleet.Epoch
  /// How many of the old primary's commits are lost, as far as is known.
  package let lost: Int
  /// The steps.
  package private(set) var entries: [Entry]

  package init(
    _ cause: RoleChange.Cause, from: RegionName, to: RegionName, reason: String?, epoch: Fleet.Epoch,
    lost: Int = 0, steps: [Step]
  ) {
    self.cause = cause
    self.from = from
    self.to = to
    self.reason = reason
    self.epoch = epoch
    self.lost = lost
    entries = steps.map { Entry(step: $0) }
  }

  /// Whether a step was begun.
  package func hasBegun(_ step: Step) -> Bool { entries.contains { $0.step == step && $0.isBegun } }

  /// How long all steps took together.
  package var milliseconds: Int64 { entries.reduce(0) { $0 + ($1.milliseconds ?? 0) } }

  /// Each step's time in a line.
  package var times: String {
    entries.map { "\($0.step.rawValue) \($0.milliseconds ?? 0) ms" }.joined(separator: ", ")
  }

  /// Makes the steps that are left.
  /// - Parameters:
  ///   - region: beside whose repository the run stands.
  ///   - checkpoint: called before each; what it throws ends the run where it can go on or be undone.
  ///   - make: makes one.
  ///   - ended: told of each that has ended.
  package mutating func perform(
    in region: RegionRepository, checkpoint: () throws -> Void, _ make: (Step) async throws -> Void,
    ended: (Entry) -> Void
  ) async throws {
    let clock = ContinuousClock()
    for index in entries.indices where entries[index].milliseconds == nil {
      try checkpoint()
      entries[index].isBegun = true
      try write(of: region)
      let begun = clock.now
      try await make(entries[index].step)
      let (seconds, attoseconds) = (clock.now - begun).components
      entries[index].milliseconds = seconds * 1000 + attoseconds / 1_000_000_000_000_000
      try write(of: region)
      ended(entries[index])
    }
  }

  // MARK: The file

  private static func path(of region: RegionRepository) throws -> String {
    try region.stateFolder() + "/run.json"
  }

  /// Keeps others from moving roles while one process does; the region's own lock is each step's.
  package static func lock(_ region: RegionRepository, purpose: String) throws -> RegionLock {
    try RegionLock(path: region.stateFolder() + "/run.lock", region: region.name, purpose: purpose)
  }

  /// The one that was begun and has not ended, or nil; one that a later promotion has overtaken has ended.
  /// - Throws: `RegionError`, `JSONError` for a file that nobody can read.
  package static func read(of region: RegionRepository) throws -> MoveRun? {
    let path = try path(of: region)
    guard let bytes = FilePaths.read(path) else { return nil }
    let document = try JSONValue.parse(bytes)
    func text(_ key: String) -> String? { document[key]?.stringValue }
    guard let cause = text("cause").flatMap({ RoleChange.Cause(rawValue: $0) }),
      let from = text("from").flatMap({ RegionName($0) }), let to = text("to").flatMap({ RegionName($0) }),
      let number = document["epoch"]?["number"]?.int64Value, let id = document["epoch"]?["id"]?.stringValue
    else {
      throw RegionError(
        .badConfiguration, "\(path) is no run that this version knows",
        hint: "see where the regions are: lockstep status -C \(region.shellPlace)")
    }
    var run = MoveRun(
      cause, from: from, to: to, reason: text("reason"), epoch: Fleet.Epoch(number: number, id: id),
      lost: document["lost"]?.int64Value.map { Int($0) } ?? 0, steps: [])
    run.entries = (document["steps"]?.arrayValue ?? []).compactMap { entry in
      entry["name"]?.stringValue.flatMap { Step(rawValue: $0) }.map {
        Entry(
          step: $0, milliseconds: entry["milliseconds"]?.int64Value,
          isBegun: entry["begun"] == .bool(true))
      }
    }
    return try run.isOvertaken(in: region) ? nil : run
  }

  /// Whether the region knows of a promotion that came after the one of this run.
  private func isOvertaken(in region: RegionRepository) throws -> Bool {
    try [region.fleet(), region.heardFleet()].compactMap(\.?.epoch).contains {
      $0.number > epoch.number || ($0.number == epoch.number && $0.id != epoch.id)
    }
  }

  /// Whether nothing has happened yet that only another move can take back: the epoch has not risen.
  package func canBeUndone(in region: RegionRepository) throws -> Bool {
    try region.fleet()?.epoch != epoch
  }

  private func write(of region: RegionRepository) throws {
    let document: JSONValue = [
      "cause": .string(cause.rawValue),
      "epoch": ["id": .string(epoch.id), "number": .number(.int64(epoch.number))],
      "from": .string(from.text), "lost": .number(.int64(Int64(lost))),
      "reason": reason.map { .string($0) } ?? .null,
      "steps": .array(
        entries.map { entry in
          [
            "begun": .bool(entry.isBegun),
            "milliseconds": entry.milliseconds.map { .number(.int64($0)) } ?? .null,
            "name": .string(entry.step.rawValue),
          ]
        }), "to": .string(to.text), "version": 1,
    ]
    try FilePaths.writeDurably(document.canonicalBytes(), to: Self.path(of: region))
  }

  /// Forgets the run, which has ended or was undone.
  package static func remove(of region: RegionRepository) throws { try FilePaths.remove(path(of: region)) }
}

import Git
import MediaResources
package import Planning
import RegionRepository

/// Plans from where a run that was cut off left the account.
extension PlanBuilder {
  /// Plans what leads to the head: from live, or what is left of an apply that was cut off.
  /// - Parameter account: asked for what that run had begun to change and not ended; nil to take it for undone.
  /// - Throws: `AccountError` (`.missing`) where it is not known what the account matches.
  package func rest(
    observing account: (any LiveAccount)?, forced: Set<GuardRefusal.Guard> = [],
    cancellation: Cancellation = Cancellation()
  ) async throws -> PreparedPlan {
    guard let journal = try openJournal(), let head = try region.head() else {
      return try await plan(forced: forced)
    }
    try checkHolds(head, journal.live)
    return try await plan(
      from: journal, to: head, observing: account, forced: forced, cancellation: cancellation)
  }

  /// Plans what leads to a commit from where a journal's run left the account.
  func plan(
    from journal: ApplyJournal, to commit: ObjectID, observing account: (any LiveAccount)?,
    forced: Set<GuardRefusal.Guard>, cancellation: Cancellation
  ) async throws -> PreparedPlan {
    let complete = commit == journal.planned ? journal.done : []
    var touched: [ResourceID: Resource?] = [:]
    if let account {
      for id in journal.begun.subtracting(complete) {
        try cancellation.check()
        touched[id] = .some(try await account.observe(id))
      }
    }
    return try await plan(
      from: journal.live, to: commit, forced: forced, touched: touched, complete: complete)
  }

  /// The journal of an apply that was cut off before live moved.
  func openJournal() throws -> ApplyJournal? {
    guard let journal = try ApplyJournal.resume(for: region) else { return nil }
    let live = try region.live()
    if journal.isOver(live) { return nil }
    guard live == journal.live else {
      throw AccountError(
        .drifted,
        "an unfinished apply began at commit \(journal.live), but live has become another one since",
        hint: "compare the account with the repository: lockstep drift -C \(region.shellPlace)")
    }
    return journal
  }
}

extension LiveAccount {
  /// A resource as the account holds it now, in normal form.
  func observe(_ id: ResourceID) async throws -> Resource? {
    guard let document = try await read(id) else { return nil }
    return try NormalForm.normalise(document, kind: id.kind, assetName: id.assetName)
  }
}

import CanonicalJSON
import Git
import RegionRepository

/// The fleet's epoch only rises, commit by commit, against every parent.
///
/// A fleet that nobody can read is another rule's matter, and one that was unreadable before is followed by any.
struct EpochRule {
  let reader: CommitReader

  /// What is wrong with a commit's change of the fleet.
  func judge(_ change: FileChange, in commit: ObjectID) throws -> [CommitGuard.Finding] {
    let olds = try change.old.values.compactMap { try fleet($0) }
    guard let entry = change.new else {
      guard !olds.isEmpty else { return [] }
      return [
        finding(change, commit, "it is taken out, and with it the epoch; a fleet that was begun stays one")
      ]
    }
    guard let new = try fleet(entry) else { return [] }
    let refusals = olds.compactMap { new.refusal(toFollow: $0) }
    let line = try reader.bytes(of: entry).flatMap { try? JSONValue.parse($0) }
      .map { JSONLines.line(of: "/epoch/number", in: $0) }
    return Set(refusals).sorted().map { finding(change, commit, $0, line: line) }
  }

  private func fleet(_ entry: TreeEntry?) throws -> Fleet? {
    guard let bytes = try entry.flatMap({ try reader.bytes(of: $0) }) else { return nil }
    return try? Fleet(bytes: bytes)
  }

  private func finding(
    _ change: FileChange, _ commit: ObjectID, _ message: String, line: Int? = nil
  ) -> CommitGuard.Finding {
    CommitGuard.Finding(
      .epoch, commit: commit, path: change.path, line: line, message,
      mend: "another region becomes primary by lockstep switchover or lockstep failover;"
        + " \(FileRules.oldFleet(commit))")
  }
}

import Git
import Programs
package import RegionRepository

/// Tells a peer on another machine to fetch, by a command of this machine's configuration.
///
/// The command is the shell's, as git's own commands in the configuration are; nothing of a tree or a push goes into it.
package enum PeerNotification {
  /// The variable in which the command finds the region that has something new.
  package static let variable = "LOCKSTEP_REGION"

  /// Runs the command; it is ended, with everything that it started, when it takes too long.
  /// - Throws: `UpkeepError` (`.notification`) with what it said.
  package static func send(
    _ command: String, to peer: RegionName, from region: RegionName, patience: Duration,
    stopping: @escaping () -> Bool
  ) throws(UpkeepError) {
    let deadline = ContinuousClock.now.advanced(by: patience)
    let outcome: ChildProgram.Outcome
    do throws(ProgramError) {
      outcome = try ChildProgram.run(
        ["sh", "-c", command],
        environment: EnvironmentChanges(
          removing: GitProgram.localVariables.union(WorkerProgram.descriptorVariables),
          adding: [variable: region.text]), isApart: true
      ) { stopping() || ContinuousClock.now >= deadline }
    } catch {
      throw UpkeepError(
        .notification, "region \(peer) cannot be told to fetch: \(error.message)", hint: error.hint)
    }
    guard outcome.status != 0 else { return }
    let why =
      ContinuousClock.now >= deadline
      ? "its command did not end within \(UTCText.seconds(patience))"
      : "its command ended with \(outcome.status)\(outcome.errors.isEmpty ? "" : ": \(outcome.errors)")"
    throw UpkeepError(
      .notification, "region \(peer) cannot be told to fetch: \(why)",
      hint: "see the command: git config \(RegionConfiguration.peerNotification(peer))")
  }
}

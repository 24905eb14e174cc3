import Git
import Programs

/// The program that does what a push left to be done, beside the push.
package enum WorkerProgram {
  /// Variables that name descriptors, which a program started apart does not have.
  static let descriptorVariables: Set<String> = ["LOCKSTEP_IDENTITY_FD", "LOCKSTEP_PASSPHRASE_FD"]

  /// Starts it in a session of its own, without git's environment and without a pipe of the push.
  /// - Throws: `UpkeepError` where the system says no.
  package static func start(_ program: String, for gitDirectory: String) throws(UpkeepError) {
    do throws(ProgramError) {
      try ChildProgram.startDetached(
        [program, "hook", "work", gitDirectory],
        environment: EnvironmentChanges(removing: GitProgram.localVariables.union(descriptorVariables)))
    } catch {
      throw UpkeepError(.waiting, error.message, hint: error.hint)
    }
  }
}

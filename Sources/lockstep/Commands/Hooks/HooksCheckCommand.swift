import ArgumentParser
import CanonicalJSON
import RegionRepository

/// `lockstep hooks check`: what is wrong with the hooks.
struct HooksCheckCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check", abstract: "Say what is wrong with the hooks (exit 2: something is).")

  @OptionGroup var region: RegionOptions
  @OptionGroup var output: OutputOptions

  func run() async throws {
    let installation = try HookInstallation(at: region.region, program: ThisProgram.path())
    let problems = try installation.problems()
    if output.json {
      Terminal.print(
        [
          "hooks": .array(installation.wanted.map { .string($0.rawValue) }),
          "problems": .array(
            problems.map {
              ["mend": .string($0.mend), "message": .string($0.message), "subject": .string($0.subject)]
            }),
          "repository": .string(installation.place), "version": 1,
        ])
    } else if problems.isEmpty {
      Terminal.say("the hooks of \(installation.place) are in place")
    } else {
      for problem in problems {
        Terminal.print("\(problem.subject): \(problem.message); to mend it: \(problem.mend)")
      }
    }
    if !problems.isEmpty { throw ExitCode(ExitStatus.differences) }
  }
}

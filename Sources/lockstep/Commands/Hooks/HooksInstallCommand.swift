import ArgumentParser
import CanonicalJSON
import CommitGuard
import Git
import RegionRepository

/// `lockstep hooks install`: puts the hooks in place, keeps those that are there, and builds the region's index.
struct HooksInstallCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "install", abstract: "Put the hooks in place and set what they need.",
    discussion: """
      A region's repository gets pre-receive, which judges each push, post-receive, which mirrors what was pushed, and, \
      where it has a working tree, pre-commit, which formats and seals what is about to be committed. A clone of one gets \
      pre-commit. A hook that is there already is kept as HOOK.before-lockstep and runs first.
      """)

  @Flag(
    help:
      "In a bare repository that others push to: make git itself refuse deletions and rewritten history, too."
  )
  var bareHub = false

  @OptionGroup var region: RegionOptions
  @OptionGroup var output: OutputOptions

  func run() async throws {
    let installation = try HookInstallation(at: region.region, program: ThisProgram.path())
    if installation.isRegion { try AuditLog(region.open()).checkRoom() }
    var done = try installation.install(asHub: bareHub)
    if installation.isRegion {
      if !installation.git.isBare {
        let lock = try region.open().holdPushes(told: { push in
          done.append("\(push.message)\(push.begun.isEmpty ? "" : "; that is taken back")")
        })
        withExtendedLifetime(lock) {}
      }
      _ = try region.open().index {
        Terminal.say("building the index of the region: every resource is read, once")
      }
    }
    if output.json {
      return Terminal.print(
        [
          "done": .array(done.map { .string($0) }), "repository": .string(installation.place), "version": 1,
        ])
    }
    for line in done { Terminal.say(line) }
    if done.isEmpty { Terminal.say("the hooks of \(installation.place) are in place") }
    for problem in try installation.problems() {
      Terminal.say("warning: \(problem.subject): \(problem.message)")
      Terminal.say("hint: \(problem.mend)")
    }
  }
}

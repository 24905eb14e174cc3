import ArgumentParser
import CommitGuard
import Git
import RegionRepository

/// `lockstep hook pre-receive`: judges a push before a ref moves.
struct PreReceiveHook: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pre-receive", abstract: "Refuse a push that breaks a rule (exit 4).",
    discussion: "Reads the lines 'OLD NEW REF' that git gives a pre-receive hook.")

  func run() async throws {
    var updates: [RefUpdate] = []
    while let line = readLine() {
      guard let update = RefUpdate(line: line) else {
        throw RegionError(
          .badConfiguration, "'\(line)' is no line 'OLD NEW REF' of a push",
          hint: "git calls this: lockstep hooks install")
      }
      updates.append(update)
    }
    guard !updates.isEmpty else { return }
    let region = try RegionRepository.openByEnvironment()
    let push = PushGuard(region: region) { Terminal.say("\($0)") }
    let findings = try push.findings(in: updates) { try ReplayHonesty.isHonest($0, $1, in: region.git) }
    guard !findings.isEmpty else { return }
    for finding in findings.prefix(Self.shown) { Terminal.say("refused: \(finding)") }
    if findings.count > Self.shown { Terminal.say("and \(findings.count - Self.shown) more") }
    throw ExitCode(ExitStatus.refused)
  }

  private static let shown = 50
}

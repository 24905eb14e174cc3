import ArgumentParser
import CommitGuard
import Failover
import Git
import RegionRepository

/// `lockstep hook pre-receive`: judges a push before a ref moves.
struct PreReceiveHook: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pre-receive", abstract: "Refuse a push that breaks a rule (exit 4).",
    discussion: "Reads the lines 'OLD NEW REF' that git gives a pre-receive hook.")

  @Argument(help: "The process that moves the refs when this one says nothing against it.")
  var receiver: Int32?

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
    let lock = try region.git.isBare ? nil : waitForOthers(region)
    let push = PushGuard(region: region) { Terminal.say($0) }
    let findings = try push.findings(in: updates) { try ReplayHonesty.isHonest($0, $1, in: region.git) }
    guard !findings.isEmpty else {
      try checkFence(updates, of: region)
      if let lock { try leave(lock, to: updates, of: region) }
      return
    }
    let tips = Set(updates.compactMap(\.new))
    for finding in findings.prefix(Self.shown) { Terminal.say("refused: \(finding.line(pushing: tips))") }
    if findings.count > Self.shown { Terminal.say("and \(findings.count - Self.shown) more") }
    throw ExitCode(ExitStatus.refused)
  }

  /// Asks last: what is wrong with the push by itself needs no other machine to be found.
  private func checkFence(_ updates: [RefUpdate], of region: RegionRepository) throws {
    let branch = try region.branchReference()
    guard updates.contains(where: { $0.name == branch }) else { return }
    // What is heard must outlive this push: it goes into the repository, not into the push's quarantine.
    let lasting = try RegionRepository.open(at: region.git.gitDirectory)
    do { try FenceCheck.pass("the push", in: lasting) } catch let error as FailoverError {
      Terminal.say("refused: \(error.message)" + (error.hint.map { "; to mend it: \($0)" } ?? ""))
      throw ExitCode(ExitStatus.refused)
    }
  }

  private func waitForOthers(_ region: RegionRepository) throws -> PushLock {
    // What an earlier push has left has nothing to do with what this one has in quarantine.
    try RegionRepository.open(at: region.git.gitDirectory).holdPushes {
      Terminal.say("waiting for another push, or a mirror, to end")
    } told: { push in
      Terminal.say("\(push.message)\(push.begun.isEmpty ? "" : "; that is taken back")")
    }
  }

  /// The next push waits until this one's ref has moved.
  private func leave(_ lock: PushLock, to updates: [RefUpdate], of region: RegionRepository) throws {
    let branch = try region.branchReference()
    guard let receiver, let new = updates.first(where: { $0.name == branch })?.new else { return }
    try region.notePush(of: new, by: receiver)
    lock.leave(to: [
      try ThisProgram.path(), "hook", "hold-push", region.git.gitDirectory, branch, new.hex, "\(receiver)",
    ])
  }

  private static let shown = 50
}

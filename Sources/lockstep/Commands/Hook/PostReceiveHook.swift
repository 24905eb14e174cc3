import ArgumentParser
import Git
import RegionRepository
import Upkeep

/// `lockstep hook post-receive`: what follows a push that was accepted.
///
/// The push is done by now, so nothing that goes wrong here is its failure: the exit code is always 0.
struct PostReceiveHook: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "post-receive", abstract: "Mirror and apply what was pushed, beside the push.",
    discussion: "Reads the lines 'OLD NEW REF' that git gives a post-receive hook.", shouldDisplay: false)

  func run() async throws {
    do { try followUp() } catch {
      let failure = Failure(error)
      Terminal.say("warning: what follows a push could not be begun: \(failure.message)")
      Terminal.say("hint: \(failure.hint ?? "lockstep mirror")")
    }
  }

  private func followUp() throws {
    var references: Set<String> = []
    while let line = readLine() {
      if let name = line.split(separator: " ").last { references.insert(String(name)) }
    }
    let region = try RegionRepository.openByEnvironment()
    guard try references.contains(region.branchReference()) else { return }
    let push = try PushFollowUp(region)
    for remark in push.remarks { Terminal.say(remark) }
    guard !push.wishes.isEmpty else { return }
    try WorkerProgram.start(ThisProgram.path(), for: region.git.gitDirectory)
    push.tell { Terminal.say($0) }
  }
}

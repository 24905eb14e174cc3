import Foundation
import Support
import Testing

/// Moves across machines whose program here ends while a step is made there.
@Suite(.enabled(if: SSHServer.isThere)) struct CutOffOverSSHTests {
  private let server: SSHServer
  private let fleet: PushedFleet

  init() throws {
    server = try SSHServer()
    fleet = try PushedFleet(clones: [:])
    try fleet.meet(over: server)
  }

  /// Lets west's way to east wait at a step until there is a file `go`; a file `reached` tells that it waits.
  private func hold(at step: String) throws {
    let ssh = server.environment["GIT_SSH_COMMAND"] ?? ""
    try fleet.folder.write(
      """
      case "$*" in *"move-step \(step) "*)
        touch '\(fleet.folder["reached"])'
        while [ ! -e '\(fleet.folder["go"])' ]; do sleep 0.05; done ;;
      esac
      exec \(ssh) "$@"

      """, to: "slow-ssh")
    try fleet.set("core.sshCommand", "sh '\(fleet.folder["slow-ssh"])'", in: "west")
  }

  private func primary(_ region: String) throws -> Bool {
    try fleet.folder.read("\(region)/mirrored/fleet.json").contains("\"primary\": \"\(region)\"")
  }

  /// Goes on or undoes, as soon as what ran has ended.
  private func end(_ way: String) throws -> Program.Outcome {
    var outcome = try fleet.regions.run(["switchover", way, "-C", fleet.east])
    let isFree = try waitUntil(seconds: 30) {
      if outcome.status == 11 { outcome = try fleet.regions.run(["switchover", way, "-C", fleet.east]) }
      return outcome.status != 11
    }
    #expect(isFree)
    return outcome
  }

  @Test(
    arguments: [
      ("capture --handover", SIGKILL, "--undo"), ("capture --handover", SIGINT, "--resume"),
      ("apply", SIGKILL, "--resume"),
    ])
  func `a switchover that runs on another machine stops there when the program here ends`(
    step: String, signal: Int32, way: String
  ) throws {
    try fleet.commit("one", in: "east")
    try hold(at: step)
    let begun = try Program.start(Program.lockstep, ["switchover", "west", "-C", fleet.east])
    let isReached = waitUntil(seconds: 60) { fleet.folder.has("reached") }
    #expect(isReached)
    #expect(begun.stop(signal) == (signal == SIGINT ? 130 : 137))
    if signal == SIGINT {
      let said = try begun.outcome().errors
      #expect(said.contains("hint: go on: lockstep switchover --resume -C \(fleet.east)"), "\(said)")
      #expect(!said.contains("run the same command again"), "\(said)")
      #expect(said.contains("west: the switchover has stopped"), "\(said)")
    }
    try fleet.folder.write("", to: "go")
    let ended = try end(way)
    #expect(ended.status == 0, "\(ended.errors)")
    #expect(!fleet.folder.has("west/.git/lockstep/run.json"))
    #expect(!fleet.folder.has("east/.git/lockstep/drain.json"))
    #expect(try primary("east") == (way == "--undo") && primary("west") == (way == "--resume"))
    if way == "--resume" { #expect(try fleet.isInStep() && fleet.check() == (0, "")) }
  }
}

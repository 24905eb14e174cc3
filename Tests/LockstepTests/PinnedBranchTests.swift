import Foundation
import Support
import Testing

/// The branch that is the region, and the folder that is its repository: nothing else is taken for either.
@Suite struct PinnedBranchTests {
  @Test func `work in progress on another branch goes nowhere, and a branch may be renamed`() throws {
    let fleet = try PushedFleet()
    let (regions, east) = (fleet.regions, fleet.east)
    let before = try Program.git("rev-parse", "main", in: fleet.west)
    try Program.git("checkout", "--quiet", "-b", "feature", in: east)
    try fleet.commit("unfinished", in: "east")
    for command in [
      ["mirror"], ["capture"], ["apply"], ["plan"], ["rollback", "HEAD"], ["status"], ["status", "--check"],
    ] {
      let refused = try regions.run(command + ["-C", east])
      #expect(refused.status != 0, "\(command)")
      #expect(
        "\(refused.output)\(refused.errors)".contains("git -C \(east) switch main"),
        "\(command): \(refused.output)\(refused.errors)")
    }
    let check = try regions.run(["hooks", "check", "-C", east])
    #expect(
      check.status == 2 && check.output.contains("has the branch feature checked out"), "\(check.output)")
    // A push into the region's branch waits, too: nobody would take care of it.
    try fleet.commit("pushed", in: "anna")
    let push = try fleet.push("anna")
    #expect(push.status != 0 && push.errors.contains("switch main"), "\(push.errors)")
    #expect(try Program.git("rev-parse", "main", in: fleet.west) == before)
    try Program.git("checkout", "--quiet", "main", in: east)
    try fleet.accepted("anna")
    #expect(waitUntil { (try? fleet.isInStep()) == true })
    // A new name for the branch is said once.
    try Program.git("branch", "-m", "main", "trunk", in: east)
    let renamed = try regions.run(["mirror", "-C", east])
    #expect(renamed.errors.contains("git -C \(east) config lockstep.branch trunk"), "\(renamed.errors)")
    try Program.git("config", "lockstep.branch", "trunk", in: east)
    try regions.succeed(["mirror", "-C", east])
  }

  @Test func `a linked working tree is a place to commit in, and not the region`() throws {
    let fleet = try PushedFleet(clones: [:])
    try Program.git("worktree", "add", "--quiet", "-b", "topic", fleet.folder["topic"], in: fleet.east)
    let refused = try fleet.regions.run(["capture", "-C", fleet.folder["topic"]])
    #expect(
      refused.status == 1 && refused.errors.contains("-C \(fleet.east)/.git"), "\(refused.errors)")
    try fleet.commit("there", in: "topic")
    try fleet.regions.succeed(["mirror", "-C", fleet.east])
    #expect(!fleet.folder.has("west/mirrored/account-filters/there.json"))
    try Program.git("merge", "--quiet", "topic", in: fleet.east)
    try fleet.regions.succeed(["mirror", "-C", "\(fleet.east)/.git"])
    #expect(fleet.folder.has("west/mirrored/account-filters/there.json"))
  }

  @Test func `a hub whose HEAD names another branch says how it comes back`() throws {
    let regions = try TwoRegions(bare: true)
    try Program.git("symbolic-ref", "HEAD", "refs/heads/other", in: regions["east"])
    let refused = try regions.run(["mirror", regions["east"], regions["west"]])
    #expect(
      refused.status == 1
        && refused.errors.contains("git -C \(regions["east"]) symbolic-ref HEAD refs/heads/main"),
      "\(refused.errors)")
  }

  @Test func `a watch does not begin a repository anew that was moved away`() throws {
    let fleet = try PushedFleet(clones: [:])
    let watch = try Program.start(
      Program.lockstep, ["watch", "-C", fleet.east, "--interval", "3600"], environment: [:])
    // Until it is idle: what git itself is writing just then is git's to make.
    #expect(
      waitUntil {
        (try? fleet.folder.read("east/.git/lockstep/watch.json"))?.contains("\"idle\"") == true
      })
    let away = fleet.east + ".away"
    try FileManager.default.moveItem(atPath: fleet.east, toPath: away)
    #expect(try waitUntil { try watch.files.read("errors").contains("no longer at \(fleet.east)") })
    #expect(!FileManager.default.fileExists(atPath: fleet.east))
    _ = watch.stop(SIGTERM)
    try FileManager.default.moveItem(atPath: away, toPath: fleet.east)
    try fleet.regions.succeed(["mirror", "-C", fleet.east])
  }

  @Test func `a peer whose folder is gone is told once, with the command that says where it is`() throws {
    let fleet = try PushedFleet(clones: [:])
    try FileManager.default.moveItem(atPath: fleet.west, toPath: fleet.west + ".away")
    let outcome = try fleet.regions.run(["mirror", "-C", fleet.east])
    #expect(outcome.status == 1, "\(outcome.errors)")
    #expect(outcome.errors.components(separatedBy: "error: ").count == 2, "\(outcome.errors)")
    #expect(
      outcome.errors.contains("git -C \(fleet.east) config lockstep.peer-west.repository PLACE"),
      "\(outcome.errors)")
  }

  @Test(.enabled(if: geteuid() == 0 && Program.has("setpriv")))
  func `a repository of somebody else is named as that, with the command that trusts it`() throws {
    let regions = try TwoRegions()
    try regions.publish()
    let east = regions["east"]
    let home = try TemporaryFolder()
    for path in [regions.folder.path, home.path] {
      try Program.run("chmod", ["-R", "a+rX", path])
    }
    func status() throws -> Program.Outcome {
      try Program.run(
        "setpriv",
        ["--reuid", "65534", "--clear-groups", Program.lockstep, "log", "-n", "1", "-C", "\(east)/mirrored"],
        environment: ["HOME": home.path, "GIT_CONFIG_GLOBAL": "\(home.path)/.gitconfig"])
    }
    // Without any setting libgit2 finds no repository, and with a wildcard none that is trusted.
    for settings in ["", "[safe]\n\tdirectory = *\n"] {
      try home.write(settings, to: ".gitconfig")
      let refused = try status()
      #expect(refused.status == 1, "\(refused.output)")
      #expect(
        refused.errors.contains("git config --global --add safe.directory \(east)\n"),
        "\(settings): \(refused.errors)")
    }
    try home.write("[safe]\n\tdirectory = \(east)\n", to: ".gitconfig")
    let trusted = try status()
    #expect(trusted.status == 0, "\(trusted.errors)")
  }
}

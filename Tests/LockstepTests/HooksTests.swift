import Foundation
import Support
import Testing

/// `lockstep hooks`: what stands in a repository, and what is said of it.
@Suite struct HooksTests {
  private static let project = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  private func check(_ regions: TwoRegions, _ region: String = "east") throws -> Program.Outcome {
    try regions.run(["hooks", "check", "-C", regions[region]])
  }

  @Test func `what is installed is what the project's folder of hooks holds, and twice changes nothing`()
    throws
  {
    let regions = try TwoRegions()
    let first = try regions.run(["hooks", "install", "-C", regions["east"]])
    #expect(first.status == 0 && first.errors.contains("pre-receive is in place"), "\(first.errors)")
    let names = try FileManager.default.contentsOfDirectory(
      atPath: Self.project.appendingPathComponent("hooks").path)
    #expect(Set(names) == ["pre-receive", "post-receive", "pre-commit"])
    for name in names {
      let source = try String(
        contentsOf: Self.project.appendingPathComponent("hooks/\(name)"), encoding: .utf8)
      #expect(try regions.folder.read("east/.git/hooks/\(name)") == source, "\(name)")
      #expect(FileManager.default.isExecutableFile(atPath: regions.folder["east/.git/hooks/\(name)"]))
    }
    #expect(try Program.git("config", "receive.denyCurrentBranch", in: regions["east"]) == "updateInstead")
    #expect(regions.folder.has("east/.git/lockstep/index.sqlite"))
    let config = try regions.folder.read("east/.git/config")
    let again = try regions.run(["hooks", "install", "-C", regions["east"], "--json"])
    #expect(again.status == 0 && again.output.contains("\"done\": []"), "\(again.output)\(again.errors)")
    #expect(try regions.folder.read("east/.git/config") == config)
    #expect(try check(regions).status == 0)
  }

  @Test func `a hook that was there is kept and runs first, and its refusal counts`() throws {
    let region = try PushedRegion(installing: false)
    let hook = region.folder["east/.git/hooks/pre-receive"]
    try region.folder.write(
      "#!/bin/sh\ncat >> \"$GIT_DIR/seen\"\necho \"$GIT_QUARANTINE_PATH\" >> \"$GIT_DIR/quarantine\"\ntest ! -e \"$GIT_DIR/refuse\"\n",
      to: "east/.git/hooks/pre-receive")
    try Program.run("chmod", ["+x", hook])
    let installed = try region.regions.run(["hooks", "install", "-C", region.east])
    #expect(installed.errors.contains("runs first, as pre-receive.before-lockstep"), "\(installed.errors)")
    try region.regions.succeed(["hooks", "install", "-C", region.east])
    try region.filter("plain")
    try region.commit()
    try region.folder.write("", to: "east/.git/refuse")
    #expect(try region.push().status != 0)
    try FileManager.default.removeItem(atPath: region.folder["east/.git/refuse"])
    try region.accept()
    let head = try region.git("rev-parse", "HEAD")
    #expect(try region.folder.read("east/.git/seen").contains("\(head) refs/heads/main"))
    #expect(try region.folder.read("east/.git/quarantine").contains("incoming-"))
    // Ours runs all the same.
    try region.folder.write("{}\n", to: "clone/README.md")
    try region.commit()
    try region.refuse("place", "README.md")
    // Two that are not ours cannot both be kept.
    try region.folder.write("#!/bin/sh\nexit 0\n", to: "east/.git/hooks/pre-receive")
    try region.regions.refuse(["hooks", "install", "-C", region.east], status: 4, "only one can be kept")
  }

  @Test func `what somebody added to a hook is kept when it is brought up to date`() throws {
    let regions = try TwoRegions()
    let hook = "east/.git/hooks/post-receive"
    try regions.succeed(["hooks", "install", "-C", regions["east"]])
    let text = try regions.folder.read(hook)
    for (name, line) in [("former", "one"), ("former-2", "two"), ("former-2", "two")] {
      try regions.folder.write(text + "echo \(line)\n", to: hook)
      let installed = try regions.run(["hooks", "install", "-C", regions["east"]])
      #expect(installed.errors.contains("kept as post-receive.\(name),"), "\(installed)")
      #expect(try regions.folder.read("\(hook).\(name)").hasSuffix("echo \(line)\n"))
      #expect(try regions.folder.read(hook) == text)
    }
    #expect(try check(regions).status == 0)
  }

  @Test func `check says what is wrong, with the command that mends it`() throws {
    let regions = try TwoRegions()
    let none = try check(regions)
    #expect(none.status == 2 && none.output.contains("pre-receive: it is not in"), "\(none.output)")
    #expect(none.output.contains("to mend it: lockstep hooks install -C \(regions["east"])"))
    try regions.succeed(["hooks", "install", "-C", regions["east"]])
    let hooks = "east/.git/hooks"
    func broken(_ words: String, _ location: SourceLocation = #_sourceLocation, _ change: () throws -> Void)
      throws
    {
      try change()
      let outcome = try check(regions)
      #expect(
        outcome.status == 2 && outcome.output.contains(words) && outcome.errors == "",
        "\(outcome.output)\(outcome.errors)", sourceLocation: location)
      try regions.succeed(["hooks", "install", "-C", regions["east"]])
      #expect(try check(regions).status == 0, sourceLocation: location)
    }
    try broken("is not executable, and git passes over it") {
      try Program.run("chmod", ["-x", regions.folder["\(hooks)/pre-receive"]])
    }
    try broken("is of another version") {
      let text = try regions.folder.read("\(hooks)/pre-commit")
      try regions.folder.write(text + "# and more\n", to: "\(hooks)/pre-commit")
    }
    try broken("somebody else's hook") {
      try regions.folder.write("#!/bin/sh\n", to: "\(hooks)/post-receive")
    }
    try broken("it is not set, and must be updateInstead") {
      try Program.git("config", "--unset", "receive.denyCurrentBranch", in: regions["east"])
    }
    try broken("is no program any more") {
      try Program.git("config", "lockstep.program", "/nowhere/lockstep", in: regions["east"])
    }
    // One that was kept already, and another one: a person brings them together.
    let ours = try regions.folder.read("\(hooks)/post-receive")
    try regions.folder.write("#!/bin/sh\n# another\n", to: "\(hooks)/post-receive")
    let another = regions.folder["\(hooks)/post-receive"]
    let both = try check(regions)
    #expect(both.status == 2 && both.output.contains("rm \(another)"), "\(both.output)")
    try regions.refuse(
      ["hooks", "install", "-C", regions["east"]], status: 4, "only one can be kept", "rm \(another); then ")
    try regions.folder.write(ours, to: "\(hooks)/post-receive")
    // The one that was kept is not executable: no install mends that.
    let before = regions.folder["\(hooks)/post-receive.before-lockstep"]
    let chained = try check(regions)
    #expect(chained.status == 0 || chained.output.contains("chmod +x '\(before)'"))
    try Program.run("chmod", ["-x", before])
    let passive = try check(regions)
    #expect(passive.status == 2 && passive.output.contains("chmod +x '\(before)'"), "\(passive.output)")
    let json = try regions.run(["hooks", "check", "-C", regions["east"], "--json"])
    #expect(json.status == 2 && json.output.contains("\"subject\": \"post-receive\""), "\(json.output)")
  }

  @Test func `hooks of the whole machine are left alone, and a folder of the repository's own is used`()
    throws
  {
    let regions = try TwoRegions()
    try regions.folder.write("[core]\n\thooksPath = \(regions.folder["shared"])\n", to: "home/.gitconfig")
    let shared = ["HOME": regions.folder["home"]]
    try regions.refuse(
      ["hooks", "install", "-C", regions["east"]], status: 1, as: shared, "would run in all of them",
      "config core.hooksPath")
    #expect(!regions.folder.has("shared/pre-receive"))
    let checked = try regions.run(["hooks", "check", "-C", regions["east"]], environment: shared)
    #expect(checked.status == 2 && checked.output.contains("core.hooksPath"))
    try Program.git("config", "core.hooksPath", ".own-hooks", in: regions["east"])
    let own = try regions.run(["hooks", "install", "-C", regions["east"]], environment: shared)
    #expect(own.status == 0 && regions.folder.has("east/.own-hooks/pre-receive"), "\(own.errors)")
  }

  @Test func `a hub refuses deletions and rewritten history by itself, too, and clones get what clones need`()
    throws
  {
    let regions = try TwoRegions(bare: true)
    try regions.succeed(["hooks", "install", "--bare-hub", "-C", regions["east"]])
    for (key, value) in [
      ("receive.denyDeletes", "true"), ("receive.denyNonFastForwards", "true"),
      ("receive.fsckObjects", "true"),
    ] {
      #expect(try Program.git("config", key, in: regions["east"]) == value)
    }
    #expect(regions.folder.has("east/hooks/pre-receive") && !regions.folder.has("east/hooks/pre-commit"))
    #expect(try check(regions).status == 0)
    try Program.git("config", "receive.denyDeletes", "false", in: regions["east"])
    let wrong = try check(regions)
    #expect(wrong.status == 2 && wrong.output.contains("hooks install --bare-hub -C"), "\(wrong.output)")
    let clone = regions.folder["clone"]
    try Program.git("clone", "--quiet", regions["east"], clone, in: "/")
    try regions.succeed(["hooks", "install", "-C", clone])
    #expect(
      regions.folder.has("clone/.git/hooks/pre-commit") && !regions.folder.has("clone/.git/hooks/pre-receive")
    )
    try regions.refuse(["hooks", "install", "--bare-hub", "-C", clone], status: 1, "a hub has none")
    // A push into the hub, judged by the program that was noted, whatever the PATH is.
    try regions.folder.write(
      "{\"name\":\"plain\",\"properties\":{}}", to: "clone/mirrored/account-filters/plain.json")
    try Program.git("add", "-A", in: clone)
    try Program.git("commit", "--quiet", "-m", "Formatted by the hook", in: clone)
    let pushed = try Program.run("git", ["push", "origin", "HEAD"], in: clone)
    #expect(pushed.status == 0, "\(pushed.errors)")
    // A bare clone becomes a hub by being told which region it is.
    let hub = regions.folder["hub"]
    try Program.git("clone", "--quiet", "--bare", regions["east"], hub, in: "/")
    try regions.refuse(
      ["hooks", "install", "--bare-hub", "-C", hub], status: 1, "config lockstep.region NAME")
    try Program.git("config", "lockstep.region", "east", in: hub)
    try regions.succeed(["hooks", "install", "--bare-hub", "-C", hub])
    #expect(try Program.run("git", ["push", hub, "HEAD:refs/heads/other"], in: clone).status != 0)
    try Program.git("init", "--quiet", regions.folder["plain"], in: "/")
    try regions.refuse(
      ["hooks", "install", "-C", regions.folder["plain"]], status: 1, "no region's repository")
  }
}

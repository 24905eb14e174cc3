import Foundation
import Support
import Testing

/// What goes wrong half-way, and how a person gets out of it without losing anything.
@Suite struct RecoveryTests {
  private func assetPath(_ name: String, in regions: TwoRegions, _ region: String = "east") throws -> String {
    try #require(
      Program.git("ls-files", "mirrored/assets", in: regions[region]).split(separator: "\n").map(String.init)
        .first { $0.hasSuffix("/\(name).json") })
  }

  private func commit(_ message: String, in regions: TwoRegions, _ region: String = "east") throws {
    try Program.git("add", "-A", in: regions[region])
    try Program.git("commit", "--quiet", "-m", message, in: regions[region])
  }

  @Test func `an apply that cannot be completed is left behind by a revert`() throws {
    let regions = try TwoRegions()
    try regions.publish("one")
    try regions.mirrorAndApply()
    try regions.publish("two")
    try regions.succeed(["mirror", regions["east"], regions["west"]])
    // The files are gone before west could copy them.
    try FileManager.default.removeItem(atPath: regions.folder["east-account/storage"])
    for arguments in [["apply"], ["capture"], ["publish", regions.folder["two"], "--asset", "x"]] {
      let outcome = try regions.run(arguments + ["-C", regions["west"]])
      #expect(outcome.status == 3, "\(arguments): \(outcome.errors)")
      #expect(outcome.errors.contains("asset/two") && outcome.errors.contains("hint: "), "\(outcome.errors)")
    }
    let status = try regions.run(["status", "-C", regions["west"]])
    #expect(status.status == 2 && status.output.contains("was cut off"), "\(status.output)")
    for command in ["drift", "plan"] {
      let told = try regions.run([command, "-C", regions["west"]])
      #expect(told.status == 2 && told.errors.contains("an apply was cut off"), "\(told.errors)")
      #expect(told.errors.contains("go on: lockstep apply -C"), "\(told.errors)")
      #expect(!told.errors.contains("lockstep capture"), "\(told.errors)")
    }
    try Program.git("revert", "--no-edit", "HEAD", in: regions["west"])
    try regions.succeed(["apply", "-C", regions["west"]])
    #expect(try regions.run(["drift", "-C", regions["west"]]).status == 0)
    #expect(
      try !FileManager.default.contentsOfDirectory(atPath: regions.folder["west-account/account/assets"])
        .contains("two.json"))
    try regions.succeed(["capture", "-C", regions["west"]])
  }

  @Test func `what a copy that failed left beside a container goes with the apply that needs it no more`()
    throws
  {
    let regions = try TwoRegions()
    try regions.publish("one")
    try regions.mirrorAndApply()
    try regions.film("one", ["a.mp4": "another one", "sub/b.mp4": "another two"])
    try regions.publish("one")
    try regions.succeed(["mirror", regions["east"], regions["west"]])
    let storage = URL(fileURLWithPath: regions.folder["east-account/storage"])
    let files = FileManager.default.enumerator(at: storage, includingPropertiesForKeys: nil)
    let lost = try #require(files?.compactMap { $0 as? URL }.first { $0.lastPathComponent == "b.mp4" })
    try FileManager.default.removeItem(at: lost)
    func stages() -> [String] {
      let found = FileManager.default.enumerator(atPath: regions.folder["west-account/storage"])
      return (found?.compactMap { $0 as? String } ?? []).filter { $0.contains("/.lockstep-") }
    }
    #expect(try regions.run(["apply", "-C", regions["west"]]).status == 3)
    #expect(!stages().isEmpty, "what was copied is there for a run that goes on")
    try Program.git("revert", "--no-edit", "HEAD", in: regions["west"])
    try regions.succeed(["apply", "-C", regions["west"]])
    #expect(stages() == [])
    #expect(try regions.run(["drift", "-C", regions["west"]]).status == 0)
  }

  @Test func `a capture that could not move the branch is not undone by an apply`() throws {
    let regions = try TwoRegions()
    try regions.publish("one")
    try regions.folder.write(
      "{\"name\":\"f\",\"properties\":{\"tracks\":[]}}", to: "east-account/account/account-filters/f.json")
    try regions.folder.write("", to: "east/.git/refs/heads/main.lock")
    #expect(try regions.run(["capture", "-C", regions["east"]]).status == 11)
    try FileManager.default.removeItem(atPath: regions["east"] + "/.git/refs/heads/main.lock")
    let apply = try regions.run(["apply", "-C", regions["east"]])
    #expect(apply.status == 4 && apply.errors.contains("lockstep capture"), "\(apply.errors)")
    try regions.succeed(["capture", "-C", regions["east"]])
    #expect(regions.folder.has("east-account/account/account-filters/f.json"))
    #expect(try Program.git("ls-files", "mirrored/account-filters", in: regions["east"]).contains("f.json"))
  }

  @Test func `an asset that lost its last file loses it everywhere, when that is said`() throws {
    let regions = try TwoRegions()
    try regions.publish("one")
    try regions.mirrorAndApply()
    try Program.run("sh", ["-c", "rm -r \(regions.folder["east-account/storage"])/*/*/*"])
    try regions.succeed(["capture", "-C", regions["east"]])
    try regions.succeed(["mirror", regions["east"], regions["west"]])
    let refused = try regions.run(["apply", "-C", regions["west"]])
    #expect(refused.status == 4 && refused.errors.contains("--force-content"), "\(refused.errors)")
    try regions.succeed(["apply", "-C", regions["west"], "--force-content"])
    #expect(try regions.run(["drift", "-C", regions["west"]]).status == 0)
  }

  @Test func `a document that nobody normalised does not drift, and can be changed again`() throws {
    let regions = try TwoRegions()
    try regions.publish("one")
    try regions.mirrorAndApply()
    let path = try assetPath("one", in: regions)
    for (old, new) in [
      ("\"container\"", "\"alternateId\": \"\",\n    \"container\""),
      ("\"alternateId\": \"\"", "\"alternateId\": \"x\""),
    ] {
      let text = try regions.folder.read("east/\(path)")
      try regions.folder.write(text.replacingOccurrences(of: old, with: new), to: "east/\(path)")
      try commit("Edit", in: regions)
      try regions.mirrorAndApply()
      #expect(try regions.run(["drift", "-C", regions["west"]]).status == 0)
    }
    #expect(try regions.folder.read("west-account/account/assets/one.json").contains("\"x\""))
  }

  @Test func `an asset whose content stays is not deleted`() throws {
    let regions = try TwoRegions()
    try regions.publish("one")
    try regions.mirrorAndApply()
    let path = try assetPath("one", in: regions)
    try FileManager.default.removeItem(atPath: regions["east"] + "/" + path)
    try commit("Take the asset out, and forget its content and locator", in: regions)
    try regions.succeed(["mirror", regions["east"], regions["west"]])
    for arguments in [["plan"], ["apply"], ["apply", "--force-content"]] {
      let outcome = try regions.run(arguments + ["-C", regions["west"]])
      #expect(outcome.status == (arguments == ["plan"] ? 2 : 4), "\(outcome.output)\(outcome.errors)")
      #expect(
        outcome.errors.contains("asset/one is held back: ") && outcome.errors.contains("content/one stays"),
        "\(outcome.errors)")
    }
    #expect(try regions.folder.read("west-account/account/assets/one.json").contains("one"))
    #expect(try regions.run(["drift", "-C", regions["west"]]).status == 0)
  }

  @Test func `publishing again keeps the policies that the locator has`() throws {
    let regions = try TwoRegions()
    try regions.restrictKeysByTokens()
    let key = try Clip.encrypted(in: regions.folder, name: "film")
    let publish = ["publish", regions.folder["film"], "-C", regions["east"], "--asset", "film"]
    try regions.succeed(
      publish + [
        "--content-key-policy", "tokens", "--content-key", regions.contentKey(id: key.id, value: key.value),
      ])
    try regions.folder.write("more", to: "film/more.txt")
    try regions.succeed(publish)
    #expect(
      try regions.succeed(["show", regions["east"], "locator/film"]).contains(
        "\"defaultContentKeyPolicyName\": \"tokens\""))
    #expect(try FileManager.default.contentsOfDirectory(atPath: regions.folder["east-account/keys"]) == [])
    // Media that is not encrypted takes nothing away of what is there.
    try regions.film("clear", ["a.mp4": "clear"])
    let refused = try regions.run([
      "publish", regions.folder["clear"], "-C", regions["east"], "--asset", "film",
    ])
    #expect(refused.status == 4, "\(refused.errors)")
    #expect(try regions.run(["drift", "-C", regions["east"]]).status == 0)
    #expect(try regions.succeed(["verify", regions["east"], regions["east"], "--deep"]) == "")
  }

  @Test func `one dead region keeps no other one back`() throws {
    let regions = try TwoRegions()
    try regions.succeed(["fleet", "add", "west", regions["west"], "-C", regions["east"]])
    try regions.succeed(["fleet", "add", "alpha", "ssh://alpha.invalid/alpha", "-C", regions["east"]])
    try regions.publish()
    let outcome = try regions.run(["mirror", "-C", regions["east"]])
    #expect(outcome.status == 3, "\(outcome.errors)")
    #expect(outcome.errors.contains("alpha") && outcome.errors.contains("hint: "))
    #expect(try regions.mirroredTree("east") == regions.mirroredTree("west"))
    let refused = try regions.run(["fleet", "add", "north", regions["east"], "-C", regions["west"]])
    #expect(refused.status == 4 || refused.errors.contains("not north"), "\(refused.errors)")
    let standby = try regions.run(["fleet", "remove", "alpha", "-C", regions["west"]])
    #expect(standby.status == 4 && standby.errors.contains("primary"), "\(standby.errors)")
  }

  @Test func `init without anybody who could commit makes nothing, and works once git knows`() throws {
    let folder = try TemporaryFolder()
    let arguments = ["init", folder["east"], "--region", "east", "--account", "folder:\(folder["account"])"]
    let environment = ["HOME": folder.path, "XDG_CONFIG_HOME": folder["xdg"]]
    let outcome = try Program.run(Program.lockstep, arguments, environment: environment)
    #expect(
      outcome.status == 1 && outcome.errors.contains("git config --global user.name"), "\(outcome.errors)")
    #expect(!folder.has("east") && !folder.has("account"))
    try folder.write("[user]\nname = Tess\nemail = tess@example.com\n", to: ".gitconfig")
    let again = try Program.run(Program.lockstep, arguments, environment: environment)
    #expect(again.status == 0, "\(again.errors)")
  }

  @Test func `another name for a shared symbol asks for a move, and is never captured as one`() throws {
    let regions = try TwoRegions()
    try regions.publish("one")
    let text = try regions.folder.read("east/local/region.json")
    try regions.folder.write(
      text.replacingOccurrences(of: "eaststorage", with: "elsewhere"), to: "east/local/region.json")
    try commit("Rename the storage account", in: regions)
    let plan = try regions.run(["plan", "-C", regions["east"]])
    #expect(plan.errors.contains("another storage account"), "\(plan.output)\(plan.errors)")
    try regions.succeed(["capture", "-C", regions["east"]])
    #expect(
      try Program.git("grep", "-c", "storage.main", "HEAD", "--", "mirrored", in: regions["east"]).contains(
        "one.json"))
  }

  @Test(.enabled(if: Program.has("flock"), "flock is not installed"))
  func `a lock that a killed run left is nobody's, whoever has its number now, and one of git's stays`()
    throws
  {
    let regions = try TwoRegions()
    try regions.publish("one")
    try regions.mirrorAndApply()
    let folder = regions["west"] + "/.git"
    var left = 0
    func leave(_ note: String) throws {
      left += 1
      try regions.commitFilter("f\(left)", bitrate: 1, in: "east")
      try regions.folder.write(note, to: "west/.git/lockstep-lock-note")
      try regions.folder.write("", to: "west/.git/refs/heads/main.lock")
    }
    // Such as a process that nobody has asked how it ended, or another one that has its number.
    for note in ["refs/heads/main.lock\n", "\(getpid())\nrefs/heads/main.lock\n"] {
      try leave(note)
      try regions.succeed(["mirror", regions["east"], regions["west"]])
      #expect(!regions.folder.has("west/.git/refs/heads/main.lock"), "\(note)")
    }
    // Somebody who still holds the note is at work; and a lock that came long after a note is another program's.
    try leave("refs/heads/main.lock\n")
    let holder = try Program.start("flock", ["\(folder)/lockstep-lock-note", "sleep", "60"])
    #expect(
      waitUntil { (try? Program.run("flock", ["-n", "\(folder)/lockstep-lock-note", "true"]).status) == 1 })
    let held = try regions.run(["mirror", regions["east"], regions["west"]])
    #expect(held.status == 11 && held.errors.contains("main.lock"), "\(held.errors)")
    holder.stop(SIGKILL)
    try Program.run("pkill", ["-KILL", "-f", "flock \(folder)/lockstep-lock-note"])
    try Program.run("touch", ["-d", "1 hour ago", "\(folder)/lockstep-lock-note"])
    let later = try regions.run(["mirror", regions["east"], regions["west"]])
    #expect(later.status == 11 && later.errors.contains("main.lock"), "\(later.errors)")
    try FileManager.default.removeItem(atPath: "\(folder)/refs/heads/main.lock")
    try regions.succeed(["mirror", regions["east"], regions["west"]])
  }

  @Test func `verify takes no two trees with different ids for the same`() throws {
    let regions = try TwoRegions()
    try regions.publish("one")
    try regions.mirrorAndApply()
    let path = try assetPath("one", in: regions, "west")
    try Program.git("update-index", "--chmod=+x", path, in: regions["west"])
    try Program.git("commit", "--quiet", "-m", "A program", in: regions["west"])
    let outcome = try regions.run(["verify", regions["east"], regions["west"]])
    #expect(outcome.status == 2 && outcome.output.contains(path), "\(outcome.output)\(outcome.errors)")
  }

  @Test(arguments: ["link", "program", "repository"])
  func `what a region cannot hold stops a mirror before it moves anything`(kind: String) throws {
    let regions = try TwoRegions()
    try regions.publish("one")
    try regions.mirrorAndApply()
    let head = try Program.git("rev-parse", "HEAD", in: regions["west"])
    let blob = try Program.git("hash-object", "-w", "--stdin", in: regions["east"], input: "/etc/passwd")
    let entry =
      ["link": "120000,\(blob)", "program": "100755,\(blob)", "repository": "160000,\(head)"][kind] ?? ""
    try Program.git(
      "update-index", "--add", "--cacheinfo", "\(entry),mirrored/account-filters/x.json", in: regions["east"])
    try Program.git("commit", "--quiet", "-m", "Odd", in: regions["east"])
    let outcome = try regions.run(["mirror", regions["east"], regions["west"]])
    #expect(outcome.status == 1 && outcome.errors.contains("account-filters/x.json"), "\(outcome.errors)")
    #expect(try Program.git("rev-parse", "HEAD", in: regions["west"]) == head)
    #expect(try Program.git("status", "--porcelain", in: regions["west"]) == "")
  }

  @Test func `a document that nobody can read goes nowhere until it is mended, and is not brought back`()
    throws
  {
    let regions = try TwoRegions()
    let (east, west) = (regions["east"], regions["west"])
    try regions.publish("one")
    try regions.succeed(["fleet", "add", "west", west, "-C", east])
    try regions.mirrorAndApply()
    let path = try assetPath("one", in: regions)
    let whole = try regions.folder.read("east/\(path)")
    try regions.folder.write(whole + "<<<<<<< HEAD\n", to: "east/\(path)")
    try commit("Half of a merge", in: regions)
    for arguments in [["-C", east], [east, west], [east, west, "--dry-run"]] {
      let refused = try regions.run(["mirror"] + arguments)
      #expect(refused.status == 4 && refused.errors.contains("cannot be read: \(path):"), "\(refused)")
    }
    #expect(try regions.run(["status", "--check", "-C", east]).status == 2)
    try Program.git("revert", "--no-edit", "HEAD", in: east)
    try regions.succeed(["mirror", "-C", east])
    try regions.succeed(["status", "--check", "-C", east])
    let head = try Program.git("rev-parse", "HEAD", in: east)
    for arguments in [["HEAD"], ["HEAD", "--dry-run"], ["--to", "HEAD~1"]] {
      let refused = try regions.run(["rollback", "-C", east] + arguments)
      #expect(refused.status == 4 && refused.errors.contains("cannot be read: \(path):"), "\(refused)")
    }
    #expect(try Program.git("rev-parse", "HEAD", in: east) == head)
  }

  @Test func `edits that nobody committed stop a mirror, and a dry run foresees it`() throws {
    let regions = try TwoRegions()
    try regions.publish("one")
    try regions.mirrorAndApply()
    let path = try "west/" + assetPath("one", in: regions, "west")
    try regions.folder.write("mine\n", to: path)
    try Program.git("rm", "-r", "--quiet", "mirrored", in: regions["east"])
    try Program.git("commit", "--quiet", "-m", "Take all out", in: regions["east"])
    let mirror = ["mirror", regions["east"], regions["west"]]
    for arguments in [mirror + ["--dry-run"], mirror] {
      let outcome = try regions.run(arguments)
      #expect(
        outcome.status == 4 && outcome.errors.contains("has edits that are not committed"),
        "\(outcome.errors)")
    }
    #expect(try regions.folder.read(path) == "mine\n")
  }

  @Test func `no link in a working tree leads a mirror outside`() throws {
    let regions = try TwoRegions()
    try regions.publish("one")
    try regions.mirrorAndApply()
    try regions.folder.write("mine", to: "outside/one.json")
    let path = try assetPath("one", in: regions, "west")
    let folder = path.split(separator: "/").dropLast().joined(separator: "/")
    try FileManager.default.removeItem(atPath: regions["west"] + "/" + folder)
    try FileManager.default.createSymbolicLink(
      atPath: regions["west"] + "/" + folder, withDestinationPath: regions.folder["outside"])
    try Program.git("rm", "-r", "--quiet", "mirrored", in: regions["east"])
    try Program.git("commit", "--quiet", "-m", "Take all out", in: regions["east"])
    let outcome = try regions.run(["mirror", regions["east"], regions["west"]])
    #expect(outcome.status == 4, "\(outcome.errors)")
    #expect(try regions.folder.read("outside/one.json") == "mine")
  }

  @Test(.enabled(if: Program.has("strace"), "strace is not installed: ./bootstrap --test"))
  func `what a person stages while a mirror runs stays staged`() throws {
    let regions = try TwoRegions()
    try regions.publish("one")
    try regions.folder.write("{}\n", to: "west/local/mine.json")
    let mirror = try Program.start(
      "strace",
      [
        "-f", "-qq", "-o", "/dev/null", "-e", "inject=fsync:delay_enter=150000", Program.lockstep, "mirror",
        regions["east"], regions["west"],
      ])
    // The index was read before this note is written, and is written after the branch has moved.
    let note = regions["west"] + "/.git/lockstep/head-move"
    while mirror.isRunning, !FileManager.default.fileExists(atPath: note) { usleep(2_000) }
    #expect(mirror.isRunning)
    try Program.git("add", "local/mine.json", in: regions["west"])
    #expect(mirror.wait() == 0)
    #expect(try Program.git("diff", "--cached", "--name-only", in: regions["west"]) == "local/mine.json")
  }

  @Test func `secrets are shown to nobody, however they are written`() throws {
    let regions = try TwoRegions()
    try regions.folder.write(
      "{\"name\":\"k\",\"properties\":{\"options\":[{\"configuration\":{\"@odata.type\":\"#microsoft.media.Odd\",\"ask\":\"c2VjcmV0\"}}]}}",
      to: "east/mirrored/content-key-policies/k.json")
    try regions.folder.write(
      "{\"name\":\"l\",\"properties\":{\"ContentKeys\":[{\"Id\":\"k\",\"VALUE\":\"c2VjcmV0\"}]}}",
      to: "east/mirrored/streaming-locators/ac/ff/l.json")
    let place = try Program.run("sh", ["-c", "printf l | sha256sum | cut -c1-4"]).output
    try regions.folder.write(
      regions.folder.read("east/mirrored/streaming-locators/ac/ff/l.json"),
      to: "east/mirrored/streaming-locators/\(place.prefix(2))/\(place.dropFirst(2).prefix(2))/l.json")
    try commit("By hand", in: regions)
    for resource in ["content-key-policy/k", "locator/l"] {
      let outcome = try regions.run(["show", regions["east"], resource])
      #expect(
        outcome.status == 0 && !outcome.output.contains("c2VjcmV0"), "\(outcome.output)\(outcome.errors)")
      #expect(try regions.succeed(["show", regions["east"], resource, "--reveal"]).contains("c2VjcmV0"))
    }
  }
}

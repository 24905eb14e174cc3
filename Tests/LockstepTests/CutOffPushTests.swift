import Foundation
import Support
import Testing

/// Pushes that are killed, or find the disk full, while git brings the working tree of a region along.
@Suite struct CutOffPushTests {
  /// A region whose filters `a`, `b` and `c` are committed, and a clone with a commit that changes `a`, takes `b` away,
  /// changes `c` and brings `d`.
  private struct World {
    let region: PushedRegion
    let head: String
    var east: String { region.east }

    init() throws {
      region = try PushedRegion()
      for name in ["a", "b", "c"] { try region.filter(name, #"{"firstQuality":{"bitrate":1}}"#) }
      try region.commit("Three filters")
      try region.accept()
      head = try Program.git("rev-parse", "HEAD", in: region.east)
      try region.filter("a", #"{"firstQuality":{"bitrate":2}}"#)
      try region.remove("mirrored/account-filters/b.json")
      try region.filter("c", #"{"firstQuality":{"bitrate":2}}"#)
      try region.filter("d")
      try region.commit("Four changes")
    }

    func status() throws -> String { try Program.git("status", "--porcelain", in: east) }

    func hook(_ name: String, _ text: String, folder: String = "hooks") throws {
      let file = "east/.git/\(folder)/\(name)"
      try region.folder.write("#!/bin/sh\n" + text, to: file)
      try Program.run("chmod", ["+x", region.folder[file]])
    }

    /// Lets a program run while git writes one of the pushed files; `$git` is the git that writes it, `$receiver` the one
    /// that takes the push.
    func whileWriting(_ file: String, run script: String) throws {
      try hook(
        "smudge",
        """
        cat
        [ "$1" = "mirrored/account-filters/\(file).json" ] || exit 0
        git=$PPID
        until ps -o args= -p $git | grep -q read-tree; do git=$(ps -o ppid= -p $git | tr -d ' '); done
        receiver=$(ps -o ppid= -p $git | tr -d ' ')
        \(script)
        """, folder: "kill")
      try region.folder.write("*.json filter=kill\n", to: "east/.git/info/attributes")
      try Program.git("config", "filter.kill.smudge", "\(east)/.git/kill/smudge %f", in: east)
    }

    func stopKilling() throws {
      for file in ["info/attributes", "hooks/reference-transaction"] {
        try? FileManager.default.removeItem(atPath: "\(east)/.git/\(file)")
      }
    }

    /// Ends everything that belongs to a push into this region, as a power cut does; `$git` may be nothing.
    var powerCut: String { "kill -9 $(pgrep -f 'hold-push.*\(east)/') $receiver $git" }

    /// Pushes into a power cut, until nothing of the push runs any more.
    func pushIntoPowerCut() throws {
      #expect(try region.push().status != 0)
      #expect(try waitUntil { try !isHeld() })
    }

    /// Whether a program holds the lock of pushes into this region.
    func isHeld() throws -> Bool {
      try Program.run("flock", ["--nonblock", "\(east)/.git/lockstep/push.lock", "true"]).status != 0
    }

    /// What the push has left is there, and nobody else's work in it.
    func check() throws -> (status: Program.Outcome, hooks: Program.Outcome) {
      (
        try region.regions.run(["status", "--check", "-C", east]),
        try region.regions.run(["hooks", "check", "-C", east])
      )
    }
  }

  @Test(arguments: ["$git", "$receiver", "$receiver $git"])
  func `a push that is killed is taken back, and the next one is accepted`(killed: String) throws {
    let world = try World()
    try world.whileWriting("c", run: "kill -9 \(killed)")
    #expect(try world.region.push().status != 0)
    #expect(try waitUntil { try world.status() == "" })
    #expect(waitUntil { !world.region.folder.has("east/.git/lockstep/push") })
    #expect(!world.region.folder.has("east/.git/index.lock"))
    #expect(try Program.git("rev-parse", "HEAD", in: world.east) == world.head)
    try world.stopKilling()
    try world.region.accept()
    #expect(try world.status() == "")
  }

  @Test(arguments: ["push", "mirror", "rollback", "install"])
  func `what a power cut leaves of a push is named, and taken back by whatever comes next`(
    next: String
  ) throws {
    let world = try World()
    try world.whileWriting("c", run: world.powerCut)
    try world.pushIntoPowerCut()
    let left = try world.status()
    #expect(left.contains("a.json") && left.contains("c.json"), "\(left)")
    #expect(world.region.folder.has("east/.git/index.lock"))
    let (status, hooks) = try world.check()
    for outcome in [status, hooks] {
      #expect(outcome.status == 2, "\(outcome.output)")
      #expect(outcome.output.contains("was cut off and has left 3 files"), "\(outcome.output)")
      #expect(outcome.output.contains("lockstep hooks install -C \(world.east)"), "\(outcome.output)")
    }
    try world.stopKilling()
    let regions = world.region.regions
    switch next {
    case "push":
      try world.region.accept()
    case "mirror":
      try regions.succeed(["mirror", world.east, regions["west"]])
      try world.region.folder.write(
        "{\n  \"name\": \"w\",\n  \"properties\": {}\n}\n", to: "west/mirrored/account-filters/w.json")
      try Program.git("add", "-A", in: regions["west"])
      try Program.git("commit", "--quiet", "-m", "Filter w", in: regions["west"])
      try regions.succeed(["mirror", regions["west"], world.east])
    case "rollback":
      try regions.succeed(["rollback", "HEAD", "-C", world.east])
    default:
      let outcome = try regions.run(["hooks", "install", "-C", world.east])
      #expect(outcome.status == 0 && outcome.errors.contains("that is taken back"), "\(outcome.errors)")
    }
    #expect(try world.status() == "")
    #expect(try waitUntil { try world.check().hooks.status == 0 })
    #expect(!world.region.folder.has("east/.git/index.lock"))
  }

  @Test func `killed between the working tree and the branch, a push is taken back with its locks`() throws {
    let world = try World()
    try world.hook(
      "reference-transaction",
      """
      [ "$1" = prepared ] && grep -q refs/heads/main || exit 0
      receiver=$PPID
      \(world.powerCut)
      """)
    try world.pushIntoPowerCut()
    #expect(try world.status().contains("D  mirrored/account-filters/b.json"))
    #expect(world.region.folder.has("east/.git/refs/heads/main.lock"))
    try world.stopKilling()
    try world.region.accept()
    #expect(try world.status() == "")
    #expect(!world.region.folder.has("east/mirrored/account-filters/b.json"))
  }

  @Test func `what somebody has edited since stays, and is named`() throws {
    let world = try World()
    try world.whileWriting("c", run: world.powerCut)
    try world.pushIntoPowerCut()
    try world.stopKilling()
    let mine = "{\n  \"name\": \"a\",\n  \"properties\": {\n    \"mine\": true\n  }\n}\n"
    try world.region.folder.write(mine, to: "east/mirrored/account-filters/a.json")
    try world.region.regions.succeed(["hooks", "install", "-C", world.east])
    #expect(try world.status() == " M mirrored/account-filters/a.json")
    #expect(try world.region.folder.read("east/mirrored/account-filters/a.json") == mine)
    let (status, _) = try world.check()
    #expect(
      status.status == 2 && status.output.contains("somebody has edited 1 file since that it was to change")
        && status.output.contains("a.json") && status.output.contains("stash"), "\(status.output)")
    try Program.git("stash", "--include-untracked", "--quiet", in: world.east)
    #expect(try world.check().status.status == 0)
    try world.region.accept()
    #expect(try world.status() == "")
  }

  @Test func `an edit that is what a push brings is nobody's but the person's`() throws {
    let world = try World()
    let file = "east/mirrored/account-filters/a.json"
    try world.region.folder.write(world.region.folder.read("clone/mirrored/account-filters/a.json"), to: file)
    let refused = try world.region.push()
    #expect(refused.status != 0 && refused.errors.contains("unstaged changes"), "\(refused.errors)")
    #expect(try waitUntil { try !world.isHeld() })
    #expect(try world.status() == " M mirrored/account-filters/a.json")
    #expect(try world.check().status.status == 0)
  }

  @Test func `a lock that is older than the push, or that somebody holds, is not removed`() throws {
    let world = try World()
    try world.whileWriting("c", run: world.powerCut)
    try world.pushIntoPowerCut()
    try world.stopKilling()
    let lock = "\(world.east)/.git/index.lock"
    let holder = try Program.start("sh", ["-c", "exec 9<'\(lock)'; exec sleep 300"])
    defer { holder.stop() }
    #expect(
      waitUntil {
        (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(holder.id)/fd/9")) == lock
      })
    let held = try world.region.push()
    #expect(held.status != 0 && held.errors.contains("another process holds \(lock)"), "\(held.errors)")
    holder.stop()
    try Program.run("touch", ["-d", "yesterday", lock])
    let older = try world.region.push()
    #expect(older.status != 0 && older.errors.contains(lock), "\(older.errors)")
    try FileManager.default.removeItem(atPath: lock)
    try world.region.accept()
    #expect(try world.status() == "")
  }

  @Test func `a push that finds the disk full is taken back once there is space`() throws {
    guard let disk = try SmallDisk(size: "8m") else { return }
    let region = try PushedRegion(in: disk.folder.path)
    let text = String(repeating: "a", count: 200_000)
    for name in ["a", "b", "c", "d", "e"] { try region.filter(name, #"{"x":"\#(text)"}"#) }
    try region.commit("Large filters")
    let filled = try Program.run("sh", ["-c", "head -c 8000000 /dev/zero > \(disk.folder["fill"])"])
    #expect(filled.status != 0)
    try Program.run("truncate", ["-s", "-500000", disk.folder["fill"]])
    let refused = try region.push()
    #expect(refused.status != 0 && refused.errors.contains("unable to write file"), "\(refused.errors)")
    try FileManager.default.removeItem(atPath: disk.folder["fill"])
    #expect(try waitUntil { try Program.run("pgrep", ["-f", "hold-push.*\(region.east)/"]).status != 0 })
    try region.accept()
    #expect(try Program.git("status", "--porcelain", in: region.east) == "")
  }
}

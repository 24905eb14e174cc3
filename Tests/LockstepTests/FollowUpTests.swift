import Foundation
import Support
import Testing

/// What follows a push into a region: mirroring and applying, told to the pusher, and never the push's failure.
@Suite struct FollowUpTests {
  @Test func `a push is mirrored to the fleet, and the pusher is told with times`() throws {
    let fleet = try PushedFleet()
    try fleet.commit("one", in: "anna")
    try fleet.commit("two", in: "anna")
    let told = try fleet.accepted("anna")
    #expect(told.contains(/remote: mirrored 2 commits to west in \d+\.\d\d s/), "\(told)")
    #expect(try fleet.isInStep())
    #expect(fleet.folder.has("west/mirrored/account-filters/two.json"), "the working tree follows")
    #expect(try fleet.check() == (0, ""))
    // Nothing said so: the accounts are left alone.
    #expect(!fleet.folder.has("east-account/account/account-filters/one.json"))
    #expect(!fleet.folder.has("west-account/account/account-filters/one.json"))
  }

  @Test func `a push is applied where the region's own machine says so`() throws {
    let fleet = try PushedFleet()
    try fleet.set("lockstep.pushWaitSeconds", "60")
    try fleet.set("lockstep.applyAfterPush", "true", in: "west")
    try fleet.commit("one", in: "anna")
    var told = try fleet.accepted("anna")
    #expect(told.contains(/applied 1 step in region west in \d+\.\d\d s/), "\(told)")
    #expect(fleet.folder.has("west-account/account/account-filters/one.json"))
    #expect(!fleet.folder.has("east-account/account/account-filters/one.json"), "east says nothing of it")
    try fleet.set("lockstep.applyAfterPush", "true", in: "east")
    try fleet.commit("two", in: "anna")
    told = try fleet.accepted("anna")
    #expect(told.contains("in region east in "), "\(told)")
    for region in ["east", "west"] {
      #expect(fleet.folder.has("\(region)-account/account/account-filters/two.json"))
    }
  }

  @Test func `a push into a standby goes to the primary and comes back joined`() throws {
    let fleet = try PushedFleet(clones: ["anna": "east", "ben": "west"])
    try fleet.set("lockstep.pushWaitSeconds", "60", in: "west")
    // East has something that nobody mirrored.
    try fleet.commit("own", in: "east")
    try fleet.commit("pushed", in: "ben")
    let told = try fleet.accepted("ben")
    #expect(told.contains("to east"), "\(told)")
    #expect(try fleet.isInStep())
    for region in ["east", "west"] {
      #expect(try fleet.count("Filter own at 1", in: region) == 1)
      #expect(try fleet.count("Filter pushed at 1", in: region) == 1)
    }
  }

  @Test func `a slow region holds no push for long, and its worker holds no pipe`() throws {
    let fleet = try PushedFleet()
    try fleet.set("lockstep.pushWaitSeconds", "0.5")
    let holder = try fleet.hold("west")
    defer { holder.stop() }
    try fleet.commit("one", in: "anna")
    let begin = Date()
    let told = try fleet.accepted("anna")
    #expect(Date().timeIntervalSince(begin) < 20, "the push took as long as the region")
    #expect(told.contains("mirroring with west goes on"), "\(told)")
    #expect(told.contains("is seen there: lockstep status -C \(fleet.east)"), "\(told)")
    #expect(try fleet.worker() != nil, "the worker goes on without the push")
    #expect(try !fleet.isInStep())
    // Another push finds the worker at work, and its commits are not left behind.
    try fleet.commit("two", in: "anna")
    try fleet.accepted("anna")
    holder.stop()
    #expect(try waitUntil { try fleet.isInStep() })
    #expect(try waitUntil { try fleet.worker() == nil }, "the worker ends")
    for name in ["one", "two"] { #expect(try fleet.count("Filter \(name) at 1", in: "west") == 1) }
    #expect(try fleet.check() == (0, ""))
  }

  @Test func `a killed worker leaves nothing behind that the next run does not do`() throws {
    let fleet = try PushedFleet()
    try fleet.set("lockstep.pushWaitSeconds", "0.1")
    let holder = try fleet.hold("west")
    defer { holder.stop() }
    try fleet.commit("one", in: "anna")
    try fleet.accepted("anna")
    let worker = try #require(try fleet.worker())
    kill(worker, SIGKILL)
    #expect(try waitUntil { try fleet.worker() == nil })
    holder.stop()
    #expect(try !fleet.isInStep())
    let status = try fleet.regions.run(["status", "--no-drift", "--json", "-C", fleet.east])
    #expect(status.status == 2 && status.output.contains(#""kind": "mirror""#), "\(status.output)")
    try fleet.set("lockstep.pushWaitSeconds", "60")
    try fleet.commit("two", in: "anna")
    try fleet.accepted("anna")
    #expect(try fleet.isInStep())
    for name in ["one", "two"] { #expect(try fleet.count("Filter \(name) at 1", in: "west") == 1) }
    #expect(try fleet.check() == (0, ""))
  }

  @Test func `a failing mirror fails no push, shows in status, and is done by the next run`() throws {
    let fleet = try PushedFleet()
    try fleet.set("lockstep.pushWaitSeconds", "60")
    let away = fleet.folder["away"]
    for mend in ["push", "mirror"] {
      try FileManager.default.moveItem(atPath: fleet.west, toPath: away)
      try fleet.commit("before-\(mend)", in: "anna")
      let told = try fleet.accepted("anna")
      #expect(told.contains("mirroring with west failed: "), "\(told)")
      #expect(told.contains("it is done by the next push, lockstep watch or lockstep mirror"), "\(told)")
      let (status, problems) = try fleet.check()
      #expect(status == 2 && problems.contains("mirroring with west failed once since "), "\(problems)")
      let shown = try fleet.regions.run(["status", "--no-drift", "-C", fleet.east])
      #expect(
        shown.status == 2 && shown.output.contains("mirroring with west failed once"), "\(shown.output)")
      try FileManager.default.moveItem(atPath: away, toPath: fleet.west)
      if mend == "push" {
        try fleet.commit("after", in: "anna")
        try fleet.accepted("anna")
      } else {
        try fleet.regions.succeed(["mirror", "-C", fleet.east])
      }
      #expect(try fleet.isInStep())
      #expect(try fleet.check() == (0, ""))
    }
  }

  @Test func `an apply that failed after a push and was made by hand is left to nobody`() throws {
    let fleet = try PushedFleet()
    try fleet.set("lockstep.pushWaitSeconds", "60")
    try fleet.set("lockstep.applyAfterPush", "true", in: "west")
    let account = fleet.folder["west-account"]
    try FileManager.default.moveItem(atPath: account, toPath: account + ".gone")
    try fleet.commit("one", in: "anna")
    let told = try fleet.accepted("anna")
    #expect(told.contains("applying in west failed: "), "\(told)")
    let (status, problems) = try fleet.check()
    #expect(status == 2 && problems.contains("applying in west failed once"), "\(problems)")
    try FileManager.default.moveItem(atPath: account + ".gone", toPath: account)
    // The account is back, and nothing more: that is not yet an apply.
    #expect(try fleet.check().status == 2)
    try fleet.regions.succeed(["apply", "-C", fleet.west])
    #expect(try fleet.check() == (0, ""))
    let shown = try fleet.regions.run(["status", "--no-drift", "-C", fleet.east])
    #expect(!shown.output.contains("queued"), "\(shown.output)")
  }

  @Test func `a push and a mirror at once leave the working tree on the commit that the branch names`() throws
  {
    let fleet = try PushedFleet(clones: ["bert": "west"])
    // The push has brought git's working tree along, and its ref has not moved yet, for a while.
    try fleet.folder.write("#!/bin/sh\ntouch ../slow\nsleep 3\n", to: "west/.git/hooks/update")
    try FileManager.default.setAttributes(
      [.posixPermissions: 0o755], ofItemAtPath: fleet.folder["west/.git/hooks/update"])
    try fleet.commit("pushed", in: "bert")
    try fleet.commit("mirrored", in: "east")
    let push = try Program.start("git", ["-C", fleet.folder["bert"], "push", "origin", "HEAD"])
    #expect(waitUntil { fleet.folder.has("west/slow") })
    let mirror = try fleet.regions.run(["mirror", fleet.east, fleet.west])
    #expect(waitUntil { !push.isRunning })
    #expect([0, 3, 11].contains(mirror.status), "\(mirror.errors)")
    #expect(try waitUntil { try fleet.worker("west") == nil })
    let left = try Program.git("status", "--porcelain", "--untracked-files=no", in: fleet.west)
    #expect(left.isEmpty, "\(left)")
    #expect(try fleet.count("Filter pushed at 1", in: "west") == 1)
    // Nothing keeps the next ones from going on.
    try FileManager.default.removeItem(atPath: fleet.folder["west/.git/hooks/update"])
    try fleet.regions.succeed(["mirror", "-C", fleet.east])
    #expect(try fleet.isInStep())
    for filter in ["pushed", "mirrored"] {
      #expect(fleet.folder.has("west/mirrored/account-filters/\(filter).json"))
      #expect(fleet.folder.has("east/mirrored/account-filters/\(filter).json"))
    }
  }

  @Test func `a conflict after a push is a person's, who is told the command`() throws {
    let fleet = try PushedFleet()
    for region in ["east", "west"] { try fleet.set("lockstep.pushWaitSeconds", "60", in: region) }
    try fleet.set("lockstep.applyAfterPush", "true", in: "west")
    try fleet.commit("one", bitrate: 2, in: "west")
    try fleet.commit("one", bitrate: 1, in: "anna")
    let told = try fleet.accepted("anna")
    #expect(told.contains("that needs a person") && !told.contains("it is done by the next push"), "\(told)")
    #expect(
      told.contains("lockstep mirror \(fleet.west) \(fleet.east) --prefer account-filter/one=source"),
      "\(told)")
    let lines = told.split(separator: "\n")
    let mirror = lines.firstIndex { $0.contains("mirroring with west failed") }
    let apply = lines.firstIndex { $0.contains("applying in west failed") }
    #expect(try #require(mirror) < #require(apply), "\(told)")
  }

  @Test func `pushes into two regions at once settle by themselves, and nobody is told of a failure`() throws
  {
    let fleet = try PushedFleet(clones: ["anna": "east", "bert": "east", "carl": "west"])
    for region in ["east", "west"] { try fleet.set("lockstep.pushWaitSeconds", "60", in: region) }
    for round in 1...6 {
      let people = ["anna", "bert", "carl"]
      for name in people {
        try Program.git("pull", "--quiet", "--rebase", in: fleet.folder[name])
        try fleet.commit("\(name)-\(round)", in: name)
      }
      let pushes = try people.map {
        try Program.start(
          "sh", ["-c", "cd \(fleet.folder[$0]) && git push origin HEAD 2> \(fleet.folder["told-\($0)"])"])
      }
      for push in pushes { _ = push.wait() }
      for name in people {
        let told = try fleet.folder.read("told-\(name)")
        #expect(!told.contains("failed: "), "round \(round), \(name): \(told)")
      }
      #expect(try waitUntil { try fleet.worker("east") == nil && fleet.worker("west") == nil })
      for name in people {
        try Program.git("reset", "--quiet", "--hard", "@{upstream}", in: fleet.folder[name])
      }
    }
    #expect(try fleet.isInStep())
  }

  @Test func `what an apply after a push needs a person for is named with its command`() throws {
    let fleet = try PushedFleet()
    try fleet.set("lockstep.pushWaitSeconds", "60")
    try fleet.set("lockstep.applyAfterPush", "true")
    let asset = try Program.git("ls-files", "mirrored/assets", in: fleet.folder["anna"])
    let publication = try Program.git("log", "-1", "--format=%H", "--", asset, in: fleet.folder["anna"])
    try Program.git("revert", "--no-edit", publication, in: fleet.folder["anna"])
    let told = try fleet.accepted("anna")
    let command = "lockstep apply -C \(fleet.east) --force-content"
    #expect(told.contains("applying in east failed: ") && told.contains(command), "\(told)")
    let shown = try fleet.regions.run(["status", "--no-drift", "-C", fleet.east])
    let queued = try #require(shown.output.split(separator: "\n").first { $0.contains("  queued ") })
    #expect(queued.contains(command) && !queued.contains("lockstep mirror"), "\(queued)")
    let (status, problems) = try fleet.check()
    #expect(status == 2 && problems.contains(command), "\(problems)")
    try fleet.regions.succeed(["apply", "-C", fleet.east, "--force-content"])
    #expect(try fleet.check() == (0, ""))
  }

  @Test func `a conflict that a person has settled is left to nobody, and the next one counts anew`() throws {
    let fleet = try PushedFleet()
    try fleet.set("lockstep.pushWaitSeconds", "60")
    let away = fleet.folder["away"]
    try FileManager.default.moveItem(atPath: fleet.west, toPath: away)
    try fleet.commit("first", in: "anna")
    try fleet.accepted("anna")
    try fleet.regions.run(["mirror", "-C", fleet.east])
    #expect(try fleet.check().problems.contains("failed 2 times since "))
    try FileManager.default.moveItem(atPath: away, toPath: fleet.west)
    for bitrate in [1, 3] {
      try fleet.commit("one", bitrate: bitrate + 1, in: "west")
      try fleet.commit("one", bitrate: bitrate, in: "anna")
      try fleet.accepted("anna")
      let (status, problems) = try fleet.check()
      #expect(status == 2 && problems.contains("mirroring with west failed once since "), "\(problems)")
      // As it is told to, region by region.
      try fleet.regions.succeed([
        "mirror", fleet.west, fleet.east, "--prefer", "account-filter/one=source",
      ])
      try fleet.regions.succeed(["mirror", fleet.east, fleet.west])
      #expect(try fleet.check() == (0, ""))
      try Program.git("pull", "--quiet", "--rebase", in: fleet.folder["anna"])
    }
    // A revert that makes both the same is as good.
    try fleet.commit("two", bitrate: 2, in: "west")
    try fleet.commit("two", bitrate: 1, in: "anna")
    try fleet.accepted("anna")
    #expect(try fleet.check().status == 2)
    try Program.git("rm", "--quiet", "mirrored/account-filters/two.json", in: fleet.west)
    try fleet.commit("two", bitrate: 1, in: "west")
    #expect(try fleet.isInStep())
    let problems = try fleet.check().problems
    #expect(problems.contains("not in step") && !problems.contains("failed"), "\(problems)")
    try fleet.regions.succeed(["mirror", "-C", fleet.east])
    #expect(try fleet.check() == (0, ""))
  }

  @Test func `a region that is away is applied when it is back, if it says so itself`() throws {
    for vetoes in [false, true] {
      let fleet = try PushedFleet()
      try fleet.regions.succeed(["fleet", "set", "west", "--apply", "after-mirror", "-C", fleet.east])
      try fleet.regions.succeed(["mirror", "-C", fleet.east])
      if vetoes { try fleet.set("lockstep.applyAfterPush", "false", in: "west") }
      try Program.git("pull", "--quiet", in: fleet.folder["anna"])
      try FileManager.default.moveItem(atPath: fleet.west, toPath: fleet.west + ".gone")
      try fleet.commit("late", in: "anna")
      try fleet.accepted("anna")
      try FileManager.default.moveItem(atPath: fleet.west + ".gone", toPath: fleet.west)
      try fleet.regions.succeed(["mirror", "-C", fleet.east])
      #expect(
        fleet.folder.has("west-account/account/account-filters/late.json") == !vetoes, "vetoes: \(vetoes)")
      #expect(try fleet.check().status == 0)
    }
  }

  @Test func `a region on another machine is told to fetch, and a command that hangs holds no push`() throws {
    let fleet = try PushedFleet()
    try fleet.set("lockstep.peer-west.repository", "ssh://nowhere.invalid/srv/west")
    try fleet.commit("one", in: "anna")
    var told = try fleet.accepted("anna")
    #expect(told.contains("region west is on another machine and fetches by itself"), "\(told)")
    // The command sees the region, and nothing of git's environment of the push.
    try fleet.set("lockstep.pushWaitSeconds", "60")
    try fleet.set(
      "lockstep.peer-west.notify", "echo \"$LOCKSTEP_REGION ${GIT_DIR-none}\" > '\(fleet.folder["told"])'")
    try fleet.commit("two", in: "anna")
    told = try fleet.accepted("anna")
    #expect(told.contains("told region west to fetch in "), "\(told)")
    #expect(try fleet.folder.read("told") == "east none\n")
    try fleet.set("lockstep.peer-west.notify", "echo no route >&2; exit 7")
    try fleet.commit("three", in: "anna")
    told = try fleet.accepted("anna")
    #expect(told.contains("its command ended with 7: no route"), "\(told)")
    #expect(try fleet.check().status == 2)
    // One that hangs is ended with everything that it started.
    try fleet.set("lockstep.pushWaitSeconds", "0.5")
    try fleet.set("lockstep.peerWaitSeconds", "3")
    try fleet.set("lockstep.peer-west.notify", "sleep 3333 & echo $! > '\(fleet.folder["child"])'; wait")
    try fleet.commit("four", in: "anna")
    let begin = Date()
    told = try fleet.accepted("anna")
    #expect(Date().timeIntervalSince(begin) < 20)
    #expect(told.contains("telling west to fetch goes on"), "\(told)")
    #expect(try waitUntil { try fleet.worker() == nil })
    let child = try #require(pid_t(fleet.folder.read("child").trimmingCharacters(in: .newlines)))
    #expect(waitUntil { kill(child, 0) != 0 }, "what the command started is ended, too")
    #expect(try fleet.check().problems.contains("did not end within"))
    // Whoever mirrors is told what fails still.
    try fleet.set("lockstep.peer-west.notify", "echo no route again >&2; exit 7")
    let again = try fleet.regions.run(["mirror", "-C", fleet.east])
    #expect(
      again.errors.contains("error: telling west to fetch failed once since ")
        && again.errors.contains("its command ended with 7: no route again"), "\(again.errors)")
    #expect(try fleet.check().problems.contains("no route again"))
    try fleet.set("lockstep.peer-west.notify", "true")
    // Fetching from nowhere fails; what the push left is done all the same.
    #expect(try fleet.regions.run(["mirror", "-C", fleet.east]).status == 1)
    #expect(try fleet.check() == (0, ""))
  }

  @Test func `a mirror says which peer could not be told to fetch, and leaves that in the queue`() throws {
    let fleet = try PushedFleet(clones: ["anna": "east", "away": "west"])
    try fleet.set("lockstep.peer-west.repository", "file://\(fleet.folder["away"])")
    try fleet.set("lockstep.peer-west.notify", "echo no route >&2; exit 7")
    try fleet.commit("one", in: "anna")
    try fleet.accepted("anna")
    for tries in ["2 times", "3 times"] {
      let outcome = try fleet.regions.run(["mirror", "-C", fleet.east, "--json"])
      let said = "telling west to fetch failed \(tries) since "
      #expect(outcome.status == 3 && outcome.errors.contains("error: \(said)"), "\(outcome.errors)")
      #expect(outcome.errors.contains("hint: see the command"), "\(outcome.errors)")
      #expect(outcome.output.contains(said), "\(outcome.output)")
      #expect(try fleet.check().problems.contains(said))
    }
    try fleet.set("lockstep.peer-west.notify", "true")
    try fleet.regions.succeed(["mirror", "-C", fleet.east])
    #expect(try fleet.check() == (0, ""))
  }
}

import Foundation
import Support
import Testing

/// A region that is primary no more changes nothing, and loses nothing.
@Suite struct FenceTests {
  private func capture(_ fleet: PushedFleet, _ region: String = "east") throws -> Program.Outcome {
    try fleet.regions.run(["capture", "-C", fleet.regions[region]])
  }

  /// Writes a filter into a region's account, as somebody does who knows nothing of Lockstep.
  private func write(_ name: String, to region: String = "east", _ fleet: PushedFleet) throws {
    try fleet.folder.write(
      #"{"name":"\#(name)","properties":{}}"#,
      to: "\(region)-account/account/account-filters/\(name).json")
  }

  private func reference(_ name: String, _ fleet: PushedFleet, in region: String = "east") throws -> String {
    try Program.run("git", ["rev-parse", "--verify", "--quiet", name], in: fleet.regions[region]).output
  }

  private func standing(_ fleet: PushedFleet, _ region: String = "east") throws -> [String: Any] {
    let text = try fleet.regions.run(["status", "--json", "-C", fleet.regions[region]]).output
    let object = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
    return (object?["regions"] as? [[String: Any]])?.first { $0["name"] as? String == region } ?? [:]
  }

  @Test func `a superseded region refuses pushes and applies, and keeps captures aside until they count`()
    throws
  {
    let fleet = try PushedFleet(clones: ["anna": "east", "ben": "west"])
    try fleet.promote("west", number: 2)
    let head = try reference("HEAD", fleet)
    let live = try reference("refs/lockstep/live", fleet)
    try fleet.commit("one", in: "anna")
    let push = try fleet.push("anna")
    #expect(push.status != 0)
    for words in ["refused: the push", "west is since epoch 2", "lockstep rejoin east"] {
      #expect(push.errors.contains(words), "\(push.errors)")
    }
    for command in [
      ["apply"], ["publish", fleet.folder["film"], "--asset", "second"], ["rollback", "HEAD"],
      ["fleet", "fence", "strict"], ["keys", "rotate", "--yes"],
    ] {
      let outcome = try fleet.regions.run(command + ["-C", fleet.east])
      #expect(outcome.status == 4 && outcome.errors.contains("lockstep rejoin east"), "\(command) \(outcome)")
    }
    // What it has heard it knows, though nobody says it again.
    try FileManager.default.moveItem(atPath: fleet.west, toPath: fleet.folder["gone"])
    let again = try fleet.push("anna")
    #expect(again.status != 0 && again.errors.contains("west is since epoch 2"), "\(again.errors)")
    // The account changes twice; each state is kept.
    try write("live-one", fleet)
    let first = try capture(fleet)
    #expect(first.status == 0 && first.errors.contains("kept aside"), "\(first.errors)")
    try write("live-two", fleet)
    try FileManager.default.removeItem(
      atPath: fleet.folder["east-account/account/account-filters/live-one.json"])
    #expect(try capture(fleet).status == 0)
    #expect(try capture(fleet).errors.contains("holds what its live account holds"))
    #expect(try reference("HEAD", fleet) == head && reference("refs/lockstep/live", fleet) == live)
    let aside = "refs/lockstep/aside"
    try Program.git("cat-file", "-e", "\(aside):mirrored/account-filters/live-two.json", in: fleet.east)
    try Program.git("cat-file", "-e", "\(aside)~1:mirrored/account-filters/live-one.json", in: fleet.east)
    // Nothing that was committed since live asks anything of the account.
    #expect(try reference("\(aside)~2", fleet) == head)
    let status = try standing(fleet)
    #expect(status["standing"] as? String == "superseded" && status["clean"] as? Bool == false)
    #expect(status["aside"] as? String != nil)
    let check = try fleet.check()
    #expect(check.status == 2 && check.problems.contains("lockstep rejoin east"), "\(check.problems)")
    // Its branch has nothing of its own, so the next mirror makes it a standby, and what was kept aside counts.
    try FileManager.default.moveItem(atPath: fleet.folder["gone"], toPath: fleet.west)
    try fleet.regions.succeed(["mirror", "-C", fleet.west])
    #expect(try standing(fleet)["standing"] as? String == "standby")
    #expect(try fleet.regions.succeed(["capture", "-C", fleet.east]) == "")
    #expect(try reference(aside, fleet) == "")
    #expect(fleet.folder.has("east/mirrored/account-filters/live-two.json"))
    #expect(try Program.git("log", "--format=%s", in: fleet.east).contains("live-one"))
    #expect(try fleet.regions.run(["apply", "-C", fleet.east]).status == 0)
    try fleet.regions.succeed(["mirror", "-C", fleet.west])
    #expect(try fleet.isInStep())
    // The new primary takes pushes.
    try Program.git("pull", "--quiet", "--rebase", in: fleet.folder["ben"])
    try fleet.commit("two", in: "ben")
    try fleet.accepted("ben")
  }

  @Test func `what a region committed while it was primary no more waits, and it hears of that by a mirror`()
    throws
  {
    let fleet = try PushedFleet()
    // The two do not see each other while both change.
    try FileManager.default.moveItem(atPath: fleet.west, toPath: fleet.folder["gone"])
    try fleet.commit("one", in: "anna")
    let told = try fleet.accepted("anna")
    #expect(told.contains("warning: unfenced: region east cannot ask west"), "\(told)")
    #expect(try standing(fleet)["unfenced"] as? [String] == ["west"])
    #expect(try waitUntil { try fleet.worker() == nil })
    try FileManager.default.moveItem(atPath: fleet.folder["gone"], toPath: fleet.west)
    try fleet.promote("west", number: 2)
    let heads = try [reference("HEAD", fleet), reference("HEAD", fleet, in: "west")]
    let mirror = try fleet.regions.run(["mirror", "-C", fleet.west])
    #expect(mirror.status != 0 && mirror.errors.contains("lockstep rejoin east"), "\(mirror.errors)")
    #expect(try [reference("HEAD", fleet), reference("HEAD", fleet, in: "west")] == heads)
    try FileManager.default.moveItem(atPath: fleet.west, toPath: fleet.folder["gone"])
    try fleet.commit("two", in: "anna")
    let push = try fleet.push("anna")
    #expect(push.status != 0 && push.errors.contains("west is since epoch 2"), "\(push.errors)")
  }

  @Test func `two promotions at once stop both sides`() throws {
    let fleet = try PushedFleet(clones: ["anna": "east", "ben": "west"])
    try fleet.promote("east", number: 2)
    try fleet.promote("west", number: 2)
    for (person, region) in [("anna", "east"), ("ben", "west")] {
      try Program.git("pull", "--quiet", in: fleet.folder[person])
      try fleet.commit(person, in: person)
      let push = try fleet.push(person)
      #expect(push.status != 0 && push.errors.contains("did not know of each other"), "\(push.errors)")
      let apply = try fleet.regions.run(["apply", "-C", fleet.regions[region]])
      #expect(
        apply.status == 4 && apply.errors.contains("epoch 2, east and west")
          || apply.errors.contains("epoch 2, west and east"), "\(apply)")
      try write(person, to: region, fleet)
      #expect(try capture(fleet, region).errors.contains("kept aside"))
      let mirror = try fleet.regions.run(["mirror", "-C", fleet.regions[region]])
      #expect(mirror.status == 3 || mirror.status == 4)
      for words in ["lockstep rejoin", "--primary east -C", "--primary west -C"] {
        #expect(mirror.errors.contains(words), "\(mirror.errors)")
      }
      #expect(try standing(fleet, region)["standing"] as? String == "contested")
      #expect(try fleet.check(region).problems.contains("did not know of each other"))
    }
    #expect(try !fleet.isInStep())
  }

  @Test func `a strict fence stops a primary that cannot ask, and a person can open it`() throws {
    let fleet = try PushedFleet()
    try fleet.regions.succeed(["fleet", "fence", "strict", "-C", fleet.east])
    try Program.git("pull", "--quiet", in: fleet.folder["anna"])
    try fleet.commit("one", in: "anna")
    try fleet.accepted("anna")
    #expect(try waitUntil { try fleet.worker() == nil })
    try FileManager.default.moveItem(atPath: fleet.west, toPath: fleet.folder["gone"])
    try fleet.commit("two", in: "anna")
    let push = try fleet.push("anna")
    for words in ["the fence is strict", "cannot ask west", "lockstep fleet remove west"] {
      #expect(push.errors.contains(words), "\(push.errors)")
    }
    #expect(try fleet.regions.run(["apply", "-C", fleet.east]).status == 4)
    try write("live", fleet)
    #expect(try capture(fleet).errors.contains("kept aside"))
    try fleet.regions.succeed(["fleet", "fence", "off", "-C", fleet.east])
    #expect(try capture(fleet).status == 0)
    #expect(fleet.folder.has("east/mirrored/account-filters/live.json"))
    #expect(try reference("refs/lockstep/aside", fleet) == "")
    try Program.git("pull", "--quiet", "--rebase", in: fleet.folder["anna"])
    let told = try fleet.accepted("anna")
    #expect(told.contains("warning: unfenced"), "\(told)")
  }

  @Test(.enabled(if: SSHServer.isThere))
  func `a peer on another machine is asked over SSH, and one that hangs holds a push for seconds only`()
    throws
  {
    let server = try SSHServer()
    let fleet = try PushedFleet()
    let ssh = server.environment["GIT_SSH_COMMAND"] ?? ""
    try fleet.set("core.sshCommand", ssh)
    try fleet.set("lockstep.peer-west.repository", server.url(fleet.west))
    try fleet.commit("one", in: "anna")
    let first = try fleet.accepted("anna")
    #expect(!first.contains("unfenced"), "\(first)")
    // Nothing was fetched: the commit there was known.
    try fleet.commit("aside", in: "west")
    try fleet.commit("two", in: "anna")
    #expect(try !fleet.accepted("anna").contains("unfenced"))
    #expect(try reference("refs/lockstep/peers/west", fleet) == reference("HEAD", fleet, in: "west"))
    // A peer that says nothing.
    try fleet.set("core.sshCommand", "sh -c 'sleep 300'")
    try fleet.set("lockstep.fenceWaitSeconds", "1")
    try fleet.commit("three", in: "anna")
    let begin = Date()
    let slow = try fleet.accepted("anna")
    #expect(Date().timeIntervalSince(begin) < 60)
    #expect(slow.contains("warning: unfenced") && slow.contains("did not answer within"), "\(slow)")
    // A promotion there; what is pushed here afterwards is not known there.
    try fleet.set("core.sshCommand", ssh)
    try fleet.set("lockstep.fenceWaitSeconds", "20")
    try fleet.promote("west", number: 2)
    try fleet.commit("four", in: "anna")
    let push = try fleet.push("anna")
    #expect(push.status != 0 && push.errors.contains("west is since epoch 2"), "\(push.errors)")
    // That push's quarantine is gone, and what was heard is not.
    try fleet.set("core.sshCommand", "false")
    #expect(try fleet.push("anna").errors.contains("west is since epoch 2"))
    try Program.git("fsck", "--strict", in: fleet.east)
  }
}

extension PushedFleet {
  /// Commits a promotion in a region, as `lockstep failover` does.
  func promote(_ region: String, number: Int, reason: String = "a test") throws {
    let file = "\(region)/mirrored/fleet.json"
    let text = try folder.read(file)
      .replacing(/"id": "[^"]*"/, with: "\"id\": \"\(region)-\(number)\"")
      .replacing(/"number": [0-9]+/, with: "\"number\": \(number)")
      .replacing(/"primary": "[^"]*"/, with: "\"primary\": \"\(region)\"")
    try folder.write(text, to: file)
    try Program.git("add", "mirrored/fleet.json", in: regions[region])
    try Program.git(
      "commit", "--quiet", "-m", "Promote \(region)", "-m",
      "Lockstep-Role: promote \(region) by failover\nLockstep-Role-Reason: \(reason)", in: regions[region])
  }
}

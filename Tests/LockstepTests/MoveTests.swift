import Foundation
import Support
import Testing

/// The primary's role goes from one region to another, and nothing is lost that could be kept.
@Suite struct MoveTests {
  private func primary(_ fleet: PushedFleet, _ region: String) throws -> String {
    let text = try fleet.regions.succeed(["fleet", "list", "--json", "-C", fleet.regions[region]])
    let object = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
    return (object?["fleet"] as? [String: Any])?["primary"] as? String ?? ""
  }

  private func audit(_ fleet: PushedFleet, _ region: String) throws -> String {
    try Program.git("log", "--format=%B", "lockstep/audit", in: fleet.regions[region])
  }

  /// The names of the filters in a region's account.
  private func filters(_ fleet: PushedFleet, _ region: String) throws -> [String] {
    let path = fleet.folder["\(region)-account/account/account-filters"]
    guard FileManager.default.fileExists(atPath: path) else { return [] }
    return try FileManager.default.contentsOfDirectory(atPath: path).sorted()
  }

  /// Writes a filter into a region's account, as somebody does who knows nothing of Lockstep.
  private func write(_ name: String, to region: String, _ fleet: PushedFleet) throws {
    try fleet.folder.write(
      #"{"name":"\#(name)","properties":{}}"#,
      to: "\(region)-account/account/account-filters/\(name).json")
  }

  @Test func `a switchover hands over all that the primary has, and home again`() throws {
    let fleet = try PushedFleet()
    let locator = try Program.git("ls-tree", "-r", "HEAD:mirrored/streaming-locators", in: fleet.east)
    try fleet.commit("one", in: "east")
    try write("live", to: "east", fleet)
    let heads = try ["east", "west"].map { try Program.git("rev-parse", "HEAD", in: fleet.regions[$0]) }
    let dry = try fleet.regions.succeed(["switchover", "west", "--dry-run", "-C", fleet.east])
    let steps = ["drain", "capture", "mirror", "apply", "verify", "traffic", "epoch", "reverse", "follow"]
    #expect(dry.split(separator: "\n").map { $0.prefix { $0 != "\t" } } == steps.map { $0[...] })
    #expect(
      try heads == ["east", "west"].map { try Program.git("rev-parse", "HEAD", in: fleet.regions[$0]) })
    let done = try fleet.regions.run(["switchover", "west", "--reason", "planned", "-C", fleet.east])
    #expect(done.status == 0, "\(done.errors)")
    let told = done.output.split(separator: "\n").map { $0.split(separator: "\t") }
    #expect(told.map { $0[1] } == steps.map { $0[...] } && told.allSatisfy { $0[2].hasSuffix(" ms") })
    for region in ["east", "west"] { #expect(try primary(fleet, region) == "west") }
    #expect(try fleet.isInStep())
    #expect(try filters(fleet, "west").count == 2)
    #expect(!fleet.folder.has("east/.git/lockstep/drain.json"))
    let record = try audit(fleet, "west")
    #expect(
      record.contains("west: switchover from east to west in") && record.contains("Lockstep-Steps: drain"))
    #expect(try fleet.regions.succeed(["log", "--roles", "-C", fleet.east]).contains("planned"))
    let home = try fleet.regions.run(["switchover", "east", "-C", fleet.west])
    #expect(home.status == 0, "\(home.errors)")
    #expect(try primary(fleet, "west") == "east" && fleet.isInStep())
    #expect(
      try Program.git("ls-tree", "-r", "HEAD:mirrored/streaming-locators", in: fleet.east) == locator)
  }

  @Test func `a switchover that is stopped drains the primary, and is undone or goes on`() throws {
    let fleet = try PushedFleet()
    try fleet.commit("one", in: "east")
    // Somebody else works on west, so that the run ends in its third step.
    var other = try fleet.hold("west")
    let stopped = try fleet.regions.run(["switchover", "west", "-C", fleet.east])
    #expect(stopped.status == 11 && stopped.errors.contains("--resume"), "\(stopped.errors)")
    #expect(
      stopped.output.split(separator: "\n").map { $0.split(separator: "\t")[1] } == ["drain", "capture"])
    other.stop(SIGKILL)
    try Program.git("pull", "--quiet", in: fleet.folder["anna"])
    try fleet.commit("two", in: "anna")
    let push = try fleet.push("anna")
    #expect(push.status != 0 && push.errors.contains("being handed over to west"), "\(push.errors)")
    for command in [["capture"], ["apply"]] {
      let outcome = try fleet.regions.run(command + ["-C", fleet.east])
      #expect(outcome.status == 4 && outcome.errors.contains("--undo"), "\(outcome.errors)")
    }
    let second = try fleet.regions.run(["switchover", "west", "-C", fleet.east])
    #expect(second.status == 4 && second.errors.contains("--resume"), "\(second.errors)")
    try fleet.regions.succeed(["switchover", "--undo", "-C", fleet.east])
    #expect(!fleet.folder.has("west/.git/lockstep/run.json"))
    try fleet.accepted("anna")
    #expect(try primary(fleet, "east") == "east")
    #expect(try waitUntil { try fleet.worker() == nil })
    let none = try fleet.regions.run(["switchover", "--resume", "-C", fleet.east])
    #expect(none.status != 0 && none.errors.contains("was begun"), "\(none.errors)")
    other = try fleet.hold("west")
    #expect(try fleet.regions.run(["switchover", "west", "-C", fleet.east]).status == 11)
    other.stop(SIGKILL)
    let another = try fleet.regions.run(["switchover", "east", "--resume", "-C", fleet.west])
    #expect(another.status == 64 && another.errors.contains("is to west, not to east"), "\(another.errors)")
    // Whoever goes on with the line that was cut off names the region again.
    let done = try fleet.regions.run(["switchover", "west", "--resume", "-C", fleet.west])
    #expect(done.status == 0, "\(done.errors)")
    #expect(try primary(fleet, "east") == "west" && fleet.isInStep())
    #expect(try audit(fleet, "west").contains("switchover from east to west in"))
  }

  @Test func `a failover works with the primary gone, says what is lost, and rejoin brings all of it back`()
    throws
  {
    let fleet = try PushedFleet(clones: ["anna": "east", "ben": "west"])
    let answers = try fleet.regions.run(["failover", "west", "--yes", "--accept-loss", "0", "-C", fleet.west])
    #expect(answers.status == 4 && answers.errors.contains("lockstep switchover west"), "\(answers.errors)")
    // East's repository and account are gone, with a commit that west has never heard of.
    for name in ["east", "east-account"] {
      try FileManager.default.moveItem(atPath: fleet.folder[name], toPath: fleet.folder["gone-\(name)"])
    }
    let unasked = try fleet.regions.run(["failover", "west", "--yes", "-C", fleet.west])
    #expect(unasked.status == 4 && unasked.errors.contains("--accept-loss 0"), "\(unasked.errors)")
    let done = try fleet.regions.run(
      ["failover", "west", "--yes", "--accept-loss", "0", "--reason", "the hall burns", "-C", fleet.west])
    #expect(done.status == 0, "\(done.errors)")
    #expect(done.errors.contains("east itself could not be asked"), "\(done.errors)")
    #expect(try primary(fleet, "west") == "west")
    #expect(try audit(fleet, "west").contains("west: failover from east to west in"))
    // The new primary goes on.
    try Program.git("pull", "--quiet", in: fleet.folder["ben"])
    try fleet.commit("both", bitrate: 2, in: "ben")
    try fleet.commit("west-only", in: "ben")
    try fleet.accepted("ben")
    // East comes back, and somebody has changed it, and its account.
    for name in ["east", "east-account"] {
      try FileManager.default.moveItem(atPath: fleet.folder["gone-\(name)"], toPath: fleet.folder[name])
    }
    try fleet.commit("both", bitrate: 1, in: "east")
    try fleet.commit("east-only", in: "east")
    try write("east-live", to: "east", fleet)
    #expect(try fleet.regions.run(["capture", "-C", fleet.east]).errors.contains("kept aside"))
    let conflict = try fleet.regions.run(["rejoin", "east", "-C", fleet.west])
    #expect(conflict.status == 4, "\(conflict.errors)")
    #expect(
      (conflict.output + conflict.errors).contains("filter/both"), "\(conflict.output)\(conflict.errors)")
    let joined = try fleet.regions.run(
      ["rejoin", "east", "--prefer", "target", "-C", fleet.west])
    #expect(joined.status == 0, "\(joined.errors)")
    let record = try audit(fleet, "west")
    #expect(record.contains("west: rejoin of east with west in") && record.contains("Lockstep-Steps: join "))
    #expect(try fleet.isInStep() && primary(fleet, "east") == "west")
    let both = try Program.git("show", "HEAD:mirrored/account-filters/both.json", in: fleet.east)
    #expect(both.contains("2"), "\(both)")
    for name in ["east-only", "west-only", "east-live"] {
      #expect(try filters(fleet, "east").contains { $0.contains(name) }, "\(name)")
      #expect(try Program.git("ls-tree", "-r", "--name-only", "HEAD", in: fleet.west).contains(name))
    }
    // A second failover so soon is more often a network than a region; and a single switchover takes it home.
    for name in ["west", "west-account"] {
      try FileManager.default.moveItem(atPath: fleet.folder[name], toPath: fleet.folder["gone-\(name)"])
    }
    let recent = try fleet.regions.run(["failover", "east", "--yes", "--accept-loss", "0", "-C", fleet.east])
    #expect(recent.status == 4 && recent.errors.contains("--acknowledge-recent"), "\(recent.errors)")
    for name in ["west", "west-account"] {
      try FileManager.default.moveItem(atPath: fleet.folder["gone-\(name)"], toPath: fleet.folder[name])
    }
    let home = try fleet.regions.run(["switchover", "east", "-C", fleet.west])
    #expect(home.status == 0, "\(home.errors)")
    #expect(try primary(fleet, "west") == "east" && fleet.isInStep())
    #expect(try fleet.regions.succeed(["log", "--roles", "-C", fleet.east]).contains("the hall burns"))
  }

  @Test(arguments: ["drain", "capture", "mirror", "apply", "verify", "traffic", "epoch", "reverse", "follow"])
  func `a switchover that is killed in a step goes on, or is undone before the epoch rises`(
    step: String
  ) throws {
    let fleet = try PushedFleet()
    try fleet.commit("one", in: "east")
    try write("live", to: "east", fleet)
    let journal = "west/.git/lockstep/run.json"
    // Killed as soon as the journal says that the step has begun; whether it had effect by then is left open.
    let run = try Program.start(Program.lockstep, ["switchover", "west", "-C", fleet.east])
    while run.isRunning {
      let steps = try? JSONSerialization.jsonObject(with: Data(fleet.folder.read(journal).utf8))
      let entries = (steps as? [String: Any])?["steps"] as? [[String: Any]] ?? []
      if entries.contains(where: { $0["name"] as? String == step && $0["begun"] as? Bool == true }) { break }
    }
    run.stop(SIGKILL)
    let isLeft = fleet.folder.has(journal)
    let hasRisen = try primary(fleet, "west") == "west"
    if isLeft {
      // Somebody who does not know begins anew, and is told.
      for region in ["east", "west"] {
        let anew = try fleet.regions.run(["switchover", "west", "-C", fleet.regions[region]])
        #expect(anew.status != 0 && anew.errors.contains("switchover --resume"), "\(anew.errors)")
      }
      let undone = try fleet.regions.run(["switchover", "--undo", "-C", fleet.west])
      #expect((undone.status == 0) == !hasRisen, "\(undone.errors)")
      if hasRisen {
        #expect(undone.errors.contains("--resume"), "\(undone.errors)")
        try fleet.regions.succeed(["switchover", "--resume", "-C", fleet.west])
      } else {
        #expect(try primary(fleet, "east") == "east" && !fleet.folder.has("east/.git/lockstep/drain.json"))
        try fleet.regions.succeed(["switchover", "west", "-C", fleet.east])
      }
    }
    for region in ["east", "west"] { #expect(try primary(fleet, region) == "west") }
    #expect(try fleet.isInStep() && filters(fleet, "west").count == 2)
    #expect(!fleet.folder.has(journal) && !fleet.folder.has("east/.git/lockstep/drain.json"))
    #expect(try audit(fleet, "west").contains("switchover from east to west"))
    #expect(try fleet.count("Fleet: west is primary with epoch 2", in: "west") == 1)
    try Program.git("fsck", "--strict", in: fleet.west)
  }

  @Test func `a primary that answers nothing is not waited for longer than its patience`() throws {
    let fleet = try PushedFleet()
    // An address of which nothing ever comes back (RFC 5737).
    try fleet.set("lockstep.peer-east.repository", "http://192.0.2.1/east", in: "west")
    try fleet.set("lockstep.fenceWaitSeconds", "1", in: "west")
    let begun = ContinuousClock.now
    let done = try fleet.regions.run(["failover", "west", "--yes", "--accept-loss", "0", "-C", fleet.west])
    #expect(done.status == 0, "\(done.errors)")
    #expect(done.errors.contains("could not be asked"), "\(done.errors)")
    #expect(ContinuousClock.now - begun < .seconds(60))
    #expect(try primary(fleet, "west") == "west")
  }

  @Test func `of two promotions a person says which one stays`() throws {
    let fleet = try PushedFleet()
    try fleet.promote("east", number: 2)
    try fleet.promote("west", number: 2)
    let asked = try fleet.regions.run(["rejoin", "east", "-C", fleet.west])
    #expect(asked.status == 4 && asked.errors.contains("--primary"), "\(asked.errors)")
    let done = try fleet.regions.run(["rejoin", "east", "--primary", "west", "-C", fleet.west])
    #expect(done.status == 0, "\(done.errors)")
    for region in ["east", "west"] { #expect(try primary(fleet, region) == "west") }
    #expect(try fleet.isInStep())
  }
}

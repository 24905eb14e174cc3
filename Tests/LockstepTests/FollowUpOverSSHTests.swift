import Foundation
import Support
import Testing

/// Pushes over SSH, by people who do not know of each other.
@Suite(.enabled(if: SSHServer.isThere)) struct FollowUpOverSSHTests {
  @Test func `a push over SSH is judged, mirrored and told of`() throws {
    let server = try SSHServer()
    let fleet = try PushedFleet(url: server.url, environment: server.environment)
    try fleet.set("lockstep.pushWaitSeconds", "60")
    try fleet.commit("one", in: "anna")
    let told = try fleet.accepted("anna", environment: server.environment)
    #expect(told.contains(/remote: mirrored 1 commit to west in \d+\.\d\d s/), "\(told)")
    #expect(try fleet.isInStep())
    // A slow region holds no connection.
    try fleet.set("lockstep.pushWaitSeconds", "0.5")
    let holder = try fleet.hold("west")
    defer { holder.stop() }
    try fleet.commit("two", in: "anna")
    let begin = Date()
    let slow = try fleet.accepted("anna", environment: server.environment)
    #expect(Date().timeIntervalSince(begin) < 20)
    #expect(slow.contains("mirroring with west goes on"), "\(slow)")
    holder.stop()
    #expect(try waitUntil { try fleet.isInStep() }, "the worker outlives the connection")
  }

  @Test func `of two pushers at once none loses anything, and nothing is mirrored twice`() throws {
    let server = try SSHServer()
    let people = ["anna", "ben"]
    let fleet = try PushedFleet(
      clones: ["anna": "east", "ben": "east"], url: server.url, environment: server.environment)
    try fleet.set("lockstep.pushWaitSeconds", "60")
    for round in 1...3 {
      for person in people { try fleet.commit("\(person)-\(round)", in: person) }
      let pushes = try people.map { person in
        try Program.start(
          "git", ["push", "origin", "HEAD"], in: fleet.folder[person], environment: server.environment)
      }
      let ends = pushes.map { $0.wait() }
      let said = try pushes.map { try $0.files.read("errors") }
      #expect(ends.contains(0), "one of two is accepted: \(said)")
      for (person, end) in zip(people, ends) where end != 0 {
        let pulled = try Program.run(
          "git", ["pull", "--rebase", "--quiet"], in: fleet.folder[person], environment: server.environment)
        #expect(pulled.status == 0, "\(pulled.errors)")
        try fleet.accepted(person, environment: server.environment)
      }
      for person in people {
        let pulled = try Program.run(
          "git", ["pull", "--rebase", "--quiet"], in: fleet.folder[person], environment: server.environment)
        #expect(pulled.status == 0, "\(pulled.errors)")
      }
    }
    #expect(try waitUntil { try fleet.worker() == nil })
    #expect(try fleet.isInStep())
    for person in people {
      for round in 1...3 {
        for region in ["east", "west"] {
          #expect(try fleet.count("Filter \(person)-\(round) at 1", in: region) == 1)
          #expect(fleet.folder.has("\(region)/mirrored/account-filters/\(person)-\(round).json"))
        }
      }
    }
    for region in ["east", "west"] {
      #expect(try Program.git("status", "--porcelain", in: fleet.regions[region]) == "")
      try Program.git("fsck", "--strict", in: fleet.regions[region])
    }
    #expect(try fleet.check() == (0, ""))
  }
}

import Foundation
import Support
import Testing

/// `lockstep ready`: whether a standby can take over, and what speaks against it.
@Suite(.enabled(if: Program.has("python3", "openssl"))) struct ReadyTests {
  /// A fleet whose standby is ready: an encrypted film and a clear one, served by a web server.
  private final class ReadyFleet {
    let fleet: PushedFleet
    let keyID: String
    let server: ChildProcess

    init() throws {
      fleet = try PushedFleet()
      let regions = fleet.regions
      let key = try Clip.encrypted(in: regions.folder, name: "clip")
      keyID = key.id
      try regions.succeed([
        "publish", regions.folder["clip"], "-C", fleet.east, "--asset", "clip", "--content-key",
        try regions.contentKey(id: key.id, value: key.value),
      ])
      server = try Program.start(
        "python3",
        [
          "-u", "-m", "http.server", "0", "--bind", "127.0.0.1", "-d",
          regions.folder["west-account/published"],
        ])
      var port = ""
      let answers = try waitUntil {
        let said = try self.server.files.read("output")
        port = said.firstMatch(of: /port ([0-9]+)/).map { String($0.1) } ?? ""
        return !port.isEmpty
      }
      try #require(answers)
      for arguments in [
        [
          "set", "west", "--origin", "http://127.0.0.1:\(port)", "--key-delivery", "http://127.0.0.1:\(port)",
        ],
        ["traffic", "origin", "--host-name", "media.example.com", "--probe-path", "/"],
        [
          "traffic", "key-delivery", "--host-name", "media.example.com", "--path", "/keys/", "--probe-path",
          "/",
        ],
      ] {
        try regions.succeed(["fleet"] + arguments + ["-C", fleet.east])
      }
      try fleet.set("lockstep.traffic", "print", in: "west")
      try step()
    }

    deinit { server.stop() }

    /// Brings west into step.
    func step() throws {
      try fleet.regions.succeed(["mirror", "-C", fleet.east])
      try fleet.regions.succeed(["apply", "-C", fleet.west])
    }

    /// Asks, and returns the names of the checks that speak against it.
    func ask(
      _ arguments: String..., environment: [String: String] = [:]
    ) throws -> (against: Set<String>, text: String, document: [String: Any]) {
      let command = ["ready", "-C", fleet.west] + arguments
      let text = try fleet.regions.run(command, environment: environment)
      let json = try fleet.regions.run(command + ["--json"], environment: environment)
      #expect(text.status == json.status)
      let document = try #require(
        JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any], "\(json.errors)")
      let checks = document["checks"] as? [[String: Any]] ?? []
      let against = checks.filter { $0["outcome"] as? String == "not-ready" }.compactMap {
        $0["name"] as? String
      }
      #expect(text.status == (against.isEmpty ? 0 : 2), "\(text.errors)")
      #expect(document["ready"] as? Bool == against.isEmpty && document["version"] as? Int == 1)
      let lines = text.output.split(separator: "\n").filter { $0.hasPrefix("not-ready\t") }
      #expect(Set(lines.map { String($0.split(separator: "\t")[1]) }) == Set(against), "\(text.output)")
      return (Set(against), text.output, document)
    }
  }

  @Test func `a standby that has everything is ready, and nothing would be lost`() throws {
    let ready = try ReadyFleet()
    let first = try ready.ask()
    #expect(first.against == [], "\(first.text)")
    #expect(first.text.hasSuffix("if east dies now you lose: nothing\n"), "\(first.text)")
    for words in [
      "ready\tlag\t0 commits, 0 s behind east", "ready\tcontent\t4 files", "serves 2 locators",
      "serves 1 keys",
      "proved by tree ids", "ready\tlocators\t2 in the account",
    ] {
      #expect(first.text.contains(words), "\(words): \(first.text)")
    }
    let deep = try ready.ask("--deep", "--all")
    #expect(deep.against == [] && deep.text.contains("every byte read"), "\(deep.text)")
    let byName = try ready.fleet.regions.run(["ready", "west", "-C", ready.fleet.east])
    #expect(byName.status == 0 && byName.output == first.text, "\(byName)")
    let unknown = try ready.fleet.regions.run(["ready", "north", "-C", ready.fleet.east])
    #expect(unknown.status == 1 && unknown.errors.contains("lockstep fleet"), "\(unknown)")
    // The primary is ready as it is, and nobody takes over from it.
    let primary = try ready.fleet.regions.run(["ready", "-C", ready.fleet.east])
    #expect(primary.status == 0 && !primary.output.contains("you lose"), "\(primary)")
  }

  @Test func `what the standby lacks of the primary is named, as commits and as resources`() throws {
    let ready = try ReadyFleet()
    let fleet = ready.fleet
    try fleet.commit("late", in: "east")
    let behind = try ready.ask()
    #expect(behind.against == ["lag"], "\(behind.text)")
    #expect(
      behind.text.contains(/not-ready\tlag\t1 commit, [0-9]+ s behind east: added [a-z-]+\/late/),
      "\(behind.text)")
    for words in ["if east dies now you lose:", "\"Filter late at 1\"", "lockstep mirror -C "] {
      #expect(behind.text.contains(words), "\(behind.text)")
    }
    let point = try #require(behind.document["recoveryPoint"] as? [String: Any])
    #expect(point["losesNothing"] as? Bool == false && (point["commits"] as? [[String: Any]])?.count == 1)
    try fleet.regions.succeed(["mirror", "-C", fleet.east])
    #expect(try ready.ask().against == ["applied"])
    try ready.step()
    try fleet.regions.succeed(["apply", "-C", fleet.east])
    // A change that nobody has captured.
    try fleet.folder.write(
      #"{"name":"wild","properties":{}}"#, to: "east-account/account/account-filters/wild.json")
    let uncaptured = try ready.ask()
    #expect(uncaptured.against == ["captured"], "\(uncaptured.text)")
    #expect(uncaptured.text.contains("/wild, which is not captured yet"), "\(uncaptured.text)")
    try fleet.regions.succeed(["capture", "-C", fleet.east])
    try ready.step()
    // A locator that the standby lacks.
    try fleet.regions.publish("second")
    #expect(try ready.ask().against == ["lag", "identity"])
    try ready.step()
    // The primary is gone, with its account; what was heard of it counts.
    for folder in ["east", "east-account"] {
      try FileManager.default.moveItem(atPath: fleet.folder[folder], toPath: fleet.folder["gone-\(folder)"])
    }
    let gone = try ready.ask()
    #expect(gone.against == [], "\(gone.text)")
    for words in [
      "as far as west has heard", "you lose: nothing that this region has heard of",
      "east itself could not be asked", "cannot be seen from here",
    ] {
      #expect(gone.text.contains(words), "\(gone.text)")
    }
  }

  @Test func `each defect of the standby itself speaks against it`() throws {
    let ready = try ReadyFleet()
    let folder = ready.fleet.folder
    let account = folder["west-account"]
    // Drift.
    try folder.write(
      #"{"name":"wild","properties":{}}"#, to: "west-account/account/account-filters/wild.json")
    #expect(try ready.ask().against == ["drift"])
    try FileManager.default.removeItem(atPath: "\(account)/account/account-filters/wild.json")
    #expect(try ready.ask().against == [])
    // Files: one with other bytes shows to --deep only in its hash, one that is cut off by its size.
    let found = try Program.run("find", ["\(account)/storage", "-name", "b.mp4"]).output
    let film = found.trimmingCharacters(in: .newlines)
    func replace(_ text: String) throws {
      try FileManager.default.removeItem(atPath: film)
      try Data(text.utf8).write(to: URL(fileURLWithPath: film))
    }
    try replace("TWO")
    let hashed = try ready.ask("--deep")
    #expect(try !ready.ask().against.contains("content"))
    #expect(
      hashed.against.contains("content") && hashed.text.contains("its SHA-256 differs"), "\(hashed.text)")
    try replace("tw")
    let cut = try ready.ask()
    #expect(
      cut.against.contains("content") && cut.text.contains("film/sub/b.mp4 has 2 bytes instead of 3"),
      "\(cut.text)")
    try FileManager.default.removeItem(atPath: film)
    let missing = try ready.ask()
    #expect(
      missing.against.contains("content") && missing.text.contains("film/sub/b.mp4 is missing"),
      "\(missing.text)")
    let gone = try ready.ask("--deep")
    let unserved = gone.text.split(separator: "\n").first { $0.contains("\tlocators\t") }
    #expect(unserved?.hasSuffix(" --contents") == true, "\(gone.text)")
    try Data("two".utf8).write(to: URL(fileURLWithPath: film))
    #expect(try !ready.ask("--deep").against.contains("content"))
    // An identity that opens nothing.
    try FileManager.default.createDirectory(atPath: folder["nobody"], withIntermediateDirectories: true)
    let sealed = try ready.ask(environment: ["XDG_CONFIG_HOME": folder["nobody"], "HOME": folder["nobody"]])
    #expect(sealed.against.contains("secrets"), "\(sealed.text)")
    // A server that delivers another key, then none at all.
    let key = "\(account)/published/keys/\(ready.keyID)"
    let value = try #require(FileManager.default.contents(atPath: key))
    try FileManager.default.removeItem(atPath: key)
    try Data(repeating: 7, count: 16).write(to: URL(fileURLWithPath: key))
    let wrong = try ready.ask()
    #expect(
      wrong.against.contains("key-delivery") && wrong.text.contains("delivers another key"), "\(wrong.text)")
    #expect(!wrong.text.contains(value.base64EncodedString()))
    try value.write(to: URL(fileURLWithPath: key))
    ready.server.stop()
    let dead = try ready.ask()
    #expect(dead.against.isSuperset(of: ["origin", "key-delivery"]), "\(dead.text)")
    #expect(dead.text.contains("does not answer"), "\(dead.text)")
    // A promotion that contests the fleet's.
    try ready.fleet.promote("east", number: 2)
    try ready.fleet.promote("west", number: 2)
    _ = try ready.fleet.regions.run(["mirror", ready.fleet.east, ready.fleet.west])
    #expect(try ready.ask().against.contains("fleet"))
  }
}

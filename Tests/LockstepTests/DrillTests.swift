import Foundation
import Support
import Testing

/// Drills against real web servers.
@Suite(
  .enabled(if: WebServer.isThere && Program.has("openssl"), "nginx or openssl is missing: ./bootstrap --test")
)
struct DrillTests {
  private let fleet: TrafficFleet
  private let key: (id: String, value: String)
  private let id: String

  /// Two regions in step, with one encrypted film.
  init() throws {
    try self.init(locations: "")
  }

  private init(locations: String, keyHost: String = "keys.example.com") throws {
    fleet = try TrafficFleet(keyHost: keyHost, locations: locations)
    key = try Clip.encrypted(in: fleet.folder, name: "film")
    try fleet.regions.succeed([
      "publish", fleet.folder["film"], "-C", fleet.east, "--asset", "film", "--content-key",
      fleet.regions.contentKey(id: key.id, value: key.value),
    ])
    try fleet.regions.mirrorAndApply()
    id = try fleet.regions.locatorID("film", in: "east").lowercased()
  }

  private func drill(_ arguments: String..., environment: [String: String] = [:]) throws -> Program.Outcome {
    try fleet.regions.run(["drill", "west"] + arguments + ["-C", fleet.east], environment: environment)
  }

  /// Replaces a file of west, and nobody else's under another name.
  private func replace(_ path: String, by data: Data?) throws {
    let url = URL(fileURLWithPath: fleet.folder["west-account/\(path)"])
    try FileManager.default.removeItem(at: url)
    try data?.write(to: url)
  }

  private func stopPrimary() {
    for service in TrafficFleet.services { fleet["east \(service)"]?.stop(SIGKILL) }
  }

  @Test func `a standby in step plays, and the drill is recorded`() throws {
    let outcome = try drill("--json")
    #expect(outcome.status == 0, "\(outcome.output)\(outcome.errors)")
    let report = try #require(
      JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any])
    let locators = try #require(report["locators"] as? [[String: Any]])
    #expect(locators.count == 1)
    #expect(locators[0]["problems"] as? [String] == [])
    #expect(locators[0]["compared"] as? Int == 3, "playlist, key and segment")
    for time in ["manifest", "key", "segment", "total"] {
      #expect(locators[0][time] as? Int != nil, "\(time)")
    }
    let record = try Program.git("log", "-1", "--format=%B", "lockstep/audit", in: fleet.east)
    #expect(record.contains("west: drilled") && record.contains("Lockstep-Against: east"), "\(record)")
    #expect(fleet.folder.has("east/.git/lockstep/drill-west.json"))
    #expect(try drill("--cleanup").status == 0)
    #expect(!fleet.folder.has("east/.git/lockstep/drill-west.json"))
    #expect(try fleet.regions.run(["audit", "verify", fleet.east, fleet.regions["west"]]).status == 0)
    #expect(try fleet.regions.run(["log", "-C", fleet.east]).status == 0)
  }

  @Test func `without the primary a drill works, and says that nothing was compared`() throws {
    stopPrimary()
    let outcome = try drill()
    #expect(outcome.status == 0, "\(outcome.output)\(outcome.errors)")
    #expect(outcome.errors.contains("the primary, east, does not answer"), "\(outcome.errors)")
    #expect(outcome.output.contains("0 compared"), "\(outcome.output)")
  }

  @Test(arguments: [true, false]) func `a corrupted segment is named`(hasPrimary: Bool) throws {
    let path = "published/\(id)/film-0.ts"
    var data = try Data(contentsOf: URL(fileURLWithPath: fleet.folder["west-account/\(path)"]))
    data[5000] ^= 1
    try replace(path, by: data)
    if !hasPrimary { stopPrimary() }
    let outcome = try drill()
    if hasPrimary {
      #expect(outcome.output.contains("film-0.ts is not the primary's"), "\(outcome.output)")
    } else {
      #expect(outcome.output.contains("film-0.ts has SHA-256"), "\(outcome.output)")
    }
    #expect(outcome.status == 2)
  }

  @Test(arguments: [true, false]) func `a wrong key is named`(hasPrimary: Bool) throws {
    try replace("keys/\(key.id)", by: Data(repeating: 7, count: 16))
    if !hasPrimary { stopPrimary() }
    let outcome = try drill()
    #expect(outcome.status == 2)
    #expect(
      outcome.output.contains("film-0.ts does not open with the key of /keys/\(key.id)"), "\(outcome.output)")
    #expect(outcome.output.contains("is not the primary's") == hasPrimary, "\(outcome.output)")
  }

  @Test func `what is missing is named`() throws {
    try replace("keys/\(key.id)", by: nil)
    let withoutKey = try drill()
    #expect(withoutKey.status == 2)
    #expect(
      withoutKey.output.contains("/keys/\(key.id) is missing: west answers 404"), "\(withoutKey.output)")
    try replace("published/\(id)/film.m3u8", by: nil)
    let withoutManifest = try drill()
    #expect(withoutManifest.status == 2)
    #expect(
      withoutManifest.output.contains("film.m3u8 is missing: west answers 404"), "\(withoutManifest.output)")
    for service in TrafficFleet.services { fleet["west \(service)"]?.stop(SIGKILL) }
    let withoutServer = try drill()
    #expect(withoutServer.status == 2)
    #expect(withoutServer.output.contains("film.m3u8 cannot be fetched"), "\(withoutServer.output)")
  }

  @Test func `keys behind a token are fetched with one, which nobody sees`() throws {
    let guarded = try DrillTests(
      locations: #"location /keys/ { if ($http_authorization != "Bearer t0p-secret") { return 401; } }"#,
      keyHost: "media.example.com")
    let without = try guarded.drill()
    #expect(without.status == 2)
    #expect(without.output.contains("wants a token: give one with --key-token-file"), "\(without.output)")
    let environment = ["KEY_TOKEN": "t0p-secret"]
    let with = try guarded.drill("--key-token-env", "KEY_TOKEN", "--json", environment: environment)
    #expect(with.status == 0, "\(with.output)\(with.errors)")
    #expect(!(with.output + with.errors).contains("t0p-secret"))
    let wrong = try guarded.drill("--key-token-env", "KEY_TOKEN", environment: ["KEY_TOKEN": "wr0ng"])
    #expect(wrong.status == 2)
    #expect(
      wrong.output.contains("is refused with this token (401)") && !wrong.output.contains("wr0ng"),
      "\(wrong.output)")
  }

  @Test func `a sample is a sample, and all are all`() throws {
    for name in ["a", "b", "c", "d"] { try fleet.regions.publish(name) }
    try fleet.regions.mirrorAndApply()
    func count(_ arguments: String...) throws -> Int {
      let outcome = try fleet.regions.run(["drill", "west"] + arguments + ["-C", fleet.east])
      #expect(outcome.status == 0, "\(outcome.output)\(outcome.errors)")
      return outcome.output.split(separator: "\n").count { $0.hasPrefix("plays\t") }
    }
    #expect(try count("--sample", "2") == 2)
    #expect(try count("--all") == 5)
    #expect(try count() == 5)
    #expect(try count("--locator", "b") == 1)
    #expect(try drill("--locator", "nobody").status == 1)
    #expect(try fleet.regions.run(["drill", "north", "-C", fleet.east]).status == 1)
    #expect(try fleet.regions.run(["drill", "east", "-C", fleet.east]).errors.contains("it is the primary"))
  }

  @Test func `a playlist that names another region's server is found out`() throws {
    let east = try #require(fleet["east origin"]?.address)
    let text = try fleet.folder.read("west-account/published/\(id)/film.m3u8")
      .replacingOccurrences(of: "film-0.ts", with: "\(east)/\(id)/film-0.ts")
    try replace("published/\(id)/film.m3u8", by: Data(text.utf8))
    let outcome = try drill()
    #expect(outcome.status == 2)
    #expect(outcome.output.contains("from a server of region east alone"), "\(outcome.output)")
  }

  @Test(.enabled(if: Program.has("ffmpeg"), "ffmpeg is not installed: ./bootstrap --test"))
  func `a DASH film plays, and a segment that is missing is named`() throws {
    try Film.encodeDASH(
      Film.Form(seconds: 4, size: "64x36", rate: 10), in: fleet.folder, name: "dash")
    try fleet.regions.publish("dash")
    try fleet.regions.mirrorAndApply()
    let plays = try drill("--locator", "dash", "--all-segments")
    #expect(plays.status == 0, "\(plays.output)\(plays.errors)")
    let segments = try FileManager.default.contentsOfDirectory(atPath: fleet.folder["dash"]).count
    #expect(plays.output.contains("\(segments) files, "), "\(plays.output)")
    let dash = try fleet.regions.locatorID("dash", in: "east").lowercased()
    try replace("published/\(dash)/chunk-stream0-00003.m4s", by: nil)
    let fails = try drill("--locator", "dash", "--all-segments")
    #expect(fails.status == 2)
    #expect(fails.output.contains("chunk-stream0-00003.m4s is missing: west answers 404"), "\(fails.output)")
  }
}

import Foundation
import Support
import Testing

/// A region is lost with real parts: ffmpeg encodes and plays, nginx serves, HAProxy stands in front, players never stop.
@Suite(
  .enabled(
    if: Balancer.isThere && WebServer.isThere && Player.isThere && Program.has("ffmpeg"),
    "haproxy, nginx, ffmpeg, python3 or openssl is missing: ./bootstrap --test")
) struct LostRegionTests {
  /// A region's two servers: an nginx for the published files, another one for the keys.
  private struct Servers {
    let origin: WebServer
    let keyDelivery: WebServer

    /// - Parameter ports: those of servers that were here before.
    init(_ region: String, in folder: TemporaryFolder, ports: Servers? = nil) throws {
      let published = folder["\(region)-account/published"]
      try FileManager.default.createDirectory(atPath: published, withIntermediateDirectories: true)
      let health = "location = /health { return 200 'well'; }"
      origin = try WebServer(root: published, locations: health, port: ports?.origin.port)
      keyDelivery = try WebServer(
        root: folder["empty"],
        locations: "\(health) location /keys/ { alias \(folder["\(region)-account/keys"])/; }",
        port: ports?.keyDelivery.port)
    }

    func stop(_ signal: Int32) {
      origin.stop(signal)
      keyDelivery.stop(signal)
    }
  }

  /// East and west in one fleet behind a HAProxy, with an encrypted film.
  private final class Scene {
    let regions: TwoRegions
    let front: String
    let key = (id: UUID().uuidString.lowercased(), locator: UUID().uuidString.lowercased())
    var servers: [String: Servers] = [:]
    var folder: TemporaryFolder { regions.folder }
    var east: String { regions["east"] }
    var west: String { regions["west"] }
    /// The one address by which the film is played all the time.
    var film: String { "\(front)/\(key.locator)/film.m3u8" }

    init(port: Int) throws {
      regions = try TwoRegions()
      front = "http://127.0.0.1:\(port)"
    }

    /// Describes the fleet and its traffic, and brings west into step.
    func begin(port: Int) throws {
      try regions.succeed(["fleet", "add", "west", west, "-C", east])
      for region in ["east", "west"] {
        let own = try Servers(region, in: folder)
        servers[region] = own
        try regions.succeed([
          "fleet", "set", region, "--origin", own.origin.address, "--key-delivery", own.keyDelivery.address,
          "-C", east,
        ])
      }
      for (service, path) in [("origin", "/"), ("key-delivery", "/keys/")] {
        try regions.succeed([
          "fleet", "traffic", service, "--host-name", "127.0.0.1", "--path", path, "--probe-path", "/health",
          "--probe-interval", "1", "--probe-failures", "2", "--probe-timeout", "1", "-C", east,
        ])
      }
      for region in [east, west] {
        for (setting, text) in [
          ("lockstep.traffic", "haproxy"), ("lockstep.haproxy.socket", folder["a.sock"]),
          ("lockstep.haproxy.bind", "127.0.0.1:\(port)"),
        ] { try Program.git("config", setting, text, in: region) }
      }
      try regions.mirrorAndApply()
      try regions.succeed(["mirror", "-C", east])
      try folder.write(regions.succeed(["traffic", "render", "-C", east]), to: "haproxy.cfg")
    }

    /// East's servers are killed, and nobody can read its repository and account: what stands in their places says nothing,
    /// whoever asks.
    func loseEast() throws {
      servers["east"]?.stop(SIGKILL)
      for name in ["east", "east-account"] {
        try FileManager.default.moveItem(atPath: folder[name], toPath: folder["lost-\(name)"])
        try FileManager.default.createDirectory(
          atPath: folder[name], withIntermediateDirectories: false, attributes: [.posixPermissions: 0])
      }
    }

    /// East is there again, as it was.
    func bringBackEast() throws {
      for name in ["east", "east-account"] {
        try FileManager.default.removeItem(atPath: folder[name])
        try FileManager.default.moveItem(atPath: folder["lost-\(name)"], toPath: folder[name])
      }
      servers["east"] = try Servers("east", in: folder, ports: servers["east"])
    }

    /// Commits a filter in a region, as a person does in its working tree.
    func commit(_ name: String, in region: String) throws {
      let file = "\(region)/mirrored/account-filters/\(name).json"
      try folder.write(#"{"name": "\#(name)", "properties": {}}"#, to: file)
      try regions.succeed(["fmt", folder[file]])
      try Program.git("add", "-A", in: regions[region])
      try Program.git("commit", "--quiet", "-m", "Filter \(name)", in: regions[region])
    }

    /// What players and licences rely on: the files of all locators and content key policies, as the repository has them.
    func identity(in region: String) throws -> Set<Substring> {
      Set(
        try Program.git(
          "ls-tree", "-r", "HEAD", "mirrored/streaming-locators", "mirrored/content-key-policies",
          in: regions[region]
        ).split(separator: "\n"))
    }
  }

  @Test func `players never stop while a region is lost, comes back and takes over again`() throws {
    let port = try Loopback.freePort()
    let scene = try Scene(port: port)
    let (regions, folder, key) = (scene.regions, scene.folder, scene.key)
    try FileManager.default.createDirectory(atPath: folder["empty"], withIntermediateDirectories: true)
    let value = Film.newKey()
    try Film.encodeHLS(
      Film.Form(seconds: 10), in: folder, key: value, keyAddress: "\(scene.front)/keys/\(key.id)")
    try folder.write(value.base64EncodedString(), to: "key.txt")
    try regions.succeed([
      "publish", folder["film"], "-C", scene.east, "--asset", "film", "--locator-id", key.locator,
      "--content-key", "id=\(key.id),value=@\(folder["key.txt"])",
    ])
    try scene.begin(port: port)
    let balancer = try Balancer(configuration: folder["haproxy.cfg"], socket: folder["a.sock"])
    defer { balancer.stop() }
    let before = try scene.identity(in: "east")
    let players = try (0..<2).map { _ in try Player(scene.film) }
    func playOn(_ count: Int = 3) throws {
      for player in players { #expect(try player.waitForRounds(count)) }
    }
    try playOn()
    let played = try #require(try Film.frames(scene.film))
    #expect(played.count == 250)

    // East is lost: its servers, its account, its repository.
    let lost = Date().timeIntervalSince1970
    try scene.loseEast()
    let failover = try regions.run(
      ["failover", "west", "--yes", "--accept-loss", "0", "--reason", "the hall burns", "-C", scene.west])
    try #require(failover.status == 0, "\(failover.errors)")
    try playOn()
    let recovery = try players.map { try $0.longestGap(after: lost) }.max() ?? 0
    print("time to recovery of the players: \(Int(recovery * 1000)) ms")
    #expect(recovery < 30)
    #expect(try Film.frames(scene.film) == played)

    // West goes on; east comes back, and was changed while nobody could see it: in its repository and in its account.
    try regions.film("second", ["b.mp4": "three"])
    try regions.publish("second", region: "west")
    try scene.commit("west-commit", in: "west")
    try scene.bringBackEast()
    try scene.commit("east-commit", in: "east")
    try folder.write(
      #"{"name":"east-live","properties":{}}"#, to: "east-account/account/account-filters/east-live.json")
    let back = Date().timeIntervalSince1970
    let rejoined = try regions.run(["rejoin", "east", "-C", scene.west])
    try #require(rejoined.status == 0, "\(rejoined.errors)")
    try playOn()
    let home = try regions.run(["switchover", "east", "--reason", "home again", "-C", scene.west])
    try #require(home.status == 0, "\(home.errors)")
    try playOn()
    scene.servers["west"]?.stop(SIGTERM)
    try playOn()

    // What was planned, nobody has noticed.
    for player in players {
      let failed = try player.rounds.filter { $0.begin > back && $0.film == nil }
      #expect(failed.isEmpty, "\(failed.map(\.line))")
      #expect(Set(try player.rounds.compactMap(\.film)).count == 1, "they all saw the same film")
    }
    #expect(try Film.frames(scene.film) == played, "players come to east again")

    // Nothing that players or licences rely on has changed, and both regions tell the story.
    #expect(try before.isSubset(of: scene.identity(in: "east")) && !before.isEmpty)
    #expect(try scene.identity(in: "east") == scene.identity(in: "west"))
    #expect(try regions.mirroredTree("east") == regions.mirroredTree("west"))
    for region in ["east", "west"] {
      let served = FileManager.default.contents(atPath: folder["\(region)-account/keys/\(key.id)"])
      #expect(served == value)
      #expect(folder.has("\(region)-account/published/\(key.locator)/film.m3u8"))
      for name in ["east-live", "east-commit", "west-commit"] {
        #expect(folder.has("\(region)-account/account/account-filters/\(name).json"), "\(name) in \(region)")
      }
    }
    try regions.succeed(["verify", scene.east, scene.west, "--deep"])
    for region in ["east", "west"] {
      let roles = try regions.succeed(["log", "--roles", "-C", regions[region]])
      #expect(roles.split(separator: "\n").count == 4, "\(roles)")
      for words in ["failover: the hall burns\t", "east\tback at", "switchover: home again\t"] {
        #expect(roles.contains(words), "\(roles)")
      }
      let log = try regions.succeed(["log", "-C", regions[region]])
      for words in ["Filter east-commit", "Filter west-commit", "filter/east-live", "second"] {
        #expect(log.contains(words), "\(words) in \(region): \(log)")
      }
    }
    for region in ["east", "west"] {
      let audit = try Program.git("log", "--format=%s", "lockstep/audit", in: regions[region])
      for words in ["rejoin of east with west in", "switchover from west to east in"] {
        #expect(audit.contains("\(region): \(words)"), "\(audit)")
      }
      #expect(audit.contains("west: failover from east to west in") == (region == "west"))
    }
  }
}

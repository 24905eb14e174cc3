import Foundation
import Support
import Testing

/// A region is lost with real parts: ffmpeg encodes and plays, nginx serves, HAProxy stands in front.
@Suite(
  .enabled(
    if: Balancer.isThere && WebServer.isThere && Program.has("ffmpeg", "curl"),
    "haproxy, nginx, ffmpeg or curl is missing: ./bootstrap --test")
) struct LostRegionTests {
  /// One location of an nginx serves the published files, another one the keys.
  private func server(_ region: String, in folder: TemporaryFolder, port: Int? = nil) throws -> WebServer {
    try WebServer(
      root: folder["\(region)-account/published"],
      locations: "location = /health { return 200 'well'; }"
        + " location /keys/ { alias \(folder["\(region)-account/keys"])/; }", port: port)
  }

  @Test func `players go on while a region is lost, comes back and takes over again`() throws {
    let regions = try TwoRegions()
    let folder = regions.folder
    let port = try Loopback.freePort()
    let front = "http://127.0.0.1:\(port)"
    let key = (id: UUID().uuidString.lowercased(), locator: UUID().uuidString.lowercased())
    let value = Film.newKey()
    try Film.encodeHLS(
      Film.Form(seconds: 10), in: folder, key: value, keyAddress: "\(front)/keys/\(key.id)")
    try folder.write(value.base64EncodedString(), to: "key.txt")
    try regions.succeed([
      "publish", folder["film"], "-C", regions["east"], "--asset", "film", "--locator-id", key.locator,
      "--content-key", "id=\(key.id),value=@\(folder["key.txt"])",
    ])
    var servers = try ["east": server("east", in: folder)]
    try FileManager.default.createDirectory(
      atPath: folder["west-account/published"], withIntermediateDirectories: true)
    servers["west"] = try server("west", in: folder)
    let (east, west) = (regions["east"], regions["west"])
    try regions.succeed(["fleet", "add", "west", west, "-C", east])
    for region in ["east", "west"] {
      let address = servers[region]?.address ?? ""
      try regions.succeed([
        "fleet", "set", region, "--origin", address, "--key-delivery", address, "-C", east,
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
    let balancer = try Balancer(configuration: folder["haproxy.cfg"], socket: folder["a.sock"])
    defer { balancer.stop() }

    let film = "\(front)/\(key.locator)/film.m3u8"
    #expect(waitUntil { (try? Film.frames(film)) != nil })
    let played = try #require(try Film.frames(film))
    #expect(played.count == 250)
    let identity = "HEAD:mirrored/streaming-locators"
    let before = try Program.git("rev-parse", identity, in: east)

    // East is lost: its servers, its account, its repository.
    servers["east"]?.stop(SIGKILL)
    for name in ["east", "east-account"] {
      try FileManager.default.moveItem(atPath: folder[name], toPath: folder["gone-\(name)"])
    }
    let lost = try regions.run(["failover", "west", "--yes", "--accept-loss", "0", "--json", "-C", west])
    try #require(lost.status == 0, "\(lost.errors)")
    let report = try JSONSerialization.jsonObject(with: Data(lost.output.utf8)) as? [String: Any]
    let recovery = try #require(report?["milliseconds"] as? Int)
    print("recovery time of the failover: \(recovery) ms")
    #expect(try Film.frames(film) == played)

    // West goes on; east comes back and was changed while it was away.
    try regions.film("second", ["b.mp4": "three"])
    try regions.publish("second", region: "west")
    for name in ["east", "east-account"] {
      try FileManager.default.moveItem(atPath: folder["gone-\(name)"], toPath: folder[name])
    }
    try folder.write(
      #"{"name":"east-live","properties":{}}"#, to: "east-account/account/account-filters/east-live.json")
    servers["east"] = try server("east", in: folder, port: servers["east"]?.port)
    let back = try regions.run(["rejoin", "east", "-C", west])
    try #require(back.status == 0, "\(back.errors)")
    let home = try regions.run(["switchover", "east", "--reason", "home again", "-C", west])
    try #require(home.status == 0, "\(home.errors)")
    #expect(waitUntil { (try? Film.frames(film)) == played })
    servers["west"]?.stop(SIGKILL)
    #expect(try Film.frames(film) == played, "players come to east again")

    // Nothing that players or licences rely on has changed, and both regions tell the story.
    let entries = try Program.git("ls-tree", "-r", identity, in: east)
    let first = try Program.git("ls-tree", "-r", before, in: east).split(separator: "\n")
    #expect(first.allSatisfy { entries.contains($0) })
    #expect(try regions.mirroredTree("east") == regions.mirroredTree("west"))
    for region in ["east", "west"] {
      let served = FileManager.default.contents(atPath: folder["\(region)-account/keys/\(key.id)"])
      #expect(served == value)
      #expect(folder.has("\(region)-account/published/\(key.locator)/film.m3u8"))
      #expect(folder.has("\(region)-account/account/account-filters/east-live.json"))
    }
    try regions.succeed(["verify", east, west, "--deep"])
    for region in [east, west] {
      let roles = try regions.succeed(["log", "--roles", "-C", region])
      #expect(roles.contains("failover") && roles.contains("home again"), "\(roles)")
    }
    #expect(try Program.git("log", "--format=%s", "lockstep/audit", in: west).contains("failover from east"))
    #expect(
      try Program.git("log", "--format=%s", "lockstep/audit", in: east).contains("switchover from west"))
  }
}

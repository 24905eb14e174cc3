import Foundation
import Support

/// East and west in one fleet, an nginx for each of their services, and the way of players to them.
struct TrafficFleet {
  let regions: TwoRegions
  let servers: [String: WebServer]
  /// The port by which players come in.
  let port: Int
  var folder: TemporaryFolder { regions.folder }
  var east: String { regions["east"] }

  static let services = ["origin", "keyDelivery"]

  /// - Parameter keyHost: the host name of key delivery; players' playlists name keys relative to the origin's.
  init(keyHost: String = "keys.example.com", locations more: String = "") throws {
    let regions = try TwoRegions()
    var servers: [String: WebServer] = [:]
    for region in ["east", "west"] {
      for service in Self.services {
        let root = regions.folder["\(region)-account/published"]
        let locations =
          "location = /health { return 200 'well'; } location = /who { return 200 '\(region) \(service)'; }"
          + " location = /keys/who { return 200 '\(region) \(service)'; } \(more)"
        servers["\(region) \(service)"] = try WebServer(root: root, locations: locations)
      }
    }
    self.regions = regions
    self.servers = servers
    port = try Loopback.freePort()
    try regions.succeed(["fleet", "add", "west", regions["west"], "-C", regions["east"]])
    try edit { fleet in
      var places = fleet["regions"] as? [String: Any] ?? [:]
      for (name, value) in places {
        var region = value as? [String: Any] ?? [:]
        region["targets"] = Dictionary(
          uniqueKeysWithValues: Self.services.map { ($0, servers["\(name) \($0)"]?.address ?? "") })
        places[name] = region
      }
      fleet["regions"] = places
      let probe: [String: Any] = [
        "path": "/health", "intervalSeconds": 1, "failures": 1, "timeoutSeconds": 2,
      ]
      fleet["traffic"] = [
        "origin": ["hostName": "media.example.com", "path": "/", "probe": probe],
        "keyDelivery": ["hostName": keyHost, "path": "/keys/", "probe": probe],
      ]
    }
  }

  subscript(server: String) -> WebServer? { servers[server] }

  /// Commits a change of the fleet's document in a region.
  func edit(in region: String = "east", _ change: (inout [String: Any]) -> Void) throws {
    let file = "\(region)/mirrored/fleet.json"
    var fleet = try JSONSerialization.jsonObject(with: Data(folder.read(file).utf8)) as? [String: Any] ?? [:]
    change(&fleet)
    let data = try JSONSerialization.data(withJSONObject: fleet, options: .withoutEscapingSlashes)
    try folder.write(String(decoding: data, as: UTF8.self), to: file)
    try regions.succeed(["fmt", folder[file]])
    try Program.git("commit", "--quiet", "-am", "Edit the fleet", in: regions[region])
  }

  func set(_ key: String, _ value: String, add: Bool = false) throws {
    try Program.git(["config"] + (add ? ["--add"] : []) + [key, value], in: east)
  }

  /// Runs `lockstep traffic` in east.
  @discardableResult
  func traffic(_ arguments: String..., environment: [String: String] = [:]) throws -> Program.Outcome {
    try regions.run(["traffic"] + arguments + ["-C", east], environment: environment)
  }

  /// Who answers players of a service.
  func who(_ host: String, _ path: String, port: Int? = nil) throws -> String {
    let outcome = try Program.run(
      "curl",
      [
        "-s", "-m", "10", "-w", " %{http_code}", "-H", "Host: \(host)",
        "http://127.0.0.1:\(port ?? self.port)\(path)",
      ])
    return outcome.output
  }
}

extension Program {
  /// Runs git.
  @discardableResult
  static func git(_ arguments: [String], in folder: String) throws -> String {
    let outcome = try run("git", arguments, in: folder)
    guard outcome.status == 0 else { throw Failed(what: "git", outcome: outcome) }
    return outcome.output
  }
}

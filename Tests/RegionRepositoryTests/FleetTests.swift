import CanonicalJSON
import Testing

@testable import RegionRepository

/// `fleet.json`: what is one, and what is refused with which line.
@Suite struct FleetTests {
  private static let whole: JSONValue = [
    "epoch": ["id": "5e3f", "number": 3],
    "fence": "strict",
    "primary": "east",
    "regions": [
      "east": [
        "apply": "after-mirror", "repository": "/srv/east",
        "targets": [
          "keyDelivery": "https://keys-east.example.net", "origin": "https://origin-east.example.net:8443",
        ],
      ],
      "west": ["repository": "ssh://west/srv/west", "rack": 7],
    ],
    "traffic": [
      "keyDelivery": [
        "hostName": "keys.example.com", "path": "/keys/", "probe": ["path": "/health"], "ttl": 30,
      ],
      "origin": [
        "hostName": "media.example.com", "path": "/",
        "probe": ["failures": 3, "intervalSeconds": 10, "path": "/health", "timeoutSeconds": 5],
      ],
    ],
    "unknown": [1, 2],
  ]

  private static func fleet(_ value: JSONValue = whole) throws -> Fleet {
    try Fleet(bytes: value.canonicalBytes())
  }

  /// The document with another value at a place, or with none.
  private static func edited(_ path: [String], _ value: JSONValue?, in document: JSONValue = whole)
    -> JSONValue
  {
    guard let name = path.first else { return value ?? .null }
    var object = document.objectValue ?? [:]
    object[name] = path.count == 1 ? value : edited(Array(path.dropFirst()), value, in: object[name] ?? [:])
    return .object(object)
  }

  @Test func `a fleet says how players come to each service, and where each region serves it`() throws {
    let fleet = try Self.fleet()
    let east = try RegionName(checking: "east")
    #expect(fleet.primary == east && fleet.epoch == Fleet.Epoch(number: 3, id: "5e3f") && fleet.isFenceStrict)
    #expect(
      fleet.traffic(of: .origin)
        == Fleet.TrafficEntry(
          hostName: "media.example.com", path: "/",
          probe: Fleet.Probe(path: "/health", failures: 3, intervalSeconds: 10, timeoutSeconds: 5)))
    #expect(fleet.traffic(of: .keyDelivery)?.probe == Fleet.Probe(path: "/health"))
    let origin = try #require(fleet.target(of: .origin, in: east))
    #expect(origin.host == "origin-east.example.net" && origin.port == 8443 && origin.isEncrypted)
    #expect(fleet.target(of: .keyDelivery, in: east)?.port == 443)
    #expect(try fleet.target(of: .origin, in: RegionName(checking: "west")) == nil)
    #expect(fleet.canonicalBytes() == Self.whole.canonicalBytes())
  }

  @Test func `what is edited keeps the members that this version does not know`() throws {
    var fleet = try Self.fleet()
    let (east, west) = (try RegionName(checking: "east"), try RegionName(checking: "west"))
    let entry = Fleet.TrafficEntry(
      hostName: "k.example.com", path: "/k/", probe: Fleet.Probe(path: "/up?x=1"))
    try fleet.setTraffic(entry, of: .keyDelivery)
    try fleet.setTraffic(nil, of: .origin)
    try fleet.setTarget(URLText("http://[2001:db8::7]:81/"), of: .origin, in: west)
    try fleet.setTarget(nil, of: .origin, in: east)
    try fleet.setTarget(nil, of: .keyDelivery, in: east)
    fleet.setFenceStrict(false)
    try fleet.promote(west, number: 4, id: "7a")
    var wanted = Self.edited(["traffic", "origin"], nil)
    wanted = Self.edited(["traffic", "keyDelivery", "hostName"], "k.example.com", in: wanted)
    wanted = Self.edited(["traffic", "keyDelivery", "path"], "/k/", in: wanted)
    wanted = Self.edited(["traffic", "keyDelivery", "probe", "path"], "/up?x=1", in: wanted)
    wanted = Self.edited(["regions", "west", "targets"], ["origin": "http://[2001:db8::7]:81"], in: wanted)
    wanted = Self.edited(["regions", "east", "targets"], nil, in: wanted)
    wanted = Self.edited(["fence"], nil, in: wanted)
    wanted = Self.edited(["epoch"], ["id": "7a", "number": 4], in: wanted)
    wanted = Self.edited(["primary"], "west", in: wanted)
    #expect(fleet.canonicalBytes() == wanted.canonicalBytes())
    #expect(fleet.primary == west)
    #expect(throws: RegionError.self) {
      try fleet.setTraffic(
        Fleet.TrafficEntry(hostName: "Bad", probe: Fleet.Probe(path: "/")), of: .origin)
    }
    #expect(throws: RegionError.self) {
      try fleet.promote(RegionName(checking: "north"), number: 5, id: "8")
    }
    #expect(fleet.canonicalBytes() == wanted.canonicalBytes())
  }

  /// A place in the whole document, a value that must not stand there, and the line that says so.
  @Test(
    arguments: [
      (["epoch"], nil, 1), (["epoch"], 3, 2), (["epoch", "id"], "", 3), (["epoch", "id"], "a b", 3),
      (["epoch", "number"], 0, 4), (["epoch", "number"], 1_000_000_000, 4), (["epoch", "number"], 1.5, 4),
      (["fence"], "off", 6), (["fence"], true, 6), (["primary"], "north", 7), (["primary"], "East!", 7),
      (["regions"], [], 8), (["regions", "east"], "x", 9), (["regions", "east", "apply"], "now", 10),
      (["regions", "east", "repository"], "", 11), (["regions", "east", "targets"], [], 12),
      (["regions", "east", "targets", "keyDelivery"], "https://keys/x", 13),
      (["regions", "east", "targets", "origin"], "ftp://o", 14),
      (["regions", "east", "targets", "origin"], "https://me@o", 14),
      (["regions", "east", "targets", "origin"], "https://o:0", 14),
      (["regions", "West"], ["repository": "x"], 9),
      (["regions", "west", "repository"], nil, 17), (["traffic"], 1, 22),
      (["traffic", "keyDelivery"], "keys.example.com", 23),
      (["traffic", "keyDelivery", "hostName"], "https://keys.example.com", 24),
      (["traffic", "keyDelivery", "hostName"], "Keys.example.com", 24),
      (["traffic", "keyDelivery", "hostName"], "-a.example.com", 24),
      (["traffic", "keyDelivery", "path"], "/keys", 25), (["traffic", "keyDelivery", "path"], "/a/../", 25),
      (["traffic", "keyDelivery", "path"], "/a//", 25), (["traffic", "keyDelivery", "probe"], "/health", 26),
      (["traffic", "keyDelivery", "probe", "path"], "/a b", 27),
      (["traffic", "keyDelivery", "probe", "path"], "/a\nbackend x", 27),
      (["traffic", "origin", "probe", "failures"], 0, 35),
      (["traffic", "origin", "probe", "intervalSeconds"], 3601, 36),
      (["traffic", "origin", "probe", "timeoutSeconds"], "5", 38),
    ] as [([String], JSONValue?, Int)])
  func `a bad fleet is refused with the line and what is wanted`(path: [String], value: JSONValue?, line: Int)
    throws
  {
    let error = #expect(throws: RegionError.self) { try Self.fleet(Self.edited(path, value)) }
    #expect(error?.code == .badDocument)
    #expect(error?.message.hasPrefix("mirrored/fleet.json:\(line): ") ?? false, "\(error?.message ?? "")")
  }

  @Test func `origin and key delivery at one address could not be told apart`() throws {
    var document = Self.edited(["traffic", "keyDelivery", "hostName"], "media.example.com")
    document = Self.edited(["traffic", "keyDelivery", "path"], "/", in: document)
    let error = #expect(throws: RegionError.self) { try Self.fleet(document) }
    #expect(error?.message.hasPrefix("mirrored/fleet.json:33: ") ?? false, "\(error?.message ?? "")")
  }

  @Test func `of two fleets one follows the other, or two people promoted two regions`() throws {
    func fleet(_ number: Int64, _ id: String, _ primary: String = "east") throws -> Fleet {
      try Self.fleet(
        Self.edited(
          ["epoch"], ["id": .string(id), "number": .number(.int64(number))],
          in: Self.edited(["primary"], .string(primary))))
    }
    let old = try fleet(3, "a")
    #expect(try fleet(3, "a").refusal(toFollow: old) == nil)
    #expect(try fleet(4, "b").refusal(toFollow: old) == nil)
    #expect(try fleet(9, "b", "west").refusal(toFollow: old) == nil)
    #expect(try fleet(2, "b").refusal(toFollow: old)?.contains("lowers") ?? false)
    #expect(try fleet(3, "b", "west").refusal(toFollow: old)?.contains("another id") ?? false)
    #expect(try fleet(4, "a", "west").refusal(toFollow: old)?.contains("keeps the id") ?? false)
    #expect(try fleet(3, "a", "west").refusal(toFollow: old)?.contains("keeps the epoch") ?? false)
    #expect(try fleet(3, "b").epoch.contests(old.epoch))
    #expect(try !fleet(4, "b").epoch.contests(old.epoch))
  }
}

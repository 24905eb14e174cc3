import CanonicalJSON
import RegionRepository

@testable import Traffic

/// Fleets for tests.
enum Fleets {
  static let east = RegionName("east")
  static let west = RegionName("west")

  /// East, the primary, and west, with targets and host names for both services.
  static func two(
    keyHost: String = "keys.example.com", scheme: String = "http", host: String = "127.0.0.1", ports: [Int],
    primary: String = "east", probe: String = "\"path\": \"/health\""
  ) throws -> Fleet {
    try Fleet(
      bytes: Array(
        """
        { "epoch": { "id": "5e3f", "number": 3 }, "primary": "\(primary)",
          "regions": {
            "east": { "repository": "/srv/east", "targets": {
              "keyDelivery": "\(scheme)://\(host):\(ports[1])", "origin": "\(scheme)://\(host):\(ports[0])" } },
            "west": { "repository": "/srv/west", "targets": {
              "keyDelivery": "\(scheme)://\(host):\(ports[3])", "origin": "\(scheme)://\(host):\(ports[2])" } } },
          "traffic": {
            "keyDelivery": { "hostName": "\(keyHost)", "path": "/keys/", "probe": { \(probe) } },
            "origin": { "hostName": "media.example.com", "path": "/", "probe": { \(probe) } } } }
        """.utf8))
  }
}

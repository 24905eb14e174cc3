import CanonicalJSON
import RegionRepository

/// Somebody who changes records by hand: moves say which, and wait until it was confirmed.
struct RecordsProvider: TrafficProvider {
  static let name = "print"

  /// Keeps what was confirmed last.
  let file: String
  let option: String

  var name: String { Self.name }
  var isByHand: Bool { true }

  func switches(for fleet: Fleet) throws(TrafficError) -> [any TrafficSwitch] {
    let services = try fleet.servicesWithTraffic()
    try fleet.checkHosts(services, of: name)
    return services.map { service, entry in
      RecordSwitch(
        service: service, hostName: entry.hostName, regions: fleet.targets(of: service).map(\.region),
        usual: fleet.primary, file: file)
    }
  }

  func rendered(_ fleet: Fleet) throws(TrafficError) -> [UInt8] {
    let services = try fleet.servicesWithTraffic()
    try fleet.checkHosts(services, of: name)
    var lines: [String] = []
    for (service, entry) in services {
      guard let target = fleet.target(of: service, in: fleet.primary) else { continue }
      let record = RecordChange(hostName: entry.hostName, services: [service], from: nil, to: target)
      let line = "\(record.hostName) \(record.type) \(target.host.filter { $0 != "[" && $0 != "]" })"
      if !lines.contains(line) { lines.append(line) }
    }
    return Array(lines.map { $0 + "\n" }.joined().utf8)
  }

  func apply(_ fleet: Fleet) async throws(TrafficError) -> [String] {
    throw TrafficError(
      .refused, "records are changed by hand; Lockstep only says which",
      hint: "this prints what they have to be: lockstep traffic render \(option)")
  }
}

extension Fleet {
  /// Refuses a host name that would have to point to two hosts at once.
  func checkHosts(
    _ services: [(service: Service, entry: TrafficEntry)], of provider: String
  ) throws(TrafficError) {
    guard services.count == 2, services[0].entry.hostName == services[1].entry.hostName else { return }
    for region in regions.map(\.name) {
      let hosts = services.map { target(of: $0.service, in: region)?.host }
      guard hosts[0] == hosts[1] else {
        throw TrafficError(
          .badConfiguration,
          "\(services[0].entry.hostName) is the host name of both services, but region \(region) serves them from two hosts,"
            + " which a name cannot point to at once",
          hint: "give each service a host name of its own, or put HAProxy in front of them")
      }
    }
  }
}

/// The record of one service's host name.
struct RecordSwitch: TrafficSwitch {
  let service: Fleet.Service
  let hostName: String
  let regions: [RegionName]
  /// Where traffic goes as long as nobody has confirmed anything.
  let usual: RegionName
  let file: String

  var place: String { "record \(hostName) of \(service.words)" }

  private func confirmations() throws(TrafficError) -> JSONObject {
    guard let bytes = FilePaths.read(file) else { return [:] }
    guard let object = (try? JSONValue.parse(bytes))?.objectValue else {
      throw TrafficError(
        .unusable, "\(file), which keeps where records point, is no JSON object",
        hint: "delete it: records then count as pointing to the fleet's primary")
    }
    return object
  }

  func read() async throws(TrafficError) -> [RegionName: RegionTraffic] {
    let said = try confirmations()[service.rawValue]?.stringValue
    let active = said.flatMap { RegionName($0) } ?? usual
    return Dictionary(
      uniqueKeysWithValues: regions.map {
        ($0, RegionTraffic(role: $0 == active ? .active : .off, health: .unknown))
      })
  }

  func goal(
    of wish: TrafficWish, from reading: [RegionName: RegionTraffic]
  ) -> (roles: [RegionName: TrafficRole], notes: [String]) {
    // A record points to one region.
    (Dictionary(uniqueKeysWithValues: reading.keys.map { ($0, $0 == wish.active ? .active : .off) }), [])
  }

  func set(_ roles: [RegionName: TrafficRole]) async throws(TrafficError) {
    guard let active = roles.first(where: { $0.value == .active })?.key else { return }
    var object = try confirmations()
    object[service.rawValue] = .string(active.text)
    do { try FilePaths.writeDurably(JSONValue.object(object).canonicalBytes(), to: file) } catch {
      throw TrafficError(.unusable, error.message)
    }
  }
}

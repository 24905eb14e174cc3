import CanonicalJSON
import RegionRepository

/// A profile of Azure Traffic Manager, as its REST API (2022-04-01) has it; members that this version does not know stay.
///
/// Priority routing: the active region has priority 1, backups those after it; who gets nobody is a disabled endpoint, behind
/// them. A region is the external endpoint of the region's name.
struct TrafficManagerProfile: Equatable {
  /// The document as read, or as it will be sent.
  var document: JSONObject

  private static let endpointType = "Microsoft.Network/trafficManagerProfiles/externalEndpoints"

  init(document: JSONObject) { self.document = document }

  private var properties: JSONObject {
    get { document["properties"]?.objectValue ?? [:] }
    set { document["properties"] = .object(newValue) }
  }

  private var endpoints: [JSONObject] {
    get { (properties["endpoints"]?.arrayValue ?? []).compactMap(\.objectValue) }
    set { properties["endpoints"] = .array(newValue.map { .object($0) }) }
  }

  /// How traffic is routed, such as `Priority`.
  var routing: String { properties["trafficRoutingMethod"]?.stringValue ?? "" }

  // MARK: What a fleet asks for

  /// Brings hosts, probes and endpoints to what a fleet says; a region that is new here begins as the fleet has it.
  /// - Throws: `TrafficError` (`.badConfiguration`) where one profile cannot say that.
  mutating func follow(
    _ fleet: Fleet, _ service: Fleet.Service, _ entry: Fleet.TrafficEntry, dnsName: String, ttlSeconds: Int
  ) throws(TrafficError) {
    let targets = fleet.targets(of: service)
    let doors = Set(targets.map { "\($0.target.isEncrypted ? "HTTPS" : "HTTP") port \($0.target.port)" })
    guard let first = targets.first?.target, doors.count == 1 else {
      throw TrafficError(
        .badConfiguration,
        "Traffic Manager probes all regions by one scheme and port, and the targets of \(service.words) have"
          + " \(doors.sorted().joined(separator: " and "))",
        hint:
          "make them alike: lockstep fleet set \(fleet.primary) --\(service.argument) URL \(fleet.primaryOption)"
      )
    }
    document["location"] = "global"
    var properties = self.properties
    if properties["profileStatus"] == nil { properties["profileStatus"] = "Enabled" }
    properties["trafficRoutingMethod"] = "Priority"
    var dns = properties["dnsConfig"]?.objectValue ?? [:]
    // The name of a profile is given once: players' names point to it.
    if dns["relativeName"] == nil { dns["relativeName"] = .string(dnsName) }
    dns["ttl"] = .number(.int64(Int64(ttlSeconds)))
    properties["dnsConfig"] = .object(dns)
    properties["monitorConfig"] = .object(
      Self.monitor(entry, target: first, over: properties["monitorConfig"]?.objectValue ?? [:]))
    self.properties = properties
    let roles = regions(of: targets.map(\.region)).mapValues(\.role)
    var wished: [RegionName: TrafficRole] = [:]
    for (region, target) in targets {
      wished[region] = roles[region] ?? (roles.isEmpty && region == fleet.primary ? .active : .backup)
      setTarget(target, of: region)
    }
    let names = targets.map(\.region.text) + fleet.regions.map(\.name.text)
    // A region that the fleet has, but not at this service any more, goes; endpoints of others stay.
    endpoints.removeAll { endpoint in
      let name = endpoint["name"]?.stringValue?.lowercased() ?? ""
      return names.contains(name) && !targets.contains { $0.region.text == name }
    }
    setRoles(wished)
  }

  /// The probes nearest to what the fleet says.
  ///
  /// The service's limits: one every 10 or 30 seconds, 5 to 9 or 10 seconds for an answer, 0 to 9 failures borne. The
  /// public name is asked for, as players do.
  private static func monitor(
    _ entry: Fleet.TrafficEntry, target: URLText, over old: JSONObject
  ) -> JSONObject {
    func number(_ value: Int) -> JSONValue { .number(.int64(Int64(value))) }
    let interval = (entry.probe.intervalSeconds ?? 10) <= 10 ? 10 : 30
    var monitor = old
    monitor["profileMonitorStatus"] = nil
    monitor["protocol"] = target.isEncrypted ? "HTTPS" : "HTTP"
    monitor["port"] = number(target.port)
    monitor["path"] = .string(entry.probe.path)
    monitor["intervalInSeconds"] = number(interval)
    monitor["timeoutInSeconds"] = number(
      min(max(entry.probe.timeoutSeconds ?? 5, 5), interval == 10 ? 9 : 10))
    // It counts the failures that are borne, the fleet the one that is not.
    monitor["toleratedNumberOfFailures"] = number(min(max((entry.probe.failures ?? 3) - 1, 0), 9))
    monitor["customHeaders"] = [["name": "Host", "value": .string(entry.hostName)]]
    monitor["expectedStatusCodeRanges"] = [["max": 200, "min": 200]]
    return monitor
  }

  private mutating func setTarget(_ target: URLText, of region: RegionName) {
    var endpoints = self.endpoints
    let index = endpoints.firstIndex { $0["name"]?.stringValue?.lowercased() == region.text }
    var endpoint: JSONObject = index.map { endpoints[$0] } ?? ["name": .string(region.text)]
    if endpoint["type"] == nil { endpoint["type"] = .string(Self.endpointType) }
    var properties = endpoint["properties"]?.objectValue ?? [:]
    properties["target"] = .string(target.host.filter { $0 != "[" && $0 != "]" })
    endpoint["properties"] = .object(properties)
    if let index { endpoints[index] = endpoint } else { endpoints.append(endpoint) }
    self.endpoints = endpoints
  }

  // MARK: Roles

  /// What each region is.
  func regions(of fleet: [RegionName]) -> [RegionName: RegionTraffic] {
    let isOn = properties["profileStatus"]?.stringValue != "Disabled"
    var regions: [RegionName: RegionTraffic] = [:]
    var isTaken = false
    for endpoint in endpoints.enumerated().sorted(by: {
      (Self.priority($0.element), $0.offset) < (Self.priority($1.element), $1.offset)
    }).map(\.element) {
      guard let name = endpoint["name"]?.stringValue.flatMap({ RegionName($0.lowercased()) }),
        fleet.contains(name)
      else { continue }
      let properties = endpoint["properties"]
      let isEnabled = isOn && properties?["endpointStatus"]?.stringValue != "Disabled"
      let role: TrafficRole = !isEnabled ? .off : isTaken ? .backup : .active
      if isEnabled { isTaken = true }
      let health: TrafficHealth =
        switch properties?["endpointMonitorStatus"]?.stringValue {
        case "Online": .up
        case "Degraded", "Stopped", "Inactive": .down
        default: .unknown
        }
      regions[name] = RegionTraffic(role: role, health: isEnabled ? health : .unknown)
    }
    return regions
  }

  private static func priority(_ endpoint: JSONObject) -> Int64 {
    endpoint["properties"]?["priority"]?.int64Value ?? .max
  }

  /// Gives regions their roles; endpoints that are no region of the fleet come last and stay as they are.
  mutating func setRoles(_ roles: [RegionName: TrafficRole]) {
    func rank(_ endpoint: JSONObject) -> (Int, String) {
      let name = endpoint["name"]?.stringValue?.lowercased() ?? ""
      return switch RegionName(name).flatMap({ roles[$0] }) {
      case .active: (0, name)
      case .backup: (1, name)
      case .draining, .off: (2, name)
      case nil: (3, name)
      }
    }
    let order = endpoints.sorted { rank($0) < rank($1) }
    var places: [String: Int64] = [:]
    for (number, endpoint) in order.enumerated() {
      places[endpoint["name"]?.stringValue ?? ""] = Int64(number + 1)
    }
    endpoints = endpoints.map { endpoint in
      let name = endpoint["name"]?.stringValue ?? ""
      var endpoint = endpoint
      var properties = endpoint["properties"]?.objectValue ?? [:]
      properties["priority"] = places[name].map { .number(.int64($0)) }
      if let role = RegionName(name.lowercased()).flatMap({ roles[$0] }) {
        properties["endpointStatus"] = role.isOn ? "Enabled" : "Disabled"
      }
      endpoint["properties"] = .object(properties)
      return endpoint
    }
    if roles.values.contains(where: \.isOn) { properties["profileStatus"] = "Enabled" }
  }

  // MARK: Sending

  /// What is sent: the document without what only the service says.
  var request: JSONObject {
    var request = document
    for name in ["etag", "id", "name", "systemData", "type"] { request[name] = nil }
    var properties = self.properties
    var dns = properties["dnsConfig"]?.objectValue ?? [:]
    dns["fqdn"] = nil
    properties["dnsConfig"] = .object(dns)
    var monitor = properties["monitorConfig"]?.objectValue ?? [:]
    monitor["profileMonitorStatus"] = nil
    properties["monitorConfig"] = .object(monitor)
    properties["endpoints"] = .array(
      endpoints.map { endpoint in
        var endpoint = endpoint
        endpoint["id"] = nil
        var properties = endpoint["properties"]?.objectValue ?? [:]
        properties["endpointMonitorStatus"] = nil
        endpoint["properties"] = .object(properties)
        return .object(endpoint)
      })
    request["properties"] = .object(properties)
    return request
  }
}

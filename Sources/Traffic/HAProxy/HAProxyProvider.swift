import RegionRepository

/// HAProxy, one or several, before the regions.
///
/// Settings: `lockstep.haproxy.socket` (several allowed), `stateFile`, `bind` (or `originBind` and `keyDeliveryBind`, for two
/// frontends), `originBackend` and `keyDeliveryBackend` (the backends' names), `caFile`.
struct HAProxyProvider: TrafficProvider {
  static let name = "haproxy"

  let option: String
  let sockets: [HAProxySocket]
  let stateFiles: [String]
  let backends: [Fleet.Service: String]
  /// What follows `bind`, by service.
  let binds: [Fleet.Service: String]
  /// What certificates of regions' servers are checked with.
  let certificateAuthorities: String

  var name: String { Self.name }
  var isByHand: Bool { false }

  init(_ settings: TrafficSettings) throws(TrafficError) {
    option = settings.option
    sockets = settings.all(TrafficSettings.haproxySocket).map { [option] in
      HAProxySocket(text: $0, option: option)
    }
    stateFiles = settings.paths(TrafficSettings.haproxyStateFile)
    func text(_ name: String, _ usual: String) throws(TrafficError) -> String {
      let key = "lockstep.haproxy.\(name)"
      let value = settings.value(key) ?? usual
      guard !value.isEmpty, value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7f && $0 != UInt8(ascii: "#") })
      else {
        throw TrafficError(.badConfiguration, "\(key) cannot stand in a configuration of HAProxy")
      }
      return value
    }
    func word(_ name: String, _ usual: String) throws(TrafficError) -> String {
      let value = try text(name, usual)
      guard
        value.utf8.allSatisfy({ byte in
          switch byte {
          case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
          default: "-_.:".utf8.contains(byte)
          }
        })
      else {
        throw TrafficError(
          .badConfiguration, "lockstep.haproxy.\(name) is '\(value)'; letters, digits and -_.: are wanted")
      }
      return value
    }
    let bind = try text("bind", "*:80")
    binds = [.origin: try text("originBind", bind), .keyDelivery: try text("keyDeliveryBind", bind)]
    backends = [
      .origin: try word("originBackend", "origin"),
      .keyDelivery: try word("keyDeliveryBackend", "key-delivery"),
    ]
    certificateAuthorities = try text("caFile", "@system-ca")
    guard stateFiles.count <= sockets.count else {
      throw TrafficError(
        .badConfiguration,
        "there are more of \(TrafficSettings.haproxyStateFile) than of \(TrafficSettings.haproxySocket)",
        hint: "each state file is that of one HAProxy: the first of the first socket, and so on")
    }
    guard Set(backends.values).count == 2 else {
      throw TrafficError(.badConfiguration, "both services have the backend \(backends[.origin] ?? "")")
    }
  }

  func switches(for fleet: Fleet) throws(TrafficError) -> [any TrafficSwitch] {
    guard !sockets.isEmpty else {
      throw TrafficError(
        .badConfiguration, "the repository's configuration names no HAProxy",
        hint: "git \(option) config --add \(TrafficSettings.haproxySocket) /run/haproxy/admin.sock")
    }
    var switches: [any TrafficSwitch] = []
    for (service, _) in try fleet.servicesWithTraffic() {
      let regions = fleet.targets(of: service).map(\.region)
      for (number, socket) in sockets.enumerated() {
        switches.append(
          HAProxySwitch(
            service: service, backend: backends[service] ?? service.rawValue, socket: socket,
            stateFile: number < stateFiles.count ? stateFiles[number] : nil, regions: regions))
      }
    }
    return switches
  }

  func rendered(_ fleet: Fleet) throws(TrafficError) -> [UInt8] {
    Array(try HAProxyConfiguration(fleet, self).text.utf8)
  }

  func apply(_ fleet: Fleet) async throws(TrafficError) -> [String] {
    throw TrafficError(
      .refused, "HAProxy's configuration is its administrator's file, which Lockstep does not write",
      hint:
        "lockstep traffic render \(option) > haproxy.cfg && haproxy -c -f haproxy.cfg; then reload HAProxy")
  }
}

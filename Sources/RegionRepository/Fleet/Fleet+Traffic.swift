import CanonicalJSON

extension Fleet {
  /// What players come for.
  package enum Service: String, CaseIterable, Sendable, Comparable {
    /// Manifests and segments, at `/<streamingLocatorId>/…`.
    case origin
    /// The keys of encrypted media, at `/<content key id>`.
    case keyDelivery

    /// The service in words.
    package var words: String { self == .origin ? "the origin" : "key delivery" }

    /// The name on the command line.
    package var argument: String { self == .origin ? "origin" : "key-delivery" }

    package static func < (a: Service, b: Service) -> Bool { a.rawValue < b.rawValue }
  }

  /// By which name and path players come to a service, and what a load balancer asks to see whether a region serves it.
  package struct TrafficEntry: Sendable, Equatable {
    /// The name of the host by which players come in, in lower case.
    package var hostName: String
    /// What stands between the host's name and `<streamingLocatorId>/…` or `<content key id>`; begins and ends with a slash.
    package var path: String
    /// What a load balancer asks.
    package var probe: Probe

    package init(hostName: String, path: String = "/", probe: Probe) {
      self.hostName = hostName
      self.path = path
      self.probe = probe
    }
  }

  /// What a load balancer asks of a region's server, and how often.
  package struct Probe: Sendable, Equatable {
    /// The path, perhaps with a query, that a server answers with 200 where it can serve.
    package var path: String
    /// After so many failures in a row a region counts as unable to serve; nil for the provider's usual number.
    package var failures: Int?
    /// So many seconds lie between two questions; nil for the provider's usual number.
    package var intervalSeconds: Int?
    /// So many seconds an answer may take; nil for the provider's usual number.
    package var timeoutSeconds: Int?

    package init(
      path: String, failures: Int? = nil, intervalSeconds: Int? = nil, timeoutSeconds: Int? = nil
    ) {
      self.path = path
      self.failures = failures
      self.intervalSeconds = intervalSeconds
      self.timeoutSeconds = timeoutSeconds
    }
  }

  /// How players come to a service; nil where the fleet does not say.
  package func traffic(of service: Service) -> TrafficEntry? {
    guard let entry = document["traffic"]?[service.rawValue], let probe = entry["probe"],
      let hostName = entry["hostName"]?.stringValue, let path = entry["path"]?.stringValue,
      let asked = probe["path"]?.stringValue
    else { return nil }
    func number(_ name: String) -> Int? { probe[name]?.int64Value.map { Int($0) } }
    return TrafficEntry(
      hostName: hostName, path: path,
      probe: Probe(
        path: asked, failures: number("failures"), intervalSeconds: number("intervalSeconds"),
        timeoutSeconds: number("timeoutSeconds")))
  }

  /// Says how players come to a service, or takes that out.
  /// - Throws: `RegionError` (`.badDocument`) where the entry is none that a fleet could have.
  package mutating func setTraffic(_ entry: TrafficEntry?, of service: Service) throws(RegionError) {
    try edit { document in
      var traffic = document["traffic"]?.objectValue ?? [:]
      if let entry {
        var object = traffic[service.rawValue]?.objectValue ?? [:]
        var probe = object["probe"]?.objectValue ?? [:]
        func number(_ value: Int?) -> JSONValue? { value.map { .number(.int64(Int64($0))) } }
        probe["path"] = .string(entry.probe.path)
        probe["failures"] = number(entry.probe.failures)
        probe["intervalSeconds"] = number(entry.probe.intervalSeconds)
        probe["timeoutSeconds"] = number(entry.probe.timeoutSeconds)
        object["hostName"] = .string(entry.hostName)
        object["path"] = .string(entry.path)
        object["probe"] = .object(probe)
        traffic[service.rawValue] = .object(object)
      } else {
        traffic[service.rawValue] = nil
      }
      document["traffic"] = traffic.isEmpty ? nil : .object(traffic)
    }
  }

  /// Where a region's server of a service is reached directly; nil where the fleet does not say.
  package func target(of service: Service, in region: RegionName) -> URLText? {
    document["regions"]?[region.text]?["targets"]?[service.rawValue]?.stringValue.flatMap { URLText($0) }
  }

  /// Says where a region's server of a service is reached directly, or takes that out.
  /// - Throws: `RegionError` (`.unknownResource`) for a region that is not in the fleet.
  package mutating func setTarget(
    _ url: URLText?, of service: Service, in region: RegionName
  ) throws(RegionError) {
    try editRegion(region) { region in
      var targets = region["targets"]?.objectValue ?? [:]
      targets[service.rawValue] = url.map { .string($0.text) }
      region["targets"] = targets.isEmpty ? nil : .object(targets)
    }
  }
}

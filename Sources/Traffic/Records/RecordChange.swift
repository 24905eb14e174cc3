package import CanonicalJSON
package import RegionRepository

/// A record of the Domain Name System that somebody has to change by hand.
package struct RecordChange: Sendable, Equatable {
  /// The name that players use.
  package let hostName: String
  /// The services that players reach by it.
  package let services: [Fleet.Service]
  /// Where it points now, as far as was confirmed; nil where that is not known.
  package let from: URLText?
  /// Where it has to point.
  package let to: URLText

  /// The type of the record.
  package var type: String { to.isAddress ? (to.host.hasPrefix("[") ? "AAAA" : "A") : "CNAME" }

  /// What the record holds for a target.
  private func value(_ target: URLText) -> String {
    target.host.hasPrefix("[") ? String(target.host.dropFirst().dropLast()) : target.host
  }

  /// The change in a line, such as `media.example.com CNAME origin-east.example.net -> origin-west.example.net`.
  package var line: String { "\(hostName) \(type) \(from.map { value($0) } ?? "?") -> \(value(to))" }

  /// The change in a report.
  package var json: JSONValue {
    [
      "from": from.map { .string(value($0)) } ?? .null, "hostName": .string(hostName),
      "port": .number(.int64(Int64(to.port))), "services": .array(services.map { .string($0.rawValue) }),
      "to": .string(value(to)), "type": .string(type),
    ]
  }

  /// The records that a plan changes, by host name; a name that two services share is one record.
  static func changes(of plan: TrafficPlan, in fleet: Fleet) -> [RecordChange] {
    var changes: [RecordChange] = []
    for step in plan.steps {
      guard let entry = fleet.traffic(of: step.service),
        let to = fleet.target(of: step.service, in: plan.wish.active)
      else { continue }
      let from = step.before.first { $0.value == .active }.flatMap {
        fleet.target(of: step.service, in: $0.key)
      }
      if let index = changes.firstIndex(where: { $0.hostName == entry.hostName && $0.to == to }) {
        changes[index] = RecordChange(
          hostName: entry.hostName, services: changes[index].services + [step.service],
          from: changes[index].from, to: to)
      } else {
        changes.append(RecordChange(hostName: entry.hostName, services: [step.service], from: from, to: to))
      }
    }
    return changes.sorted { $0.hostName < $1.hostName }
  }
}

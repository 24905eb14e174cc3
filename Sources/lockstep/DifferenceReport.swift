import CanonicalJSON
import MediaResources
import Sealing

/// How secrets are shown in a difference.
struct SecretView {
  /// Opens secrets to compare or show them, where that can be done here.
  let keyring: Keyring
  /// Whether values are shown.
  let reveals: Bool

  func report(_ old: Resource?, _ new: Resource?) throws -> DiffReport {
    var report = DiffReport(what: (new ?? old)?.id.summary ?? "", isThere: (old != nil, new != nil))
    if reveals {
      let (before, after) = (try old.map(keyring.open), try new.map(keyring.open))
      report.properties = ResourceDifference.between(before, after).map { .shown($0) }
      return report
    }
    let (before, after) = (old.map(SecretPlaces.redacted), new.map(SecretPlaces.redacted))
    report.properties =
      ResourceDifference.between(before, after).filter {
        $0.old != SecretPlaces.redaction && $0.new != SecretPlaces.redaction
      }.map { .shown($0) } + secrets(old, new)
    return report
  }

  /// What became of each secret; those that share a place are compared in their order.
  private func secrets(_ old: Resource?, _ new: Resource?) -> [DiffReport.Property] {
    var before = old.map { SecretPlaces.secrets(of: $0) } ?? []
    var properties: [DiffReport.Property] = []
    for secret in new.map({ SecretPlaces.secrets(of: $0) }) ?? [] {
      guard let id = new?.id, let index = before.firstIndex(where: { $0.place == secret.place }) else {
        properties.append(.secret(place: secret.place, "value added"))
        continue
      }
      let known = before.remove(at: index)
      properties.append(.secret(place: secret.place, compare(known, secret, of: id)))
    }
    return properties + before.map { .secret(place: $0.place, "value removed") }
  }

  private func compare(_ old: SecretPlace, _ new: SecretPlace, of id: ResourceID) -> String {
    if old.value == new.value { return "value unchanged" }
    switch keyring.isSame(old, new, of: id) {
    case true?: return "value unchanged"
    case false?: return "value changed"
    case nil: return "sealed with another data key; whether the value changed shows to who can open it"
    }
  }
}

/// How one resource, or another file of `mirrored/`, differs.
struct DiffReport {
  enum Property {
    case shown(PropertyDifference)
    case secret(place: String, String)
  }

  let what: String
  let isThere: (old: Bool, new: Bool)
  var properties: [Property] = []

  init(what: String, isThere: (Bool, Bool)) {
    self.what = what
    self.isThere = isThere
  }

  static func file(_ path: String, isThere: (Bool, Bool)) -> DiffReport {
    DiffReport(what: "mirrored/\(path)", isThere: isThere)
  }

  /// What became of it.
  var how: String { !isThere.old ? "added" : !isThere.new ? "removed" : "changed" }

  var lines: [String] {
    ["\(how) \(what)"]
      + properties.map { property in
        switch property {
        case .secret(let place, let what): "  /properties\(place): \(what)"
        case .shown(let difference):
          "  \(difference.place): \(Self.text(difference.old)) -> \(Self.text(difference.new))"
        }
      }
  }

  private static func text(_ value: JSONValue?) -> String {
    value.map { String(decoding: $0.compactBytes(), as: UTF8.self) } ?? "(nothing)"
  }

  var json: JSONValue {
    [
      "difference": .string(how),
      "properties": .array(
        properties.map { property in
          switch property {
          case .secret(let place, let what):
            ["place": .string("/properties\(place)"), "secret": .string(what)]
          case .shown(let difference):
            [
              "new": difference.new ?? .null, "old": difference.old ?? .null,
              "place": .string(difference.place),
            ]
          }
        }), "resource": .string(what),
    ]
  }
}

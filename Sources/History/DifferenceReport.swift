package import CanonicalJSON
package import MediaResources

/// How one resource, or another file of a region's tree, differs between two versions; holds no secret but where secrets
/// were asked for.
package struct DifferenceReport: Sendable {
  /// What became of the whole.
  package enum Change: String, Sendable {
    case added, removed, changed
  }

  /// One property that differs.
  package enum Property: Sendable {
    /// A property with its values.
    case shown(PropertyDifference)
    /// A secret, of which it is said only what became of it.
    case secret(place: String, SecretChange)
  }

  /// What became of a secret.
  package enum SecretChange: String, Sendable {
    /// There was none.
    case added = "value added"
    /// There is none any more.
    case removed = "value removed"
    /// Another value.
    case changed = "value changed"
    /// The same value, though its text may be another one.
    case unchanged = "value unchanged"
    /// Sealed with another data key, which cannot be opened here.
    case unknown = "sealed with another data key; whether the value changed shows to who can open it"
  }

  /// The resource as commands name it, or the path of another file.
  package let what: String
  /// What became of it.
  package let change: Change
  /// The properties that differ.
  package var properties: [Property]

  package init(what: String, change: Change, properties: [Property] = []) {
    self.what = what
    self.change = change
    self.properties = properties
  }

  /// A file that is no resource.
  package static func file(_ path: String, old isThereBefore: Bool, new isThereNow: Bool) -> DifferenceReport
  {
    DifferenceReport(what: path, change: !isThereBefore ? .added : !isThereNow ? .removed : .changed)
  }
}

extension DifferenceReport {
  /// The report for people: what became of the whole, then a line a property.
  package var lines: [ReportLine] { [headline] + properties.map(Self.line) }

  /// The line that says what became of the whole.
  package var headline: ReportLine {
    let tone: ReportLine.Tone =
      switch change {
      case .added: .added
      case .removed: .removed
      case .changed: .changed
      }
    return ReportLine(.init("\(change.rawValue) \(what)", tone))
  }

  private static func line(_ property: Property) -> ReportLine {
    switch property {
    case .secret(let place, let change):
      ReportLine(.init("  /properties\(place): "), .init(change.rawValue, tone(of: change)))
    case .shown(let difference):
      ReportLine(
        .init("  \(difference.place): "), .init(text(difference.old), .removed), .init(" -> "),
        .init(text(difference.new), .added))
    }
  }

  private static func tone(of change: SecretChange) -> ReportLine.Tone {
    switch change {
    case .added: .added
    case .removed: .removed
    case .changed: .changed
    case .unchanged, .unknown: .faint
    }
  }

  /// A value on one line.
  package static func text(_ value: JSONValue?) -> String {
    value.map { String(decoding: $0.compactBytes(), as: UTF8.self) } ?? "(nothing)"
  }

  /// The report as a part of a JSON document.
  package var json: JSONValue {
    [
      "difference": .string(change.rawValue), "properties": .array(properties.map(Self.json)),
      "resource": .string(what),
    ]
  }

  private static func json(_ property: Property) -> JSONValue {
    switch property {
    case .secret(let place, let change):
      ["place": .string("/properties\(place)"), "secret": .string(change.rawValue)]
    case .shown(let difference):
      ["new": difference.new ?? .null, "old": difference.old ?? .null, "place": .string(difference.place)]
    }
  }
}

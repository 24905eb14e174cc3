package import CanonicalJSON

/// One property in which two forms of a resource differ.
package struct PropertyDifference: Sendable, Equatable {
  /// Where it stands: names from the document down; an element of a list by its id or name where it has one.
  package let place: String
  /// What stood there, or nil.
  package let old: JSONValue?
  /// What stands there now, or nil.
  package let new: JSONValue?
}

/// How two forms of a resource differ, property by property.
package enum ResourceDifference {
  /// The properties that differ, in document order; a resource that is not there has none.
  package static func between(_ old: Resource?, _ new: Resource?) -> [PropertyDifference] {
    between(old.map { .object($0.document) }, new.map { .object($0.document) })
  }

  /// The same of two forms of any document.
  package static func between(_ old: JSONValue?, _ new: JSONValue?) -> [PropertyDifference] {
    var differences: [PropertyDifference] = []
    compare(old, new, "", &differences)
    return differences
  }

  private static func compare(
    _ old: JSONValue?, _ new: JSONValue?, _ place: String, _ differences: inout [PropertyDifference]
  ) {
    guard old != new else { return }
    let (before, after) = (members(old), members(new))
    guard !(before ?? []).isEmpty || !(after ?? []).isEmpty, old == nil || before != nil,
      new == nil || after != nil
    else {
      differences.append(PropertyDifference(place: place.isEmpty ? "/" : place, old: old, new: new))
      return
    }
    var names = (before ?? []).map(\.name)
    let known = Set(names)
    names += (after ?? []).map(\.name).filter { !known.contains($0) }
    for name in names {
      compare(
        before?.first { $0.name == name }?.value, after?.first { $0.name == name }?.value, "\(place)/\(name)",
        &differences)
    }
  }

  /// What stands in an object or a list, by names; nil for any other value.
  private static func members(_ value: JSONValue?) -> [(name: String, value: JSONValue)]? {
    switch value {
    case .object(let object): return object.map { ($0.key, $0.value) }
    case .array(let elements):
      var seen: Set<String> = []
      return elements.enumerated().map { index, element in
        let name = element["id"]?.stringValue ?? element["path"]?.stringValue ?? element["name"]?.stringValue
        let unique = name.flatMap { seen.insert($0).inserted ? $0 : nil }
        return (unique ?? "\(index)", element)
      }
    default: return nil
    }
  }
}

import CanonicalJSON

/// What the services make of a document that they are sent: GUIDs in lower case, times without trailing zeros.
///
/// The rewritten resource is `Equivalence.equal` to what was sent.
package enum ServiceRewriting {
  /// A resource in normal form as a service would keep it.
  package static func rewritten(_ resource: Resource) -> Resource {
    var result = resource
    let shape = Shape.object(Schema.properties(of: resource.id.kind))
    if let properties = rewritten(.object(resource.properties), shape).objectValue {
      result.properties = properties
    }
    return result
  }

  private static func rewritten(_ value: JSONValue, _ shape: Shape) -> JSONValue {
    switch (value, shape) {
    case (.string(let text), .guid): return .string(text.lowercased())
    case (.string(let text), .timestamp): return .string(UTCTime.shortened(text))
    case (.array(let elements), .list(let inner)): return .array(elements.map { rewritten($0, inner) })
    case (.object(var object), _):
      guard let properties = shape.properties(discriminator: object["@odata.type"]?.stringValue) else {
        return value
      }
      for (key, member) in object {
        guard let property = properties.first(where: { $0.isNamed(key) }) else { continue }
        object[key] = rewritten(member, property.shape)
      }
      return .object(object)
    default: return value
    }
  }
}

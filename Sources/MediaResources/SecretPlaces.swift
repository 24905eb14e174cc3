import CanonicalJSON

/// A secret within a resource.
package struct SecretPlace: Sendable, Equatable {
  /// The JSON pointer (RFC 6901) from the document's root.
  package let pointer: String
  /// The same place by names instead of array indexes, so that inserting an element does not move it.
  package let place: String
  /// The secret itself.
  let value: JSONValue
}

/// Where the secrets of a resource stand (facts: secrets; the properties that the service redacts).
package enum SecretPlaces {
  /// The secrets of a resource, in document order.
  package static func secrets(of resource: Resource) -> [SecretPlace] {
    var places: [SecretPlace] = []
    walk(.object(resource.properties), .object(Schema.properties(of: resource.id.kind)), "/properties", "") {
      places.append($0)
    }
    return places
  }

  /// The resource with every secret replaced by `<secret>`, for people to look at.
  package static func redacted(_ resource: Resource) -> Resource {
    var result = resource
    result.properties =
      redacted(.object(resource.properties), .object(Schema.properties(of: resource.id.kind))).objectValue
      ?? [:]
    return result
  }

  private static func walk(
    _ value: JSONValue, _ shape: Shape, _ pointer: String, _ place: String, _ visit: (SecretPlace) -> Void
  ) {
    switch (value, shape) {
    case (.array(let elements), .list(let inner)):
      for (index, element) in elements.enumerated() {
        let name = element["id"]?.stringValue?.lowercased() ?? element["name"]?.stringValue ?? "\(index)"
        walk(element, inner, "\(pointer)/\(index)", "\(place)/\(name)", visit)
      }
    case (.object(let object), _):
      for property in shape.properties(discriminator: object["@odata.type"]?.stringValue) ?? [] {
        guard let member = object[property.name], member != .null else { continue }
        let inner = (pointer: "\(pointer)/\(property.name)", place: "\(place)/\(property.name)")
        if property.isSecret {
          visit(SecretPlace(pointer: inner.pointer, place: inner.place, value: member))
        } else {
          walk(member, property.shape, inner.pointer, inner.place, visit)
        }
      }
    default: break
    }
  }

  private static func redacted(_ value: JSONValue, _ shape: Shape) -> JSONValue {
    switch (value, shape) {
    case (.array(let elements), .list(let inner)): return .array(elements.map { redacted($0, inner) })
    case (.object(var object), _):
      for property in shape.properties(discriminator: object["@odata.type"]?.stringValue) ?? [] {
        guard let member = object[property.name] else { continue }
        object[property.name] = property.isSecret ? "<secret>" : redacted(member, property.shape)
      }
      return .object(object)
    default: return value
    }
  }
}

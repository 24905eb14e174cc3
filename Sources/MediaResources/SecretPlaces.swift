import CanonicalJSON

/// A secret within a resource.
package struct SecretPlace: Sendable, Equatable {
  /// Where it stands, by names instead of array indexes, so that inserting an element does not move it.
  package let place: String
  /// The secret itself.
  let value: JSONValue
}

/// Where the secrets of a resource stand (facts: secrets; the properties that the service redacts).
///
/// Fails closed: in an object of a kind that is not known, every string is taken for a secret.
package enum SecretPlaces {
  /// The secrets of a resource, in document order; no two have one place.
  package static func secrets(of resource: Resource) -> [SecretPlace] {
    var places: [SecretPlace] = []
    var seen: [String: Int] = [:]
    _ = replacing(in: resource) { place, value in
      let count = seen[place, default: 0] + 1
      seen[place] = count
      places.append(SecretPlace(place: count == 1 ? place : "\(place) (\(count))", value: value))
      return value
    }
    return places
  }

  /// The resource with every secret replaced by `<secret>`, for people to look at.
  package static func redacted(_ resource: Resource) -> Resource {
    replacing(in: resource) { _, _ in "<secret>" }
  }

  private static func replacing(
    in resource: Resource, _ replace: (_ place: String, JSONValue) -> JSONValue
  ) -> Resource {
    var result = resource
    let shape = Shape.object(Schema.properties(of: resource.id.kind))
    result.properties = walk(.object(resource.properties), shape, "", replace).objectValue ?? [:]
    return result
  }

  private static func walk(
    _ value: JSONValue, _ shape: Shape, _ place: String, _ replace: (String, JSONValue) -> JSONValue
  ) -> JSONValue {
    switch (value, shape) {
    case (.array(let elements), .list(let inner)):
      return .array(
        elements.enumerated().map { index, element in
          let name = element["id"]?.stringValue?.lowercased() ?? element["name"]?.stringValue ?? "\(index)"
          return walk(element, inner, "\(place)/\(name)", replace)
        })
    case (.object(let object), .object), (.object(let object), .oneOf):
      guard let properties = shape.properties(discriminator: object["@odata.type"]?.stringValue) else {
        return everyString(value, place, replace)
      }
      return .object(
        JSONObject(
          object.map { key, member in
            guard let property = properties.first(where: { $0.isNamed(key) }), member != .null else {
              return (key, member)
            }
            let inner = "\(place)/\(property.name)"
            return (
              key, property.isSecret ? replace(inner, member) : walk(member, property.shape, inner, replace)
            )
          }))
    default: return value
    }
  }

  private static func everyString(
    _ value: JSONValue, _ place: String, _ replace: (String, JSONValue) -> JSONValue
  ) -> JSONValue {
    switch value {
    case .string: replace(place, value)
    case .array(let elements):
      .array(elements.enumerated().map { everyString($1, "\(place)/\($0)", replace) })
    case .object(let object):
      .object(
        JSONObject(
          object.map { key, member in
            (key, key == "@odata.type" ? member : everyString(member, "\(place)/\(key)", replace))
          }))
    default: value
    }
  }
}

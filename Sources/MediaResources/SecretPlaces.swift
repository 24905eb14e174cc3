package import CanonicalJSON

/// A secret within a resource.
package struct SecretPlace: Sendable, Equatable {
  /// Where it stands, by names instead of array indexes, so that inserting an element does not move it.
  package let place: String
  /// Where it stands in the document now, as a JSON pointer.
  package let pointer: String
  /// The secret itself, or the sealed value in its stead.
  package let value: JSONValue
}

/// Where the secrets of a resource stand (facts: secrets; the properties that the service redacts).
///
/// A place is a path of property names; an element of a list stands under its `id` in lower case, else its `name`, else
/// `[]`. Elements without either (the alternate verification keys of a policy's option) share a place: they do the same.
///
/// Fails closed: in an object of a kind that is not known, or in a value of another shape than the API documents where
/// secrets would stand, every string is taken for a secret.
package enum SecretPlaces {
  /// The secrets of a resource, in document order.
  package static func secrets(of resource: Resource) -> [SecretPlace] {
    var places: [SecretPlace] = []
    _ = replacing(in: resource) { secret in
      places.append(secret)
      return secret.value
    }
    return places
  }

  /// The resource with every secret replaced by `<secret>`, for people to look at.
  package static func redacted(_ resource: Resource) -> Resource {
    replacing(in: resource) { _ in "<secret>" }
  }

  /// The kinds whose resources may hold a secret.
  package static let kinds = ResourceKind.allCases.filter {
    Shape.object(Schema.properties(of: $0)).mayHoldSecrets
  }

  /// The resource with every secret replaced.
  /// - Throws: what `replace` throws.
  package static func replacing<Problem: Error>(
    in resource: Resource, _ replace: (SecretPlace) throws(Problem) -> JSONValue
  ) throws(Problem) -> Resource {
    let shape = Shape.object(Schema.properties(of: resource.id.kind))
    guard kinds.contains(resource.id.kind) else { return resource }
    var result = resource
    let start = Path(place: "", pointer: "/properties")
    result.properties = try walk(.object(resource.properties), shape, start, replace).objectValue ?? [:]
    return result
  }

  /// Where the walk is, by names and by indexes.
  private struct Path {
    let place: String
    let pointer: String

    func member(_ key: String, named name: String) -> Path {
      Path(place: "\(place)/\(name)", pointer: "\(pointer)/\(SecretPlaces.escaped(key))")
    }

    func element(_ element: JSONValue, at index: Int) -> Path {
      Path(place: "\(place)/\(SecretPlaces.name(of: element))", pointer: "\(pointer)/\(index)")
    }

    func secret(_ value: JSONValue) -> SecretPlace {
      SecretPlace(place: place, pointer: pointer, value: value)
    }
  }

  private static func walk<Problem: Error>(
    _ value: JSONValue, _ shape: Shape, _ path: Path,
    _ replace: (SecretPlace) throws(Problem) -> JSONValue
  ) throws(Problem) -> JSONValue {
    switch (value, shape) {
    case (.array(let elements), .list(let inner)):
      var result: [JSONValue] = []
      for (index, element) in elements.enumerated() {
        result.append(try walk(element, inner, path.element(element, at: index), replace))
      }
      return .array(result)
    case (.object(let object), .object), (.object(let object), .oneOf):
      guard let properties = shape.properties(discriminator: object["@odata.type"]?.stringValue) else {
        return try everyString(value, path, replace)
      }
      var result = object
      for (key, member) in object where member != .null {
        guard let property = properties.first(where: { $0.isNamed(key) }) else { continue }
        guard property.isSecret || property.shape.mayHoldSecrets else { continue }
        let inner = path.member(key, named: property.name)
        result[key] =
          property.isSecret
          ? try replace(inner.secret(member)) : try walk(member, property.shape, inner, replace)
      }
      return .object(result)
    case (_, .list), (_, .object), (_, .oneOf):
      return shape.mayHoldSecrets ? try everyString(value, path, replace) : value
    default: return value
    }
  }

  /// What names an element of a list, whatever its index.
  private static func name(of element: JSONValue) -> String {
    guard let name = element["id"]?.stringValue?.lowercased() ?? element["name"]?.stringValue else {
      return "[]"
    }
    return escaped(name)
  }

  /// A name as a part of a JSON pointer, so that no name can pass for a deeper place.
  private static func escaped(_ name: String) -> String {
    guard name.utf8.contains(where: { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "~") }) else {
      return name
    }
    return name.unicodeScalars.map { $0 == "~" ? "~0" : $0 == "/" ? "~1" : String($0) }.joined()
  }

  private static func everyString<Problem: Error>(
    _ value: JSONValue, _ path: Path, _ replace: (SecretPlace) throws(Problem) -> JSONValue
  ) throws(Problem) -> JSONValue {
    switch value {
    case .string: return try replace(path.secret(value))
    case .array(let elements):
      var result: [JSONValue] = []
      for (index, element) in elements.enumerated() {
        result.append(try everyString(element, path.element(element, at: index), replace))
      }
      return .array(result)
    case .object(let object):
      var result = object
      for (key, member) in object where key != "@odata.type" {
        result[key] = try everyString(member, path.member(key, named: escaped(key)), replace)
      }
      return .object(result)
    default: return value
    }
  }
}

extension Shape {
  /// Whether a value of this shape can hold a secret.
  fileprivate var mayHoldSecrets: Bool {
    switch self {
    case .list(let inner): inner.mayHoldSecrets
    case .object(let properties): properties.contains { $0.isSecret || $0.shape.mayHoldSecrets }
    // An object of a kind that is not known may.
    case .oneOf: true
    default: false
    }
  }
}

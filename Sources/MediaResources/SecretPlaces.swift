package import CanonicalJSON
import Crypto

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
/// A place is a path of property names. An element of a list stands under its `id` in lower case, else its `name`; where
/// it has none, or shares it, under a hash of all that is not secret in it. So elements that share a place (the alternate
/// verification keys of one option) are alike but for their secrets, and do the same.
///
/// Fails closed: in an object of a kind that is not known, or in a value of another shape than the API documents where
/// secrets would stand, everything is taken for a secret; and so is a member that is called as a secret is, wherever it
/// stands.
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

  /// What stands in the place of a secret for people to look at.
  package static let redaction: JSONValue = "<secret>"

  /// The resource with every secret replaced by `<secret>`, for people to look at.
  package static func redacted(_ resource: Resource) -> Resource {
    replacing(in: resource) { _ in redaction }
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
    for (key, member) in resource.document where !["name", "assetName", "labels"].contains(key) {
      result.document[key] =
        key == "properties"
        ? try walk(member, shape, Path(place: "", pointer: "/properties"), replace)
        : try stray(member, called: key, of: resource.id.kind, replace)
    }
    return result
  }

  /// A member that does not belong beside `properties`, read as what it is called.
  private static func stray<Problem: Error>(
    _ member: JSONValue, called key: String, of kind: ResourceKind,
    _ replace: (SecretPlace) throws(Problem) -> JSONValue
  ) throws(Problem) -> JSONValue {
    let properties = Schema.properties(of: kind)
    let path = Path(place: "//\(escaped(key))", pointer: "/\(escaped(key))")
    if Property("properties", .object(properties)).isNamed(key) {
      return try walk(member, .object(properties), path, replace)
    }
    guard let property = properties.first(where: { $0.isNamed(key) }) else {
      return try namedMember(key, member, Path(place: "/", pointer: ""), replace)
    }
    return property.isSecret
      ? try replace(path.secret(member)) : try walk(member, property.shape, path, replace)
  }

  /// Where the walk is, by names and by indexes.
  private struct Path {
    let place: String
    let pointer: String
    /// False where nobody asks for the place: then no names are made, which would take walks of their own.
    var isNamed = true

    static let unnamed = Path(place: "", pointer: "", isNamed: false)

    func member(_ key: String, named name: String) -> Path {
      guard isNamed else { return self }
      return Path(place: "\(place)/\(name)", pointer: "\(pointer)/\(SecretPlaces.escaped(key))")
    }

    func element(named name: String, at index: Int) -> Path {
      guard isNamed else { return self }
      return Path(place: "\(place)/\(name)", pointer: "\(pointer)/\(index)")
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
      guard inner.mayHoldSecrets else { return try named(value, path, replace) }
      let names = names(of: elements, in: path) { walk($0, inner, .unnamed) { _ in redaction } }
      var result: [JSONValue] = []
      for (index, element) in elements.enumerated() {
        result.append(try walk(element, inner, path.element(named: names[index], at: index), replace))
      }
      return .array(result)
    case (.object(let object), .object), (.object(let object), .oneOf):
      guard let properties = shape.properties(discriminator: object["@odata.type"]?.stringValue) else {
        return try everything(value, path, replace)
      }
      var result = object
      for (key, member) in object where member != .null {
        guard let property = properties.first(where: { $0.isNamed(key) }),
          property.isSecret || property.shape.mayHoldSecrets
        else {
          result[key] = try namedMember(key, member, path, replace)
          continue
        }
        let inner = path.member(key, named: property.name)
        result[key] =
          property.isSecret
          ? try replace(inner.secret(member)) : try walk(member, property.shape, inner, replace)
      }
      return .object(result)
    case (_, .list), (_, .object), (_, .oneOf):
      return shape.mayHoldSecrets ? try everything(value, path, replace) : value
    default: return value
    }
  }

  private static let idName = Property("id", .string)
  private static let nameName = Property("name", .string)

  /// What names the elements of a list, whatever their indexes.
  private static func names(
    of elements: [JSONValue], in path: Path, redacted: (JSONValue) -> JSONValue
  ) -> [String] {
    guard path.isNamed else { return elements.map { _ in "" } }
    let given = elements.map { element -> String? in
      guard let object = element.objectValue else { return nil }
      func text(_ name: Property) -> String? {
        object.first { name.isNamed($0.key) }?.value.stringValue
      }
      return text(idName).map { $0.lowercased() } ?? text(nameName)
    }
    var count: [String: Int] = [:]
    for name in given.compactMap(\.self) { count[name, default: 0] += 1 }
    return zip(elements, given).map { element, name in
      if let name, count[name] == 1 { return escaped(name) }
      guard element.objectValue != nil else { return "[]" }
      let digest = Hexadecimal.text(SHA256.hash(data: redacted(element).compactBytes()).prefix(8))
      return "\(escaped(name ?? ""))[\(digest)]"
    }
  }

  /// A name as a part of a JSON pointer, so that no name can pass for a deeper place.
  private static func escaped(_ name: String) -> String {
    guard name.utf8.contains(where: { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "~") }) else {
      return name
    }
    return name.unicodeScalars.map { $0 == "~" ? "~0" : $0 == "/" ? "~1" : String($0) }.joined()
  }

  private static func everything<Problem: Error>(
    _ value: JSONValue, _ path: Path, _ replace: (SecretPlace) throws(Problem) -> JSONValue
  ) throws(Problem) -> JSONValue {
    switch value {
    case .null: return value
    case .array(let elements):
      let names = names(of: elements, in: path) { everything($0, .unnamed) { _ in redaction } }
      var result: [JSONValue] = []
      for (index, element) in elements.enumerated() {
        result.append(try everything(element, path.element(named: names[index], at: index), replace))
      }
      return .array(result)
    case .object(let object):
      var result = object
      for (key, member) in object where key != "@odata.type" {
        result[key] = try everything(member, path.member(key, named: escaped(key)), replace)
      }
      return .object(result)
    default: return try replace(path.secret(value))
    }
  }

  // MARK: By name

  /// What secrets are called; `value` counts only beneath `contentKeys`.
  private static let secretNames = [
    "keyValue", "ask", "fairPlayPfx", "fairPlayPfxPassword", "exponent", "modulus", "rawBody", "base64Key",
  ].map { Property($0, .string) }
  private static let keyList = Property("contentKeys", .string)
  private static let keyValue = Property("value", .string)

  /// What stands in members that are called as secrets are, anywhere in a value.
  package static func namedSecrets(in value: JSONValue) -> [SecretPlace] {
    var secrets: [SecretPlace] = []
    _ = named(value, Path(place: "", pointer: "")) { secret in
      secrets.append(secret)
      return secret.value
    }
    return secrets
  }

  private static func namedMember<Problem: Error>(
    _ key: String, _ member: JSONValue, _ path: Path, isKey: Bool = false,
    _ replace: (SecretPlace) throws(Problem) -> JSONValue
  ) throws(Problem) -> JSONValue {
    if secretNames.contains(where: { $0.isNamed(key) }) || isKey && keyValue.isNamed(key) {
      return try everything(member, path.member(key, named: escaped(key)), replace)
    }
    guard member.objectValue != nil || member.arrayValue != nil else { return member }
    let inner = path.member(key, named: escaped(key))
    return try named(member, inner, isKey: isKey || keyList.isNamed(key), replace)
  }

  /// Replaces what is called as a secret is, in a value that the API does not document.
  private static func named<Problem: Error>(
    _ value: JSONValue, _ path: Path, isKey: Bool = false,
    _ replace: (SecretPlace) throws(Problem) -> JSONValue
  ) throws(Problem) -> JSONValue {
    switch value {
    case .array(let elements):
      let names = names(of: elements, in: path) { named($0, .unnamed, isKey: isKey) { _ in redaction } }
      var result: [JSONValue] = []
      for (index, element) in elements.enumerated() {
        let inner = path.element(named: names[index], at: index)
        result.append(try named(element, inner, isKey: isKey, replace))
      }
      return .array(result)
    case .object(let object):
      var result = object
      for (key, member) in object {
        result[key] = try namedMember(key, member, path, isKey: isKey, replace)
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

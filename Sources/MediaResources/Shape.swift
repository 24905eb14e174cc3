import CanonicalJSON

/// What the API says a value looks like.
indirect enum Shape: Sendable {
  case string
  /// A certificate in base64: of its DER bytes, or of a PEM text around them, which the services turn into the former.
  case certificate
  case guid
  case bool
  case int32
  case int64
  case timestamp
  /// One of some words.
  case word([String])
  case list(Shape)
  case object([Property])
  /// One of several objects, told apart by `@odata.type` (`#Microsoft.Media.` left out).
  case oneOf([String: [Property]])

  /// Whether it is true or false; the services read an absent one as false, and the official examples rely on that.
  var isBool: Bool { if case .bool = self { true } else { false } }
}

/// A property as the API documents it (source: the field table of azure-mgmt-media 10.2.1 and the official OpenAPI).
struct Property: Sendable {
  let name: String
  let shape: Shape
  var isRequired = false
  /// Set by the service, never sent.
  var isReadOnly = false
  /// Sealed, redacted, and part of a policy's identity.
  var isSecret = false
  /// The value that the service gives to an absent property; written as absent.
  var byDefault: JSONValue?

  init(_ name: String, _ shape: Shape) {
    self.name = name
    self.shape = shape
  }

  var required: Property { with { $0.isRequired = true } }
  var readOnly: Property { with { $0.isReadOnly = true } }
  var secret: Property { with { $0.isSecret = true } }

  func `default`(_ value: JSONValue) -> Property { with { $0.byDefault = value } }

  private func with(_ change: (inout Property) -> Void) -> Property {
    var copy = self
    change(&copy)
    return copy
  }

  /// Whether a member's name means this property: the services take any case.
  func isNamed(_ member: String) -> Bool {
    name.utf8.count == member.utf8.count
      && name.utf8.elementsEqual(member.utf8) { a, b in
        a == b || (a | 0x20 == b | 0x20 && (a | 0x20) >= UInt8(ascii: "a") && (a | 0x20) <= UInt8(ascii: "z"))
      }
  }
}

extension Shape {
  /// The properties of an object by its discriminator, or nil where the value is no object of this shape.
  func properties(discriminator: String?) -> [Property]? {
    switch self {
    case .object(let properties): return properties
    case .oneOf(let types):
      guard let discriminator else { return nil }
      let name =
        discriminator.hasPrefix("#Microsoft.Media.") ? String(discriminator.dropFirst(17)) : discriminator
      return types[name].map { [Property("@odata.type", .string).required] + $0 }
    default: return nil
    }
  }
}

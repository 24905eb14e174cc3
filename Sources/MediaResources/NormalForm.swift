package import CanonicalJSON

/// The one way in which a resource is written, whatever the service made of it.
///
/// Properties that the service sets are dropped; absent, `null`, empty optional arrays and the service's own defaults
/// are all written as absent; arrays whose order the service does not keep (content keys) are sorted; names have the
/// case that the API documents. Everything else, unknown properties included, stays as it is; no base64 is touched.
package enum NormalForm {
  /// The resource in an observed document.
  /// - Parameter assetName: the asset of a filter or a track whose document does not say it.
  /// - Throws: `ResourceError` where the document is no resource.
  package static func normalise(
    _ observed: JSONObject, kind: ResourceKind, assetName: String? = nil
  ) throws(ResourceError) -> Resource {
    var document = JSONObject()
    for (key, value) in observed where !Schema.readOnlyEnvelope.contains(key) && value != .null {
      document[key] = value
    }
    if document["labels"] == .object([:]) { document["labels"] = nil }
    if kind == .streamingEndpoint {
      // What it is sold as follows from its scale units.
      document["sku"] = nil
      if document["tags"] == .object([:]) { document["tags"] = nil }
    }
    if kind.isChildOfAsset, document["assetName"] == nil {
      document["assetName"] = assetName.map { .string($0) }
    }
    var resource = try Resource(document: document, kind: kind)
    var properties = try normalise(resource.properties, Schema.properties(of: kind), of: resource)
    if kind == .streamingLocator { properties["contentKeys"] = properties["contentKeys"].map(sortedByID) }
    if kind == .content { properties["files"] = properties["files"].map(sortedByPath) }
    if kind == .streamingEndpoint { properties = withPlainLineEnds(properties) }
    resource.properties = properties
    return resource
  }

  /// A resource in normal form.
  package static func normalise(_ resource: Resource) throws(ResourceError) -> Resource {
    try normalise(resource.document, kind: resource.id.kind)
  }

  private static func normalise(
    _ object: JSONObject, _ properties: [Property], of resource: Resource
  ) throws(ResourceError) -> JSONObject {
    var result = JSONObject()
    for (key, value) in object {
      guard let property = properties.first(where: { $0.isNamed(key) }) else {
        result[key] = value
        continue
      }
      if property.isReadOnly || value == .null || isDefault(value, of: property) { continue }
      guard result[property.name] == nil else {
        throw ResourceError(
          .notAResource, "\"\(property.name)\" stands there twice, in different case",
          resource: resource.id.description)
      }
      result[property.name] = try normalise(value, property.shape, of: resource)
    }
    return result
  }

  private static func normalise(
    _ value: JSONValue, _ shape: Shape, of resource: Resource
  ) throws(ResourceError) -> JSONValue {
    switch (value, shape) {
    case (.array(let elements), .list(let inner)):
      var result: [JSONValue] = []
      result.reserveCapacity(elements.count)
      for element in elements { result.append(try normalise(element, inner, of: resource)) }
      return .array(result)
    case (.object(let object), _):
      guard let properties = shape.properties(discriminator: object["@odata.type"]?.stringValue) else {
        return value
      }
      return .object(try normalise(object, properties, of: resource))
    default: return value
    }
  }

  private static func isDefault(_ value: JSONValue, of property: Property) -> Bool {
    if case .list = property.shape, !property.isRequired { return value == .array([]) }
    guard let byDefault = property.byDefault else { return false }
    if case .timestamp = property.shape, let text = value.stringValue, let usual = byDefault.stringValue {
      return Equivalence.isSameTime(text, usual)
    }
    return value == byDefault
  }

  /// The services write the line ends of XML texts anew (facts: live normalisation).
  private static func withPlainLineEnds(_ properties: JSONObject) -> JSONObject {
    guard var policies = properties["crossSiteAccessPolicies"]?.objectValue else { return properties }
    for (key, value) in policies {
      guard let text = value.stringValue else { continue }
      policies[key] = .string(String(decoding: text.utf8.filter { $0 != UInt8(ascii: "\r") }, as: UTF8.self))
    }
    var result = properties
    result["crossSiteAccessPolicies"] = policies.isEmpty ? nil : .object(policies)
    return result
  }

  private static func sortedByID(_ keys: JSONValue) -> JSONValue {
    sorted(keys) { ($0["id"]?.stringValue ?? "").lowercased() }
  }

  private static func sortedByPath(_ files: JSONValue) -> JSONValue {
    sorted(files) { $0["path"]?.stringValue ?? "" }
  }

  private static func sorted(_ list: JSONValue, by key: (JSONValue) -> String) -> JSONValue {
    guard let elements = list.arrayValue else { return list }
    let order = elements.enumerated().sorted { a, b in
      let (x, y) = (key(a.element), key(b.element))
      return x.utf8.elementsEqual(y.utf8) ? a.offset < b.offset : x.utf8.lexicographicallyPrecedes(y.utf8)
    }
    return .array(order.map(\.element))
  }
}

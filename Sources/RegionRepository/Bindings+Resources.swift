import CanonicalJSON
package import MediaResources

/// The few fields of a kind whose value may be a binding (facts: region-dependent values).
private struct BoundField {
  /// Member names from `properties` down.
  let path: [String]
  /// Whether the whole value is one binding, or text in which bound words stand.
  let whole: Bool

  static func fields(of kind: ResourceKind) -> [BoundField] {
    switch kind {
    case .asset: [BoundField(path: ["storageAccountName"], whole: true)]
    case .streamingPolicy: streamingPolicy
    default: []
    }
  }

  private static let streamingPolicy: [BoundField] =
    ["commonEncryptionCenc", "commonEncryptionCbcs"].flatMap { scheme in
      ["playReady", "widevine", "fairPlay"].map { drm in
        BoundField(path: [scheme, "drm", drm, "customLicenseAcquisitionUrlTemplate"], whole: false)
      } + [
        BoundField(
          path: [scheme, "clearKeyEncryptionConfiguration", "customKeysAcquisitionUrlTemplate"], whole: false)
      ]
    } + [BoundField(path: ["envelopeEncryption", "customKeyAcquisitionUrlTemplate"], whole: false)]
}

extension Bindings {
  /// The kinds whose documents may hold a binding.
  package static let boundKinds = ResourceKind.allCases.filter { !BoundField.fields(of: $0).isEmpty }

  /// The region-neutral resource for what this region's account holds.
  ///
  /// Wherever the document at live, bound, says the same, its text stays: two symbols that are bound to one value keep
  /// the symbol that was used.
  package func unbind(_ resource: Resource, live: Resource? = nil) -> Resource {
    let fields = BoundField.fields(of: resource.id.kind)
    guard !fields.isEmpty else { return resource }
    var result = resource
    for field in fields {
      result.properties = result.properties.replacing(field.path) { text in
        if let known = live?.properties.string(at: field.path),
          (try? bind(known)).map({ $0.utf8.elementsEqual(text.utf8) }) == true
        {
          return known
        }
        return unbind(text, whole: field.whole)
      }
    }
    return result
  }

  /// The storage account of an asset in region-neutral form that stands there by its own name; nil where it is bound.
  package static func unboundStorage(in resource: Resource) -> String? {
    guard resource.id.kind == .asset, let name = resource.properties["storageAccountName"]?.stringValue,
      !name.isEmpty, !name.utf8.contains(UInt8(ascii: "$"))
    else { return nil }
    return name
  }

  /// The resource as this region's account takes it.
  /// - Throws: `RegionError` (`.binding`) naming the resource and the symbol that is not bound here.
  package func bind(_ resource: Resource) throws(RegionError) -> Resource {
    let fields = BoundField.fields(of: resource.id.kind)
    guard !fields.isEmpty else { return resource }
    var result = resource
    for field in fields {
      var problem: RegionError?
      result.properties = result.properties.replacing(field.path) { text in
        do throws(RegionError) { return try bind(text) } catch {
          problem = error
          return text
        }
      }
      if let problem {
        throw RegionError(problem.code, "\(resource.id): \(problem.message)", hint: problem.hint)
      }
    }
    return result
  }
}

extension JSONObject {
  /// The string at a path of member names, or nil where there is none.
  fileprivate func string(at path: [String]) -> String? {
    guard let first = path.first else { return nil }
    guard path.count > 1 else { return self[first]?.stringValue }
    return self[first]?.objectValue?.string(at: Array(path.dropFirst()))
  }

  /// This object with the string at a path replaced, where there is one.
  fileprivate func replacing(_ path: [String], _ transform: (String) -> String) -> JSONObject {
    guard let first = path.first, let value = self[first] else { return self }
    var result = self
    if path.count == 1 {
      guard let text = value.stringValue else { return self }
      result[first] = .string(transform(text))
    } else if let inner = value.objectValue {
      result[first] = .object(inner.replacing(Array(path.dropFirst()), transform))
    }
    return result
  }
}

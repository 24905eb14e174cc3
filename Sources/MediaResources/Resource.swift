package import CanonicalJSON

/// One resource: its JSON document, whole.
///
/// A resource *is* its document `{"name": …, "properties": …}` (children of an asset add `"assetName"`); everything
/// typed is a view over it, so a property that nobody here knows survives.
package struct Resource: Sendable, Hashable {
  /// Which resource.
  package let id: ResourceID
  /// The document.
  package internal(set) var document: JSONObject

  /// Takes a document.
  /// - Throws: `ResourceError` where it has no name or no properties.
  package init(document: JSONObject, kind: ResourceKind) throws(ResourceError) {
    guard let name = document["name"]?.stringValue, !name.isEmpty else {
      throw ResourceError(.notAResource, "the document has no \"name\"")
    }
    guard document["properties"]?.objectValue != nil else {
      throw ResourceError(
        .notAResource, "the document has no \"properties\"", resource: "\(kind.noun)/\(name)")
    }
    let asset = document["assetName"]?.stringValue
    guard kind.isChildOfAsset == (asset != nil) else {
      throw ResourceError(
        .notAResource,
        kind.isChildOfAsset
          ? "the document has no \"assetName\"" : "\"assetName\" has no place beside \"name\" in this kind",
        resource: "\(kind.noun)/\(name)")
    }
    id = ResourceID(kind: kind, assetName: asset, name: name)
    self.document = document
  }

  /// The properties.
  package var properties: JSONObject {
    get { document["properties"]?.objectValue ?? JSONObject() }
    set { document["properties"] = .object(newValue) }
  }

  /// The document as it stands in a file.
  package func canonicalBytes() -> [UInt8] { JSONValue.object(document).canonicalBytes() }
}

extension Resource: CustomStringConvertible, CustomReflectable {
  package var description: String { id.description }

  /// Shows the id and nothing of the document, which may hold secrets.
  package var customMirror: Mirror { Mirror(self, children: ["id": id]) }
}

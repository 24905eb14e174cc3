package import CanonicalJSON
import LiveAccount
import MediaResources

/// Streaming endpoints of the account: `account/streaming-endpoints/<name>.json`, each `{"name", "location", "tags",
/// "properties"}` as it was configured; their states and times are kept with what the service sets.
extension FolderAccount {
  private static let streamingEndpoints = "streaming-endpoints"

  private static func file(_ name: String) -> String { ResourcePath.fileName(for: name) + ".json" }

  private static func document(_ name: String) -> String {
    "\(FolderLayout.control)/\(streamingEndpoints)/\(file(name))"
  }

  private static func assigned(_ name: String) -> String {
    "\(FolderLayout.assignedFolder)/\(streamingEndpoints)/\(file(name))"
  }

  /// The names of the endpoints that have a document, in any order.
  package func streamingEndpointNames() throws -> [String] {
    let folder = "\(FolderLayout.control)/\(Self.streamingEndpoints)"
    guard try root.stat(folder) != nil else { return [] }
    return try root.listUnordered(in: folder).filter { $0.path.hasSuffix(".json") }.compactMap {
      try document(at: "\(folder)/\($0.path)")?["name"]?.stringValue
    }
  }

  /// The document of an endpoint, or nil where there is none.
  package func streamingEndpoint(_ name: String) throws -> JSONObject? {
    try document(at: Self.document(name))
  }

  /// When the document of an endpoint was last written, in nanoseconds since 1970.
  package func modifiedStreamingEndpoint(_ name: String) throws -> Int64? {
    try root.stat(Self.document(name))?.modified
  }

  /// Writes the document of an endpoint.
  /// - Throws: `AccountError` (`.invalid`) where it has no name.
  package func put(streamingEndpoint document: JSONObject) throws {
    guard let name = document["name"]?.stringValue, !name.isEmpty else {
      throw AccountError(.invalid, "the document of a streaming endpoint has no \"name\"")
    }
    try put(Self.document(name), JSONValue.object(document).canonicalBytes(), mode: 0o600)
  }

  /// Takes an endpoint away, with what the service set for it.
  package func removeStreamingEndpoint(_ name: String) throws {
    try root.remove(Self.document(name), pruning: false)
    try root.remove(Self.assigned(name), pruning: false)
  }

  /// What the service set for an endpoint; nil where it set nothing.
  package func assigned(toStreamingEndpoint name: String) throws -> JSONObject? {
    try document(at: Self.assigned(name))
  }

  /// Sets what the service says of an endpoint.
  package func assign(_ values: JSONObject, toStreamingEndpoint name: String) throws {
    try put(Self.assigned(name), JSONValue.object(values).canonicalBytes(), mode: 0o600)
  }
}

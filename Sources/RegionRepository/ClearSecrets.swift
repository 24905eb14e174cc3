import CanonicalJSON
package import Git
import MediaResources
import Sealing

/// The secrets that stand in clear in documents, judged without any key.
package enum ClearSecrets {
  /// A secret in clear.
  package struct Found: Sendable, Equatable {
    /// The file, from the root of the repository.
    package let path: String
    /// Where in its document, as a JSON pointer.
    package let pointer: String
    /// What is wrong.
    package let message: String
  }

  /// The secrets in clear of a document; one that is none of a resource is judged by the names in it.
  /// - Parameter path: the path from the root of the repository, which tells the kind.
  package static func found(in bytes: [UInt8], path: String) -> [Found] {
    guard let kind = ResourcePath.kind(ofPlace: path), SecretPlaces.kinds.contains(kind),
      let resource = try? ResourceDocument.resource(bytes: bytes, place: path)
    else { return named(in: bytes, path) }
    return SealedValues.clearSecrets(in: resource).map {
      Found(
        path: path, pointer: $0.pointer,
        message: "the secret at \($0.place) stands in clear, or is no sealed value")
    }
  }

  /// The secrets in clear that a commit brings against its first parent; costs what it changes.
  /// - Throws: `GitError` when an object is missing.
  package static func found(in commit: ObjectID, source: some ObjectSource) throws -> [Found] {
    let new = try RawCommit(bytes: source.read(commit).bytes)
    let old = try new.parents.first.map { try RawCommit(bytes: source.read($0).bytes).tree }
    var found: [Found] = []
    try TreeWalk.changes(from: old, to: new.tree, in: source) { change in
      guard let entry = change.new, entry.mode & 0o170000 == 0o100000,
        let kind = ResourcePath.kind(ofPlace: change.path), SecretPlaces.kinds.contains(kind)
      else { return }
      found += try Self.found(in: source.read(entry.id).bytes, path: change.path)
    }
    return found
  }

  private static func named(in bytes: [UInt8], _ path: String) -> [Found] {
    guard var value = try? JSONValue.parse(bytes) else { return [] }
    // What a region calls its bindings is its own choice.
    if path == RegionDocument.path, var object = value.objectValue,
      var properties = object["properties"]?.objectValue
    {
      properties["bindings"] = nil
      object["properties"] = .object(properties)
      value = .object(object)
    }
    return SecretPlaces.namedSecrets(in: value).filter {
      ($0.value.stringValue.flatMap { try? SealedValue($0) }) == nil
    }.map {
      Found(path: path, pointer: $0.pointer, message: "the secret at \($0.pointer) stands in clear")
    }
  }
}

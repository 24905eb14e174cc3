import CanonicalJSON
import Git
import MediaResources
package import Sealing

/// Documents that a person wrote by hand, brought into the form in which they may be committed.
package struct HandmadeDocuments {
  private let region: RegionRepository
  private let keyring: Keyring

  package init(region: RegionRepository, identities: Identities) throws {
    self.region = region
    keyring = try region.keyring(identities: identities)
  }

  /// Whether a path is that of a document of a region.
  package static func isDocument(_ path: String) -> Bool {
    path.hasSuffix(".json") && (path.hasPrefix("mirrored/") || path.hasPrefix("local/"))
  }

  /// The document's canonical text, the secrets that stand in clear sealed.
  /// - Parameter path: the path from the root of the repository, which tells the kind.
  /// - Throws: `RegionError` naming file and line, `SealingError` where a secret cannot be sealed here.
  package func finished(_ bytes: [UInt8], path: String) throws -> [UInt8] {
    try sealed(bytes, path: path) ?? parsed(bytes, path: path).canonicalBytes()
  }

  /// The document with the secrets that stand in clear sealed, or nil where none does.
  package func sealed(_ bytes: [UInt8], path: String) throws -> [UInt8]? {
    guard let kind = Self.kind(of: path), SecretPlaces.kinds.contains(kind) else { return nil }
    let resource: Resource
    do {
      guard let document = try parsed(bytes, path: path).objectValue else { return nil }
      resource = try Resource(document: document, kind: kind)
    } catch let error as ResourceError {
      throw RegionError(.badDocument, "\(path): \(error.message)")
    }
    let sealed = try keyring.sealClear(resource)
    return sealed == resource ? nil : sealed.canonicalBytes()
  }

  private static func kind(of path: String) -> ResourceKind? {
    path.hasPrefix("mirrored/") ? ResourcePath.kind(ofPath: String(path.dropFirst("mirrored/".count))) : nil
  }

  private func parsed(_ bytes: [UInt8], path: String) throws(RegionError) -> JSONValue {
    do { return try JSONValue.parse(bytes) } catch {
      throw RegionError(.badDocument, "\(path):\(error)", hint: "mend the document and stage it again")
    }
  }

  // MARK: What is staged

  /// What is done to what is staged.
  package enum Purpose: Sendable {
    /// Documents are written canonically and their secrets sealed.
    case format
    /// Only documents with a secret in clear are changed.
    case seal
  }

  /// Finishes the documents that are staged, in the index and, where the file is as it was staged, in the working tree.
  /// - Returns: the paths that changed, and those whose clear text git has stored already.
  package func finishStaged(_ purpose: Purpose) throws -> (changed: [String], sealed: [String]) {
    var changed: [String] = []
    var sealed: [String] = []
    // Everything is made ready before anything is staged.
    var ready: [(file: StagedFiles.File, old: [UInt8], new: [UInt8])] = []
    for file in try StagedFiles.list(in: region.git) where Self.isDocument(file.path) {
      let old = try region.git.read(file.id).bytes
      let safe = try self.sealed(old, path: file.path)
      if safe != nil { sealed.append(file.path) }
      let new = try purpose == .format ? finished(old, path: file.path) : safe
      if let new, new != old { ready.append((file, old, new)) }
    }
    for (file, old, new) in ready {
      _ = try StagedFiles.replace(file, with: new, in: region.git)
      changed.append(file.path)
      guard let root = region.git.workingDirectory else { continue }
      let place = FilePaths.absolute(file.path, relativeTo: root)
      if FilePaths.read(place) == old { try FilePaths.writeDurably(new, to: place) }
    }
    return (changed, sealed)
  }
}

import CanonicalJSON
package import Git
import MediaResources
package import Sealing

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Documents that a person wrote by hand, brought into the form in which they may be committed; in a region's repository
/// or any clone of it.
package struct HandmadeDocuments {
  private let git: Repository
  private let keyring: Keyring

  package init(git: Repository, identities: Identities) throws {
    self.git = git
    keyring = try git.keyring(identities: identities)
  }

  /// Whether a path is that of a document of a region.
  private static func isDocument(_ path: String) -> Bool {
    path.hasSuffix(".json") && (path.hasPrefix("mirrored/") || path.hasPrefix("local/"))
  }

  /// The document with the secrets that stand in clear sealed, or nil where none does.
  /// - Parameter path: the path from the root of the repository, which tells the kind.
  /// - Throws: `RegionError` naming file and line, `SealingError` where a secret cannot be sealed here, or a sealed value
  ///   stands where it does not open.
  package func sealed(_ bytes: [UInt8], path: String) throws -> [UInt8]? {
    guard let kind = ResourcePath.kind(ofPlace: path) else {
      let isOther = path == "mirrored/fleet.json" || !path.hasPrefix("mirrored/")
      guard isOther else {
        throw RegionError(
          .badDocument, "\(path): no document of a region has its place there",
          hint: "move it where documents of its kind are: git ls-files mirrored")
      }
      return nil
    }
    guard SecretPlaces.kinds.contains(kind) else { return nil }
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

  /// A document that is staged, and the text that shall be.
  private struct Finished {
    let file: StagedFiles.File
    let old: [UInt8]
    let new: [UInt8]
  }

  /// Finishes the documents that are staged, in the index and, where the file is as it was staged, in the working tree.
  ///
  /// Everything is made ready before anything is staged, and staged at once.
  /// - Returns: the paths that changed, and those whose clear text git has stored already.
  package func finishStaged(_ purpose: Purpose) throws -> (changed: [String], sealed: [String]) {
    var sealed: [String] = []
    var ready: [Finished] = []
    for file in try staged() {
      let old = try git.read(file.id).bytes
      let safe = try self.sealed(old, path: file.path)
      if safe != nil { sealed.append(file.path) }
      let new = try safe ?? (purpose == .format ? parsed(old, path: file.path).canonicalBytes() : old)
      if new != old { ready.append(Finished(file: file, old: old, new: new)) }
    }
    if !sealed.isEmpty, StagedFiles.isForNamedFilesOnly {
      throw RegionError(
        .refused,
        "\(sealed.joined(separator: ", ")): a secret stands in clear, and in a commit of named files only it cannot be"
          + " sealed in git's index, too",
        hint: "stage the file and commit without naming it: git add FILE && git commit")
    }
    try StagedFiles.replace(ready.map { ($0.file, $0.new) }, in: git)
    for document in ready { try updateFile(document) }
    return (ready.map(\.file.path), sealed)
  }

  /// The documents that are staged; those too in which the newest commit holds a secret in clear, which an amended one
  /// would take over.
  private func staged() throws -> [StagedFiles.File] {
    var files = try StagedFiles.list(in: git).filter { Self.isDocument($0.path) }
    guard let head = try git.headCommit() else { return files }
    let known = Set(files.map(\.path))
    // What cannot be read there is that commit's trouble.
    let clear = ((try? ClearSecrets.found(in: head, source: git)) ?? []).map(\.path)
    files += try StagedFiles.at(Set(clear).subtracting(known).sorted(), in: git)
    return files
  }

  /// Writes the file of the working tree, unless a person has edited it since; its mode stays.
  private func updateFile(_ document: Finished) throws {
    guard let root = git.workingDirectory else { return }
    let place = FilePaths.absolute(document.file.path, relativeTo: root)
    var info = stat()
    guard lstat(place, &info) == 0, info.st_mode & S_IFMT == S_IFREG, FilePaths.read(place) == document.old
    else { return }
    try FilePaths.writeDurably(document.new, to: place, mode: info.st_mode & 0o777, isModeExact: true)
  }
}

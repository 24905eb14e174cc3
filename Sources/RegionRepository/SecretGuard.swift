import CanonicalJSON
package import Git
import MediaResources
import Sealing

/// The rules that keep secrets sealed and sealed values openable, judged over new commits without any key.
package struct SecretGuard {
  /// One of them.
  package enum Rule: Sendable, Equatable {
    /// A secret stands in clear, or in a form that is no sealed value.
    case clear
    /// A value is sealed with a data key whose file is not there.
    case unknownKey
    /// A data key or the list of recipients was taken out.
    case lostKey
    /// The list of recipients cannot be understood.
    case badList
    /// A document cannot be understood, so nobody can tell what it holds.
    case unreadable
    /// A file stands where no document of a region has its place.
    case misplaced
  }

  /// Something that a rule forbids.
  package struct Finding: Sendable, Equatable {
    /// The rule.
    package let rule: Rule
    /// The commit that brings it.
    package let commit: ObjectID
    /// The file, from the root of the repository.
    package let path: String
    /// What is wrong with it.
    package let message: String
  }

  private let source: any ObjectSource

  /// - Parameter source: has the commits, those that are new included.
  package init(source: any ObjectSource) { self.source = source }

  /// The secrets that a commit brings in clear; costs what it changes.
  package func clearSecrets(in commit: ObjectID) throws -> [Finding] {
    let parent = try RawCommit(bytes: source.read(commit).bytes).parents.first
    let new = try source.regionTree(of: commit).mirrored
    let old = try parent.map { try source.regionTree(of: $0).mirrored } ?? nil
    var findings: [Finding] = []
    try TreeWalk.changes(from: old, to: new, in: source) { change in
      guard let entry = change.new, entry.mode & 0o170000 == 0o100000,
        let kind = ResourcePath.kind(ofPath: change.path), SecretPlaces.kinds.contains(kind)
      else { return }
      findings += try clear(in: source.read(entry.id).bytes, change.path, commit)
    }
    return findings
  }

  /// The secrets in clear of a document; one that is none of a resource is judged by the names in it.
  private func clear(in bytes: [UInt8], _ path: String, _ commit: ObjectID) -> [Finding] {
    guard let resource = try? MirroredDocument.resource(bytes: bytes, path: path) else {
      return named(in: bytes, "mirrored/\(path)", commit)
    }
    return SealedValues.clearPlaces(in: resource).map {
      Finding(
        rule: .clear, commit: commit, path: "mirrored/\(path)",
        message: "the secret at \($0) stands in clear, or is no sealed value")
    }
  }

  private func named(in bytes: [UInt8], _ path: String, _ commit: ObjectID) -> [Finding] {
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
      Finding(
        rule: .clear, commit: commit, path: path, message: "the secret at \($0.pointer) stands in clear")
    }
  }

  /// What commits bring that the rules forbid; costs what the commits change.
  /// - Parameter tips: the commits to which they lead; a data key must be there in the end.
  /// - Throws: `GitError` when an object is missing, `RegionError` where a tree is not a region's.
  package func findings(in commits: [ObjectID], leadingTo tips: [ObjectID]) throws -> [Finding] {
    let keys = try Set(
      tips.flatMap { try source.sealingFiles(in: source.regionTree(of: $0).mirrored).keys.keys })
    return try commits.flatMap { try findings(in: $0, keys: keys) }
  }

  private func findings(in id: ObjectID, keys: Set<Fingerprint>) throws -> [Finding] {
    let parent = try RawCommit(bytes: source.read(id).bytes).parents.first
    let new = try source.regionTree(of: id)
    let old = try parent.map { try source.regionTree(of: $0) }
    var findings: [Finding] = []
    try TreeWalk.changes(from: old?.mirrored, to: new.mirrored, in: source) { change in
      findings += try mirrored(change, in: id, keys: keys)
    }
    try TreeWalk.changes(from: old?.local, to: new.local, in: source) { change in
      findings += try local(change, in: id)
    }
    return findings
  }

  private func mirrored(_ change: TreeChange, in id: ObjectID, keys: Set<Fingerprint>) throws -> [Finding] {
    let path = "mirrored/\(change.path)"
    func finding(_ rule: Rule, _ message: String) -> Finding {
      Finding(rule: rule, commit: id, path: path, message: message)
    }
    guard let entry = change.new else { return [] }
    if SealingFiles.isOne(change.path) || change.path == "fleet.json" {
      guard change.path == SealingFiles.recipientsPath else { return [] }
      do { _ = try RecipientList.Claim(bytes: source.read(entry.id).bytes) } catch let error as SealingError {
        return [finding(.badList, error.message)]
      }
      return []
    }
    guard entry.mode == TreeMode.file else {
      return [
        finding(.misplaced, "it is a link, a program or a repository, and a region holds ordinary files only")
      ]
    }
    let bytes = try source.read(entry.id).bytes
    guard let kind = ResourcePath.kind(ofPath: change.path) else {
      return [finding(.misplaced, "no document of a region has its place there")]
    }
    let resource: Resource
    do { resource = try MirroredDocument.resource(bytes: bytes, path: change.path) } catch {
      return [finding(.unreadable, error.message)]
    }
    guard SecretPlaces.kinds.contains(kind) else { return named(in: bytes, path, id) }
    let unknown = SealedValues.fingerprints(in: resource).subtracting(keys).sorted().map {
      finding(.unknownKey, "a value is sealed with data key \($0.abbreviated), whose file is not there")
    }
    return clear(in: bytes, change.path, id) + unknown
  }

  /// In `local/` nothing is sealed yet: no secret has its place there.
  private func local(_ change: TreeChange, in id: ObjectID) throws -> [Finding] {
    guard let entry = change.new else { return [] }
    let path = "local/\(change.path)"
    let bytes = try source.read(entry.id).bytes
    guard (try? JSONValue.parse(bytes)) != nil else {
      return [Finding(rule: .misplaced, commit: id, path: path, message: "it is no JSON document")]
    }
    return named(in: bytes, path, id)
  }

  /// What a push would lose of `sealing/`, from what a ref names to what it shall name.
  package func losses(from old: ObjectID, to new: ObjectID) throws -> [Finding] {
    let before = try source.sealingFiles(in: source.regionTree(of: old).mirrored)
    let after = try source.sealingFiles(in: source.regionTree(of: new).mirrored)
    func finding(_ path: String, _ message: String) -> Finding {
      Finding(rule: .lostKey, commit: new, path: "mirrored/\(path)", message: message)
    }
    var findings = before.keys.keys.sorted().compactMap { fingerprint -> Finding? in
      let path = SealingFiles.path(of: fingerprint)
      guard let file = after.keys[fingerprint] else {
        return finding(path, "a data key is never taken out")
      }
      // Wrapping anew comes with a list of a higher number.
      return file != before.keys[fingerprint] && before.recipients == after.recipients
        ? finding(path, "it is another file, though the list of recipients is the same") : nil
    }
    if before.recipients != nil, after.recipients == nil {
      findings.append(finding(SealingFiles.recipientsPath, "the list of recipients is never taken out"))
    }
    return findings
  }
}

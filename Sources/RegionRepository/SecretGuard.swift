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
      let resource = try MirroredDocument.resource(bytes: source.read(entry.id).bytes, path: change.path)
      findings += Self.clear(in: resource, "mirrored/\(change.path)", commit)
    }
    return findings
  }

  private static func clear(in resource: Resource, _ path: String, _ commit: ObjectID) -> [Finding] {
    SealedValues.clearPlaces(in: resource).map {
      Finding(
        rule: .clear, commit: commit, path: path,
        message: "the secret at \($0) stands in clear, or is no sealed value")
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
    guard let entry = change.new else {
      return SealingFiles.isOne(change.path)
        ? [finding(.lostKey, "a data key and the list of recipients are never taken out")] : []
    }
    if SealingFiles.isOne(change.path) || change.path == "fleet.json" {
      guard change.path == SealingFiles.recipientsPath else { return [] }
      do { _ = try RecipientList.Claim(bytes: source.read(entry.id).bytes) } catch let error as SealingError {
        return [finding(.badList, error.message)]
      }
      return []
    }
    guard let kind = ResourcePath.kind(ofPath: change.path), entry.mode == TreeMode.file else {
      return [finding(.misplaced, "no document of a region has its place there")]
    }
    guard SecretPlaces.kinds.contains(kind) else { return [] }
    let resource: Resource
    do {
      resource = try MirroredDocument.resource(bytes: source.read(entry.id).bytes, path: change.path)
    } catch let error as RegionError {
      return [finding(.unreadable, error.message)]
    }
    let unknown = SealedValues.fingerprints(in: resource).subtracting(keys).sorted().map {
      finding(.unknownKey, "a value is sealed with data key \($0.abbreviated), whose file is not there")
    }
    return Self.clear(in: resource, path, id) + unknown
  }

  /// In `local/` nothing is sealed yet: no secret has its place there.
  private func local(_ change: TreeChange, in id: ObjectID) throws -> [Finding] {
    guard let entry = change.new, let value = try? JSONValue.parse(source.read(entry.id).bytes) else {
      return []
    }
    return SecretPlaces.namedSecrets(in: value).map {
      Finding(
        rule: .clear, commit: id, path: "local/\(change.path)",
        message: "the secret \"\($0)\" stands in clear")
    }
  }
}

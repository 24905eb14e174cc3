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

  /// What commits bring that the rules forbid; costs what the commits change.
  /// - Throws: `GitError` when an object is missing, `RegionError` where a tree is not a region's.
  package func findings(in commits: [ObjectID]) throws -> [Finding] {
    var findings: [Finding] = []
    for id in commits { findings += try judge(id) }
    return findings
  }

  private func judge(_ id: ObjectID) throws -> [Finding] {
    let commit = try RawCommit(bytes: source.read(id).bytes)
    let new = try source.regionTree(of: id)
    let old = try commit.parents.first.map { try source.regionTree(of: $0) }
    var findings: [Finding] = []
    func note(_ rule: Rule, _ path: String, _ message: String) {
      findings.append(Finding(rule: rule, commit: id, path: path, message: message))
    }
    var keys: Set<Fingerprint>?
    try TreeWalk.changes(from: old?.mirrored, to: new.mirrored, in: source) { change in
      let path = "mirrored/\(change.path)"
      guard let entry = change.new else {
        if SealingFiles.isOne(change.path) {
          note(.lostKey, path, "a data key and the list of recipients are never taken out")
        }
        return
      }
      if SealingFiles.isOne(change.path) || change.path == "fleet.json" {
        if change.path == SealingFiles.recipientsPath {
          do { _ = try RecipientList.Claim(bytes: source.read(entry.id).bytes) } catch let error
            as SealingError
          {
            note(.badList, path, error.message)
          }
        }
        return
      }
      guard let kind = ResourcePath.kind(ofPath: change.path) else {
        return note(.misplaced, path, "no document of a region has its place there")
      }
      guard SecretPlaces.kinds.contains(kind) else { return }
      let resource: Resource
      do {
        resource = try MirroredDocument.resource(bytes: source.read(entry.id).bytes, path: change.path)
      } catch let error as RegionError {
        return note(.unreadable, path, error.message)
      }
      for place in SealedValues.clearPlaces(in: resource) {
        note(.clear, path, "the secret at \(place) stands in clear, or is no sealed value")
      }
      if keys == nil { keys = try Set(source.sealingFiles(in: new.mirrored).keys.keys) }
      for fingerprint in SealedValues.fingerprints(in: resource).subtracting(keys ?? []).sorted() {
        note(
          .unknownKey, path,
          "a value is sealed with data key \(fingerprint.abbreviated), whose file is not there")
      }
    }
    try TreeWalk.changes(from: old?.local, to: new.local, in: source) { change in
      guard let entry = change.new else { return }
      let value = try? JSONValue.parse(source.read(entry.id).bytes)
      for name in value.map(SecretPlaces.namedSecrets) ?? [] {
        note(.clear, "local/\(change.path)", "the secret \"\(name)\" stands in clear")
      }
    }
    return findings
  }
}

import CanonicalJSON
import Git
import MediaResources
import RegionRepository
import Sealing

/// Identity never changes silently: commit by commit, against every parent, over all commits that are judged together, and
/// against what is live.
///
/// A trailer allows it for a resource in the commit that carries it, and in no other one: whoever reads the history finds
/// the change and the word for it in one place, however it is cut into pushes and mirrors. Where a resource was taken out
/// first, that is the commit which brings it back.
final class IdentityRule {
  private static let kinds: [ResourceKind] = [.streamingLocator, .contentKeyPolicy]

  private let reader: CommitReader
  private let ancestry: Ancestry
  private let live: ObjectID?
  private let isInLine: (ObjectID) throws -> Bool
  /// By commit: what was taken out on the ways to it and is not there again, as it last was on each of them.
  private var graves: [ObjectID: Graves] = [:]

  fileprivate typealias Graves = [ResourceID: [Resource]]

  /// - Parameters:
  ///   - live: the `mirrored/` tree that the live account was last known to match.
  ///   - isInLine: whether a commit is, or stands on, the branch that the account follows.
  init(
    reader: CommitReader, ancestry: Ancestry, live: ObjectID?, isInLine: @escaping (ObjectID) throws -> Bool
  ) {
    self.reader = reader
    self.ancestry = ancestry
    self.live = live
    self.isInLine = isInLine
  }

  /// What is known of a commit while it is judged.
  struct Lost {
    fileprivate let commit: RawCommit
    fileprivate let id: ObjectID
    fileprivate var graves: Graves = [:]
  }

  /// Begins with a commit whose parents were judged, or count already.
  func begin(_ commit: RawCommit, _ id: ObjectID) -> Lost {
    var lost = Lost(commit: commit, id: id)
    for parent in commit.parents {
      for (id, forms) in graves[parent] ?? [:] { Self.bury(forms, id, in: &lost.graves) }
    }
    return lost
  }

  private static func bury(_ forms: some Sequence<Resource>, _ id: ResourceID, in graves: inout Graves) {
    for form in forms where graves[id]?.contains(form) != true { graves[id, default: []].append(form) }
  }

  /// Whether a change may be one of identity: something was there before, on some way to the commit, or is live.
  func concerns(_ change: FileChange, _ lost: Lost) throws -> Bool {
    guard let path = change.mirroredPath, let kind = ResourcePath.kind(ofPath: path),
      Self.kinds.contains(kind)
    else { return false }
    if !lost.graves.isEmpty || change.old.values.contains(where: { $0 != nil }) { return true }
    return try reader.entry(path, in: live) != nil
  }

  /// Ends with a commit.
  func end(_ lost: Lost) {
    if !lost.graves.isEmpty { graves[lost.id] = lost.graves }
  }

  /// What a commit changes of a resource's identity without saying so.
  func judge(_ resource: ChangedResource, _ lost: inout Lost) throws -> [CommitGuard.Finding] {
    guard Self.kinds.contains(resource.id.kind) else { return [] }
    var findings: [CommitGuard.Finding] = []
    if let new = resource.new, !Self.allows(resource.id, lost.commit) {
      findings = try changes(of: resource, to: new, in: lost.commit, lost.id).map { change in
        CommitGuard.Finding(
          .identity, commit: lost.id, path: resource.path,
          line: JSONLines.line(of: change.pointer, in: .object(new.document)), "\(change)",
          mend: "take that change out; where it is meant: \(FileRules.amend) --no-edit --trailer"
            + " \(FileRules.quoted("\(IdentityChange.allowingTrailer): \(resource.id)"))",
          resources: [resource.id])
      }
    }
    if resource.isThere {
      lost.graves[resource.id] = nil
    } else {
      Self.bury(resource.old.sorted { $0.key < $1.key }.map(\.value), resource.id, in: &lost.graves)
    }
    return findings
  }

  /// Whether a commit says that a resource's identity may change in it.
  private static func allows(_ id: ResourceID, _ commit: RawCommit) -> Bool {
    let name = id.description
    return commit.trailers(named: IdentityChange.allowingTrailer).contains {
      $0.utf8.elementsEqual(name.utf8)
    }
  }

  private func changes(
    of resource: ChangedResource, to new: Resource, in commit: RawCommit, _ id: ObjectID
  ) throws -> [IdentityChange] {
    var found: [IdentityChange] = []
    func compare(_ old: Resource, against parent: Int?) throws {
      let changes = Identity.changes(from: old, to: Self.comparable(new, with: old))
      guard !changes.isEmpty else { return }
      if let parent, try isOfOtherSide(resource.id, from: old, to: new, against: parent, in: commit) {
        return
      }
      for change in changes where !found.contains(change) { found.append(change) }
    }
    for parent in resource.parents where parent < commit.parents.count {
      let last = resource.old[parent].map { [$0] } ?? graves[commit.parents[parent]]?[resource.id] ?? []
      for old in last { try compare(old, against: parent) }
    }
    if try isNew(resource, in: commit, id), let old = try reader.resource(resource.id, in: live) {
      try compare(old, against: nil)
    }
    return found
  }

  /// Whether a commit brings a resource to the branch that the account follows, where it was not there.
  private func isNew(_ resource: ChangedResource, in commit: RawCommit, _ id: ObjectID) throws -> Bool {
    guard try isInLine(id) else { return false }
    let before = try commit.parents.indices.filter { try isInLine(commit.parents[$0]) }
    if before.isEmpty { return resource.isBrought && resource.old.isEmpty }
    return before.allSatisfy { resource.parents.contains($0) && resource.old[$0] == nil }
  }

  /// Whether a merge takes over what another parent's side made of a resource since both sides parted: it was judged
  /// there.
  private func isOfOtherSide(
    _ id: ResourceID, from old: Resource, to new: Resource, against parent: Int, in commit: RawCommit
  ) throws -> Bool {
    guard commit.parents.count > 1 else { return false }
    for (number, other) in commit.parents.enumerated() where number != parent {
      guard let theirs = try reader.resource(id, in: reader.halves(of: other).mirrored),
        Self.isSame(theirs, new)
      else { continue }
      for base in try ancestry.common(commit.parents[parent], other) {
        if let before = try reader.resource(id, in: reader.halves(of: base).mirrored),
          Self.isSame(before, old)
        {
          return true
        }
      }
    }
    return false
  }

  private static func isSame(_ a: Resource, _ b: Resource) -> Bool {
    Identity.changes(from: a, to: comparable(b, with: a)).isEmpty
      && Identity.changes(from: b, to: comparable(a, with: b)).isEmpty
  }

  /// A resource with the values of another one where nobody can compare them without a key: in the same place, and not
  /// sealed with the same data key.
  static func comparable(_ new: Resource, with old: Resource) -> Resource {
    var before: [String: [JSONValue]] = [:]
    for secret in SecretPlaces.secrets(of: old) { before[secret.place, default: []].append(secret.value) }
    return SecretPlaces.replacing(in: new) { secret in
      guard var values = before[secret.place], !values.isEmpty else { return secret.value }
      let value = values.removeFirst()
      before[secret.place] = values
      return dataKey(of: value) == dataKey(of: secret.value) ? secret.value : value
    }
  }

  private static func dataKey(of value: JSONValue) -> Fingerprint? {
    (value.stringValue.flatMap { try? SealedValue($0) })?.fingerprint
  }
}

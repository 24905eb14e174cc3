package import CanonicalJSON
package import Git
package import MediaResources
import RegionRepository

/// Which commit gave a resource each of its properties.
///
/// Goes back over the commits that change the resource's file; a property belongs to the commit from which on it has had
/// its present value. A secret belongs to the commit that set its value: sealing it anew does not change it, and where
/// that cannot be told the one who sealed it is named, too.
package struct Blame {
  /// One property, and where it came from.
  package struct Line: Sendable {
    /// Where it stands.
    package let place: String
    /// Its value; nil for a secret.
    package let value: JSONValue?
    /// The commit that set it.
    package let commit: ObjectID
    /// The newest commit that sealed it with another data key, where it cannot be told here whether it changed the value.
    package let resealed: ObjectID?
  }

  private let repository: Repository
  private let comparison: ResourceComparison
  private let id: ResourceID
  private let path: String

  /// - Parameter comparison: how secrets are compared.
  package init(of id: ResourceID, in repository: Repository, comparison: ResourceComparison) {
    self.repository = repository
    self.comparison = comparison
    self.id = id
    path = ResourcePath.place(of: id)
  }

  /// The properties as a commit has them, in document order; empty where the resource is not there.
  /// - Throws: `RegionError` where a version of the resource cannot be read, `GitError`.
  package func lines(at head: ObjectID) throws -> [Line] {
    guard let newest = try readStand(at: head).entry else { return [] }
    let wanted = try Version(resource(newest))
    var found: [Key: (commit: ObjectID, resealed: ObjectID?)] = [:]
    var open = [head: wanted.keys.reduce(into: Keys()) { $0[$1] = .some(nil) }]
    var stands: [ObjectID: Stand] = [:]
    func stand(_ id: ObjectID) throws -> Stand {
      if let known = stands[id] { return known }
      let stand = try readStand(at: id)
      stands[id] = stand
      return stand
    }
    // The newest first, so that branches that part and meet again are gone over once; clocks that are wrong only cost.
    while let id = try open.keys.max(by: { try stand($0).seconds < stand($1).seconds }),
      let keys = open.removeValue(forKey: id)
    {
      for (key, resealed) in try passOn(keys, from: id, wanted: wanted, open: &open, stand: stand) {
        found[key] = (id, resealed)
      }
      stands[id] = nil
    }
    return wanted.keys.compactMap { key in
      found[key].map {
        Line(place: key.place, value: wanted.values[key], commit: $0.commit, resealed: $0.resealed)
      }
    }
  }

  /// Properties that are looked for, each with the newest commit that sealed it anew.
  private typealias Keys = [Key: ObjectID?]

  /// Hands properties to the parents that have them already; what is left was set by the commit.
  private func passOn(
    _ keys: Keys, from id: ObjectID, wanted: Version, open: inout [ObjectID: Keys],
    stand: (ObjectID) throws -> Stand
  ) throws -> Keys {
    var keys = keys
    let (parents, entry) = (try stand(id).parents, try stand(id).entry)
    var present: Version?
    for parent in parents where !keys.isEmpty {
      let before = try stand(parent).entry
      guard before?.id != entry?.id else {
        open[parent, default: [:]].merge(keys) { mine, other in mine ?? other }
        return [:]
      }
      guard let version = try before.flatMap(readable) else { continue }
      // A secret is compared with what it was here, not with what it is now: two that stand under one data key show by
      // themselves whether they are the same, whatever was sealed anew since.
      let now = try present ?? entry.flatMap(readable) ?? wanted
      present = now
      for (key, resealed) in keys {
        let resealing: ObjectID?
        switch compare(key, version, now) {
        case .unchanged: resealing = resealed
        case .unknown: resealing = resealed ?? id
        default: continue
        }
        keys[key] = nil
        open[parent, default: [:]][key] = .some(resealing)
      }
    }
    return keys
  }

  private func compare(_ key: Key, _ old: Version, _ new: Version) -> DifferenceReport.SecretChange {
    if let secret = new.secrets[key] {
      guard let known = old.secrets[key] else { return .added }
      return comparison.compare(known, secret, of: id)
    }
    return old.values[key] == new.values[key] ? .unchanged : .changed
  }

  // MARK: Versions

  /// A property: its place, and for secrets that share one their order.
  private struct Key: Hashable {
    let place: String
    let number: Int
  }

  /// A resource, property by property.
  private struct Version {
    private(set) var keys: [Key] = []
    private(set) var values: [Key: JSONValue] = [:]
    private(set) var secrets: [Key: SecretPlace] = [:]

    init(_ resource: Resource) throws {
      for property in ResourceDifference.between(nil, SecretPlaces.redacted(resource)) {
        guard let value = property.new, value != SecretPlaces.redaction else { continue }
        let key = Key(place: property.place, number: 0)
        keys.append(key)
        values[key] = value
      }
      var counts: [String: Int] = [:]
      for secret in SecretPlaces.secrets(of: resource) {
        let key = Key(place: "/properties\(secret.place)", number: counts[secret.place, default: 0])
        counts[secret.place, default: 0] += 1
        keys.append(key)
        secrets[key] = secret
      }
    }
  }

  /// What a commit is to the walk.
  private struct Stand {
    let parents: [ObjectID]
    /// When it was made, in seconds since 1970.
    let seconds: Int64
    /// The resource's file, or nil.
    let entry: TreeEntry?
  }

  private func readStand(at id: ObjectID) throws -> Stand {
    let commit = try RawCommit(bytes: repository.read(id).bytes)
    let entry = try repository.entry(path, in: commit.tree)
    return Stand(
      parents: commit.parents, seconds: commit.committer.seconds, entry: entry?.isTree == true ? nil : entry)
  }

  /// An older version; nil for one that somebody broke, which set nothing.
  private func readable(_ entry: TreeEntry) throws -> Version? {
    do { return try Version(resource(entry)) } catch is RegionError { return nil }
  }

  private func resource(_ entry: TreeEntry) throws -> Resource {
    try ResourceDocument.resource(bytes: repository.read(entry.id).bytes, place: path)
  }
}

extension Blame {
  /// The lines as a JSON document.
  package func json(_ lines: [Line]) throws -> JSONValue {
    [
      "properties": .array(
        try lines.map { line in
          [
            "place": .string(line.place), "resealed": try line.resealed.map(json) ?? .null,
            "secret": .bool(line.value == nil), "set": try json(line.commit), "value": line.value ?? .null,
          ]
        }), "resource": .string(id.description), "version": 1,
    ]
  }

  private func json(_ id: ObjectID) throws -> JSONValue {
    let commit = try RawCommit(bytes: repository.read(id).bytes)
    return [
      "author": LogReport.json(commit.author), "commit": .string(id.hex),
      "source": SourceTrailer(of: commit).map { .string($0.description) } ?? .null,
      "subject": .string(commit.subject),
    ]
  }

  /// The lines for people: commit, author and date, then the property.
  package func text(_ lines: [Line]) throws -> [ReportLine] {
    let commits = try Dictionary(
      Set(lines.map(\.commit) + lines.compactMap(\.resealed)).map { id in
        (id, try RawCommit(bytes: repository.read(id).bytes))
      }
    ) { first, _ in first }
    func who(_ id: ObjectID) -> String {
      guard let author = commits[id]?.author else { return id.hex }
      return "\(id.hex.prefix(10)) (\(author.name) \(CommitTime.text(author)))"
    }
    return lines.map { line in
      let value = line.value.map { DifferenceReport.text($0) } ?? "<secret>"
      return ReportLine(
        parts: [.init(who(line.commit), .changed), .init(" \(line.place): \(value)")]
          + (line.resealed.map {
            [.init("; sealed with another data key by \(who($0)), maybe with another value", .faint)]
          } ?? []))
    }
  }
}

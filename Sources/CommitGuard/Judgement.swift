import Git
import MediaResources
import RegionRepository
import Sealing

/// Judges commits one after another, and remembers of each what the next ones need.
final class Judgement {
  private let source: any ObjectSource
  private let region: RegionName?
  private let rules: Set<CommitGuard.Rule>
  private let reader: CommitReader
  private let files: FileRules
  private let identity: IdentityRule
  private let whole: WholeRules
  private(set) var findings: [CommitGuard.Finding] = []

  init(
    guard limits: CommitGuard, commits: [ObjectID], live: ObjectID?,
    isInLine: @escaping (ObjectID) throws -> Bool
  ) throws {
    source = limits.source
    region = limits.region
    rules = limits.rules
    let reader = CommitReader(limits.source)
    self.reader = reader
    let parents = try commits.flatMap { try RawCommit(bytes: limits.source.read($0).bytes).parents }
    let ends = Set(commits).subtracting(parents)
    var keys: Set<Fingerprint> = []
    for end in ends {
      keys.formUnion(try limits.source.sealingFiles(in: reader.halves(of: end).mirrored).keys.keys)
    }
    files = FileRules(source: limits.source, region: limits.region, keys: keys)
    let overlay = try limits.index.map { index in
      // What a push builds upon need not be what the index describes.
      let outside = Set(parents).subtracting(commits)
      let trees = try outside.map { try reader.halves(of: $0).mirrored }
      return try IndexOverlay(index, trees: Set(trees), source: limits.source, reader: reader)
    }
    identity = try IdentityRule(
      reader: reader, ancestry: Ancestry(limits.source),
      live: live.map { try reader.halves(of: $0).mirrored } ?? nil, isInLine: isInLine)
    whole = WholeRules(reader: reader, index: overlay, rules: limits.rules)
  }

  /// Judges a commit whose parents were judged, or count already.
  func judge(_ id: ObjectID) throws {
    let commit = try RawCommit(bytes: source.read(id).bytes)
    try judgeRoot(of: commit, id)
    let roots = try commit.parents.map { try RawCommit(bytes: source.read($0).bytes).tree }
    let changes: [FileChange]
    do throws(GitError) { changes = try Self.changes(of: commit.tree, parents: roots, in: source) } catch {
      guard error.code == .invalid else { throw error }
      findings.append(
        CommitGuard.Finding(
          .place, commit: id, path: ".", error.message,
          mend: "take the folder out: git rm -r --cached FOLDER && \(FileRules.amend)"))
      return
    }
    let isJudgedByFile = !rules.isDisjoint(with: CommitGuard.Rule.ofFiles)
    for change in changes where isJudgedByFile && change.isBrought {
      findings += try files.judge(change, in: id).filter { rules.contains($0.rule) }
    }
    if rules.contains(.epoch), let change = changes.first(where: { $0.mirroredPath == Fleet.path }) {
      findings += try EpochRule(reader: reader).judge(change, in: id)
    }
    let wanted: Set<CommitGuard.Rule> = [.reference, .unique, .identity]
    guard !rules.isDisjoint(with: wanted) else { return }
    let isJudgedAsWhole = !rules.isDisjoint(with: [.reference, .unique])
    var place = WholeRules.Place(
      mirrored: try reader.halves(root: commit.tree).mirrored,
      there: Set(changes.lazy.filter { $0.new != nil }.compactMap(\.mirroredPath)), commit: id)
    var lost = identity.begin(commit, id)
    // One after another: a commit may bring a whole region.
    for change in changes {
      guard try isJudgedAsWhole || identity.concerns(change, lost),
        let resource = try ChangedResource(change, reader)
      else { continue }
      if rules.contains(.identity) { findings += try identity.judge(resource, &lost) }
      findings += try whole.judge(resource, in: &place)
    }
    identity.end(lost)
  }

  /// `FileChange.all` throws what trees are wrong with, and nothing else.
  private static func changes(
    of root: ObjectID, parents: [ObjectID], in source: any ObjectSource
  ) throws(GitError) -> [FileChange] {
    do { return try FileChange.all(of: root, parents: parents, in: source) } catch {
      throw error as? GitError ?? GitError(.io, "\(error)")
    }
  }

  /// The root holds two folders and nothing else, and says which region it is.
  private func judgeRoot(of commit: RawCommit, _ id: ObjectID) throws {
    let entries = try reader.entries(commit.tree)
    if rules.contains(.place) {
      // Files beside them are found with the others; folders without any show here alone.
      for entry in entries.values where entry.isTree && entry.id == .emptyTree {
        findings.append(
          CommitGuard.Finding(
            .place, commit: id, path: entry.name, "it is an empty folder, and git keeps none",
            mend: "make the commit again with git commit"))
      }
    }
    guard rules.contains(.region), let missing = Self.missingClaim(of: region, in: id) else { return }
    // What takes it out is found with the other files.
    if let parent = commit.parents.first, commit.parents.count == 1,
      try reader.entry("region.json", in: reader.halves(of: parent).local) != nil
    {
      return
    }
    let local = try reader.halves(root: commit.tree).local
    if try reader.entry("region.json", in: local) == nil { findings.append(missing) }
  }

  /// The finding of a tree that does not say which region it is; nil where it need not.
  static func missingClaim(of region: RegionName?, in id: ObjectID) -> CommitGuard.Finding? {
    region.map { region in
      CommitGuard.Finding(
        .region, commit: id, path: RegionDocument.path,
        "it is not there, and says that the tree is region \(region)",
        mend:
          "bring it in with that commit: git fetch origin && git checkout FETCH_HEAD -- \(RegionDocument.path)"
          + " && \(FileRules.amend)"
      )
    }
  }
}

package import Git
package import RegionRepository

/// Judges new commits before they count: what they change, against every parent, and what comes of it as a whole.
///
///     let findings = try CommitGuard(source: repository, region: name, index: index)
///       .findings(in: newCommits, live: region.live())
///     findings.isEmpty                          // they may count
///
/// The commits need not be durable: any source of objects will do, a `PackWriter` that is not finished among them. No key
/// is needed. Costs what the commits change, never the size of the region.
///
/// Of a merge, a file counts as brought only where it differs from every parent; but what refers to what, and whose ids are
/// whose, is judged over all that differs from any parent. So where both sides were sound, the merged whole is, without
/// any index. What a commit by itself takes away from the rest of the region (a resource that others refer to, an id that
/// another one has) shows only to an index; without one that is not judged.
package struct CommitGuard {
  let source: any ObjectSource
  let region: RegionName?
  let rules: Set<Rule>
  let index: RegionIndex?

  /// - Parameters:
  ///   - source: has the commits, those that are new included.
  ///   - region: the region that the trees must claim to be; nil where any will do.
  ///   - rules: what is judged.
  ///   - index: answers for the whole region; describes a tree that the source has.
  package init(
    source: any ObjectSource, region: RegionName?, rules: Set<Rule> = Rule.all, index: RegionIndex? = nil
  ) {
    self.source = source
    self.region = region
    self.rules = rules
    self.index = index
  }

  /// What commits bring that the rules forbid, in the order of the commits.
  /// - Parameters:
  ///   - commits: the new ones, parents before children; identity is judged over all of them, and a data key must be there
  ///     in the end.
  ///   - live: the commit that the live account was last known to match.
  ///   - isInLine: whether a commit is, or stands on, the branch that the account follows; what lies beside it comes to the
  ///     account by a merge only, which is judged then. All of them do unless it is given.
  /// - Throws: `GitError` when an object is missing, `RegionIndexError` when the index cannot be read.
  package func findings(
    in commits: [ObjectID], live: ObjectID? = nil,
    isInLine: @escaping (ObjectID) throws -> Bool = { _ in true }
  ) throws -> [Finding] {
    let judgement = try Judgement(guard: self, commits: commits, live: live, isInLine: isInLine)
    for commit in commits { try judgement.judge(commit) }
    return judgement.findings
  }

  /// What is wrong with the region that a commit's tree claims to be, whether or not the commit is new.
  package func claimFindings(of commit: ObjectID) throws -> [Finding] {
    let reader = CommitReader(source)
    let files = FileRules(source: source, region: region, keys: [])
    guard let entry = try reader.entry("region.json", in: reader.halves(of: commit).local), !entry.isTree,
      try source.size(of: entry.id) <= Self.largestFile
    else { return [Judgement.missingClaim(of: region, in: commit)].compactMap(\.self) }
    return try files.claim(source.read(entry.id).bytes, commit)
  }
}

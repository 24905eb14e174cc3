package import Git
package import RegionRepository

/// One thing that is not as replaying it again would make it.
package struct AuditFinding: Sendable, Equatable {
  /// What kind of finding this is.
  ///
  /// In the order in which they are told: a changed commit is another one, and so is everything upon it, which is then
  /// missing here and added there.
  package enum Kind: String, CaseIterable, Sendable {
    /// A commit says that it is a replay, and replaying its original gives another commit.
    case tampered
    /// A history no longer holds what was mirrored from it.
    case rewritten
    /// A signed tag that is not what it says.
    case signature
    /// A commit was replayed twice.
    case twice
    /// A commit replays what its region does not have.
    case added
    /// A commit that should have been replayed was not.
    case missing
  }

  /// What kind of finding.
  package let kind: Kind
  /// The region whose repository holds what is wrong, or lacks what is missing.
  package let region: RegionName
  /// The commit in question, or what a tag leads to.
  package let commit: ObjectID?
  /// What was found, in words that name the commit.
  package let message: String
}

/// What came of verifying two regions' histories against each other.
package struct AuditReport: Sendable {
  /// What was found.
  package var findings: [AuditFinding] = []
  /// How many replayed commits were derived again.
  package var imagesChecked = 0
  /// How many signed tags were verified.
  package var tagsChecked = 0
  /// The commits that each region made itself, oldest first.
  package var own: [(region: RegionName, commits: [ObjectID])] = []
}

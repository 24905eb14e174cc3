/// What a fleet is on the morning after: who is primary, who could take over, what would be lost, and what happened.
///
/// Plain data that was found out elsewhere. It holds no secret; texts may hold anything that people wrote, and are made fit
/// where they are shown.
package struct FleetReport: Sendable {
  /// When it was made, in seconds since 1970.
  package var madeAt: Int64
  /// The region that was asked.
  package var askedRegion: String
  /// The primary; nil where the region is in no fleet.
  package var primary: String?
  /// The epoch; nil where the region is in no fleet.
  package var epoch: Int64?
  /// The regions that were made primary with one number; empty where none was but the primary.
  package var contestants: [String] = []
  /// Whether the region that was asked has any commit.
  package var hasHistory = true
  /// The regions, the primary first.
  package var regions: [Region] = []
  /// Who was primary, the newest first.
  package var roles: [Role] = []
  /// The newest drills, the newest first.
  package var drills: [Drill] = []
  /// The newest moves of the primary's role and rejoins, the newest first.
  package var moves: [Move] = []
  /// What changed.
  package var changes: ChangeTally
  /// What regions made differently and nobody has settled.
  package var conflicts: [Conflict] = []
  /// Whether it could be looked for.
  package var areConflictsKnown = true
  /// What keeps the fleet from being kept up to date, a line each.
  package var problems: [String] = []
  /// What could not be found out, a line each.
  package var unknown: [String] = []

  package init(madeAt: Int64, askedRegion: String, changes: ChangeTally) {
    self.madeAt = madeAt
    self.askedRegion = askedRegion
    self.changes = changes
  }

  /// One region.
  package struct Region: Sendable {
    /// Its name.
    package var name: String
    /// What it is in the fleet, such as `primary` or `superseded`; nil where it is in none.
    package var role: String?
    /// Where the fleet says that its repository is.
    package var repository: String?
    /// Its newest commit; nil where that is not known.
    package var head: String?
    /// What is not here of other regions; nil where that is not known.
    package var behind: String?
    /// What is not applied; nil where that is not known.
    package var applied: String?
    /// What its account has otherwise than what was captured or applied last; nil where that is not known.
    package var drift: String?
    /// Whether it can take over.
    package var readiness = Readiness.unknown("nobody asked")

    package init(_ name: String) { self.name = name }
  }

  /// Whether a region can take over.
  package enum Readiness: Sendable {
    /// What was found, and what is lost if the primary dies; nil for the primary itself.
    case told([Check], Loss?)
    /// Why it cannot be told.
    case unknown(String)
  }

  /// One thing that a region must have, or be, to take over.
  package struct Check: Sendable {
    /// How a check went.
    package enum Outcome: String, Sendable {
      case ready
      case notReady = "not-ready"
      case skipped
    }

    /// The name, as `lockstep ready` has it.
    package var name: String
    package var outcome: Outcome
    /// What was found.
    package var statement: String
    /// The command that mends it.
    package var hint: String?

    package init(_ name: String, _ outcome: Outcome, _ statement: String, hint: String? = nil) {
      self.name = name
      self.outcome = outcome
      self.statement = statement
      self.hint = hint
    }
  }

  /// What is lost if the primary dies now.
  package struct Loss: Sendable {
    /// Whom the region takes for the primary.
    package var primary: String
    /// The subjects of the commits.
    package var commits: [String]
    /// What has changed in the primary's account since it was captured; nil where that cannot be seen.
    package var uncaptured: [String]?
    /// Why the primary did not answer; nil where it did.
    package var silence: String?

    package init(primary: String, commits: [String], uncaptured: [String]?, silence: String?) {
      self.primary = primary
      self.commits = commits
      self.uncaptured = uncaptured
      self.silence = silence
    }
  }

  /// One time of a region as primary.
  package struct Role: Sendable {
    package var epoch: Int64
    package var primary: String
    /// From when to when, in seconds since 1970; nil for now.
    package var since: Int64
    package var until: Int64?
    package var by: String
    /// What made it primary, such as `failover`; nil where the commit does not say.
    package var cause: String?
    package var reason: String?

    package init(
      epoch: Int64, primary: String, since: Int64, until: Int64?, by: String, cause: String?, reason: String?
    ) {
      self.epoch = epoch
      self.primary = primary
      self.since = since
      self.until = until
      self.by = by
      self.cause = cause
      self.reason = reason
    }
  }

  /// One drill.
  package struct Drill: Sendable {
    package var region: String
    /// In seconds since 1970.
    package var at: Int64
    package var by: String
    /// The primary that was compared with; nil for none.
    package var against: String?
    package var locators: Int
    package var failed: Int
    package var milliseconds: Int64

    package init(
      region: String, at: Int64, by: String, against: String?, locators: Int, failed: Int, milliseconds: Int64
    ) {
      self.region = region
      self.at = at
      self.by = by
      self.against = against
      self.locators = locators
      self.failed = failed
      self.milliseconds = milliseconds
    }
  }

  /// One switchover, failover or rejoin.
  package struct Move: Sendable {
    package var cause: String
    package var from: String
    package var to: String
    /// When it had ended, in seconds since 1970.
    package var at: Int64
    package var by: String
    /// How many commits were known to be lost.
    package var lost: Int
    /// What was done and how long each took, such as `apply 31 ms, epoch 12 ms`.
    package var steps: String
    package var milliseconds: Int64

    package init(
      cause: String, from: String, to: String, at: Int64, by: String, lost: Int, steps: String,
      milliseconds: Int64
    ) {
      self.cause = cause
      self.from = from
      self.to = to
      self.at = at
      self.by = by
      self.lost = lost
      self.steps = steps
      self.milliseconds = milliseconds
    }
  }

  /// Something that two regions made differently.
  package struct Conflict: Sendable {
    /// The resource, as commands name it.
    package var resource: String
    /// Why it is one; nil where both changed one resource.
    package var reason: String?
    /// What each region made of it.
    package var sides: [(region: String, words: String)]
    /// The command that shows and settles it.
    package var hint: String?

    package init(
      resource: String, reason: String?, sides: [(region: String, words: String)], hint: String?
    ) {
      self.resource = resource
      self.reason = reason
      self.sides = sides
      self.hint = hint
    }
  }
}

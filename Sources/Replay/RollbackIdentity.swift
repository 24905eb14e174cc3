import Git
import MediaResources
import RegionRepository
import Sealing

/// Refuses a rollback that would change what players and licences rely on: commit by commit, against what stood there
/// last, though it be gone now, and against what is live.
final class RollbackIdentity {
  private static let kinds: [ResourceKind] = [.streamingLocator, .contentKeyPolicy]
  private static let shown = 10

  private let region: RegionRepository
  private let keyring: Keyring
  private let allowed: Set<ResourceID>
  private let head: ObjectID
  private let live: ObjectID?
  /// The command that runs.
  private let command: String
  /// What the rollback itself has taken out.
  private var removed: [String: Resource] = [:]

  /// - Parameters:
  ///   - allowed: resources whose identity may change.
  ///   - command: the command that runs, for who wants the identity to change.
  init(
    region: RegionRepository, identities: Identities, allowed: Set<ResourceID>, head: ObjectID,
    command: String
  ) throws {
    self.region = region
    keyring = try region.keyring(identities: identities)
    self.allowed = allowed
    self.head = head
    self.command = command
    live = try region.live().flatMap { try region.mirrored(of: $0) }
  }

  /// Checks one revert commit's changes; costs them, and for a resource that comes back the commits since.
  /// - Throws: `RegionError` (`.refused`) with the resources and ids.
  func check(_ edits: [PreparedRollback.Edit], takingBack commit: ObjectID) throws {
    var changes: [IdentityChange] = []
    let back = Set(edits.lazy.filter { $0.old == nil && self.isJudged($0) }.map(\.path))
    let gone = back.isEmpty ? [:] : try lastForms(of: back, since: commit)
    for edit in edits {
      guard let new = edit.new else {
        if let old = edit.old { removed[edit.path] = old }
        continue
      }
      guard isJudged(edit) else { continue }
      var olds = (edit.old ?? removed[edit.path]).map { [$0] } ?? gone[edit.path] ?? []
      if edit.old == nil, let old = try region.git.resource(new.id, in: live) { olds.append(old) }
      for old in olds {
        for change in compare(old, new) where !changes.contains(change) { changes.append(change) }
      }
    }
    guard !changes.isEmpty else { return }
    let lines =
      changes.prefix(Self.shown).map(\.description)
      + (changes.count > Self.shown ? ["and \(changes.count - Self.shown) more"] : [])
    throw RegionError(
      .refused, "identity would change: " + lines.joined(separator: "; ") + "; nothing was changed",
      hint: "if that is meant: \(command)"
        + allowed.union(changes.map(\.resource)).sorted().map {
          " --allow-identity-change \(ShellWord.quoted("\($0)"))"
        }.joined())
  }

  private func isJudged(_ edit: PreparedRollback.Edit) -> Bool {
    edit.new.map { Self.kinds.contains($0.id.kind) && !allowed.contains($0.id) } ?? false
  }

  /// The forms that files had last, on every way back to a commit.
  private func lastForms(of paths: Set<String>, since commit: ObjectID) throws -> [String: [Resource]] {
    let since = Set(try region.git.commits(reachableFrom: [head], hiding: [commit]))
    return try region.git.lastForms(of: paths, before: head, within: since)
  }

  private func compare(_ old: Resource, _ new: Resource) -> [IdentityChange] {
    // What was only sealed anew is the same secret; where there is no key its text must do.
    let clear = [old, new].map { (try? keyring.open($0)) ?? $0 }
    return Identity.changes(from: clear[0], to: clear[1])
  }
}

import Git
package import HTTP
package import LiveAccount
import MediaResources
import Planning
package import RegionRepository
package import Sealing

/// Finds out whether a region can take over now.
///
/// Lists the account of the region, and that of the primary where it is on this machine; with `isDeep` reads every content
/// file. Changes nothing.
package struct Readiness {
  /// How far it looks.
  package struct Options: Sendable {
    /// Whether content files are read and hashed, and all sealed values opened.
    package var isDeep: Bool
    /// Whether every locator is asked for over HTTP, and not only a sample.
    package var asksForAll: Bool
    /// Whether what was read of the account is noted beside the repository.
    package var isNoted: Bool
    /// Whether the primary's commits that the region lacks are kept here, so that they can be named when it is gone.
    package var keepsCommits: Bool

    package init(
      isDeep: Bool = false, asksForAll: Bool = false, isNoted: Bool = true, keepsCommits: Bool = false
    ) {
      self.keepsCommits = keepsCommits
      self.isDeep = isDeep
      self.asksForAll = asksForAll
      self.isNoted = isNoted
    }
  }

  /// So many locators, and so many documents with secrets, are a sample.
  static let sampleSize = 5

  let region: RegionRepository
  let account: any LiveAccount
  let primaryAccount: (any LiveAccount)?
  let identities: Identities
  let web: Fetcher?
  let options: Options
  let now: Int64
  let cancellation: Cancellation

  /// - Parameters:
  ///   - region: the one that is to take over.
  ///   - primaryAccount: the account of the primary, where it is on this machine.
  ///   - web: asks the region's servers; nil to leave that out.
  ///   - now: seconds since 1970.
  package init(
    region: RegionRepository, account: any LiveAccount, primaryAccount: (any LiveAccount)?,
    identities: Identities, web: Fetcher?, options: Options, now: Int64, cancellation: Cancellation
  ) {
    self.region = region
    self.account = account
    self.primaryAccount = primaryAccount
    self.identities = identities
    self.web = web
    self.options = options
    self.now = now
    self.cancellation = cancellation
  }

  /// What the checks look at together.
  struct Scene {
    let head: ObjectID
    let mirrored: ObjectID?
    let fleet: Fleet
    let keyring: Keyring
    /// The primary's fleet, where that is newer than the region's own.
    var primaryFleet: Fleet?
    /// What the account has otherwise than what was last captured or applied; nil where that could not be found out.
    var drift: [DriftFinding]?
  }

  /// Looks.
  /// - Throws: `RegionError`, `GitError` where the region cannot be read at all.
  package func report() async throws -> ReadinessReport {
    guard let head = try region.head(), let fleet = try region.fleet() else { throw region.noFleet }
    var scene = Scene(
      head: head, mirrored: try region.mirrored(of: head), fleet: fleet,
      keyring: try region.keyring(identities: identities), drift: nil)
    var checks = [try standing(scene)]
    var recoveryPoint: RecoveryPoint?
    if fleet.primary != region.name {
      let view = try PrimaryView(of: region, fleet: fleet, keepsCommits: options.keepsCommits)
      scene.primaryFleet = (try? view.repository.fleet(in: view.mirrored)).flatMap { $0 }
      let point = try await view.recoveryPoint(uncaptured: uncaptured(view))
      checks.append(lag(view, point))
      if let captured = captured(point, fleet) { checks.append(captured) }
      checks.append(try identity(view, scene))
      recoveryPoint = point
    }
    checks.append(await check("applied") { try await applied() })
    checks.append(
      await check("drift") {
        let found = try await capture(of: region, account).drift(isNoted: options.isNoted)
        scene.drift = found
        guard !found.isEmpty else {
          return .ready("drift", "the account is what was captured or applied last")
        }
        return .notReady(
          "drift", "\(found.count) resources are not what was captured or applied last",
          found.map { $0.summary },
          hint: found.contains { $0.id.kind == .content }
            ? "of files that it lost: \(ContentMend.command(for: region)); else: lockstep capture -C \(region.shellPlace)"
            : "lockstep capture -C \(region.shellPlace)")
      })
    let seen = scene
    checks.append(await check("locators") { try await locators(seen) })
    checks.append(await check("content") { try await content(seen) })
    checks.append(await check("secrets") { try secrets(seen) })
    for service in Fleet.Service.allCases { checks.append(await serving(service, seen)) }
    return ReadinessReport(region: region.name, checks: checks, recoveryPoint: recoveryPoint)
  }

  /// What cannot be looked at speaks against the region.
  func check(_ name: String, _ body: () async throws -> ReadinessCheck) async -> ReadinessCheck {
    do { return try await body() } catch {
      let hint =
        (error as? AccountError)?.hint ?? (error as? RegionError)?.hint ?? (error as? SealingError)?.hint
      return .notReady(name, "it cannot be told: \(error)", hint: hint)
    }
  }

  func capture(of region: RegionRepository, _ account: any LiveAccount) -> Capture {
    Capture(region: region, account: account, identities: identities, cancellation: cancellation)
  }

  // MARK: Against the primary

  private func standing(_ scene: Scene) throws -> ReadinessCheck {
    let epoch = "epoch \(scene.fleet.epoch.number)"
    let standing = try Fence(of: region).standing()
    switch standing {
    case .contested, .superseded:
      let refusal = try Fence(of: region).refusal(of: "a promotion", standing)
      return .notReady("fleet", refusal?.message ?? standing.name, hint: refusal?.hint)
    case .standby(let primary):
      return .ready("fleet", "\(region.name) is a standby of \(primary) with \(epoch)")
    case .alone, .primary, .unfenced: return .ready("fleet", "\(region.name) is the primary with \(epoch)")
    }
  }

  /// What has changed in the primary's account since its last capture; nil where that cannot be seen from here.
  private func uncaptured(_ view: PrimaryView) async -> [String]? {
    guard let primary = view.local, let primaryAccount else { return nil }
    return try? await capture(of: primary, primaryAccount).drift(isNoted: options.isNoted).map {
      $0.summary
    }
  }

  private func lag(_ view: PrimaryView, _ point: RecoveryPoint) -> ReadinessCheck {
    let heard = view.silence == nil ? "" : ", as far as \(region.name) has heard"
    guard let oldest = view.missing.first else {
      return .ready("lag", "0 commits, 0 s behind \(view.primary)\(heard)")
    }
    let count = view.missing.count
    return .notReady(
      "lag",
      "\(count) commit\(count == 1 ? "" : "s"), \(max(0, now - oldest.seconds)) s behind \(view.primary)\(heard)",
      point.resources, hint: "lockstep mirror -C \(region.shellPlace)")
  }

  private func captured(_ point: RecoveryPoint, _ fleet: Fleet) -> ReadinessCheck? {
    guard let uncaptured = point.uncaptured else { return nil }
    guard !uncaptured.isEmpty else {
      return .ready("captured", "the account of \(point.primary) is what its repository says")
    }
    return .notReady(
      "captured", "the account of \(point.primary) has changes that are not captured", uncaptured,
      hint: "lockstep capture \(fleet.primaryOption); then: lockstep mirror -C \(region.shellPlace)")
  }

  /// The trees of locators, policies and keys are the same: then all ids and keys are.
  private func identity(_ view: PrimaryView, _ scene: Scene) throws -> ReadinessCheck {
    let kinds: [ResourceKind] = [.contentKeyPolicy, .streamingPolicy, .streamingLocator]
    let source = JoinedObjects(region.git, view.repository)
    var differing: [String] = []
    for kind in kinds {
      let trees = try [scene.mirrored, view.mirrored].map { try source.entry(kind.rawValue, in: $0)?.id }
      guard trees[0] != trees[1] else { continue }
      try TreeWalk.changes(from: trees[0], to: trees[1], in: source, prefix: kind.rawValue + "/") { change in
        differing.append(try view.summary(of: change, in: source))
      }
    }
    let heard = view.silence == nil ? "" : ", as far as \(region.name) has heard"
    guard differing.isEmpty else {
      return .notReady(
        "identity", "ids and keys are not those of \(view.primary)\(heard)", differing.sorted(),
        hint: "lockstep mirror -C \(region.shellPlace)")
    }
    return .ready(
      "identity", "every locator, policy and key is that of \(view.primary)\(heard), proved by tree ids")
  }
}

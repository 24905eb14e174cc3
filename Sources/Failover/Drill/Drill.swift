import Git
package import HTTP
import MediaResources
package import RegionRepository

/// A proof that a region could take over, without moving any traffic: what players would do is done there.
///
/// For each locator: manifests, keys, and segments from the region's own servers; each compared with the primary's bytes where
/// that answers, and with the inventory where it knows them; the first segment under each key is opened. Changes nothing
/// anywhere. Works with the primary gone.
package struct Drill: Sendable {
  /// What is asked of a drill.
  package struct Settings: Sendable {
    /// The region.
    package var region: RegionName
    /// How many locators, picked by chance; all where this is nil.
    package var sample: Int? = 20
    /// These locators and no others; nobody picks then.
    package var names: [String] = []
    /// How many segments of each media playlist or representation; all where this is nil.
    package var segments: Int? = 3
    /// For keys whose policy wants one.
    package var token: KeyToken?
    /// How many locators are drilled at once.
    package var width = 4

    package init(region: RegionName) { self.region = region }
  }

  private let settings: Settings
  private let fetcher: Fetcher
  private let now: @Sendable () -> Int64
  private let stopping: @Sendable () throws -> Void

  /// - Parameters:
  ///   - now: seconds since 1970.
  ///   - stopping: throws where the drill shall end early.
  package init(
    _ settings: Settings, transport: any HTTPTransport, now: @escaping @Sendable () -> Int64,
    stopping: @escaping @Sendable () throws -> Void
  ) {
    self.settings = settings
    fetcher = Fetcher(transport: transport)
    self.now = now
    self.stopping = stopping
  }

  /// Drills the locators that a region's newest commit has.
  /// - Parameter found: told of each locator as it ends.
  /// - Throws: `RegionError` where the fleet does not say where the region's servers are; what fails there is reported.
  package func run(
    from own: RegionRepository, found: (LocatorReport) -> Void
  ) async throws -> DrillReport {
    let clock = ContinuousClock()
    let begun = clock.now
    guard let head = try own.head(), let fleet = try own.fleet() else { throw own.noFleet }
    guard fleet.regions.contains(where: { $0.name == settings.region }) else {
      throw RegionError(
        .unknownResource, "region \(settings.region) is not in the fleet",
        hint: "see who is: lockstep fleet -C \(own.shellPlace)")
    }
    let routes = try DrillRoutes(fleet, settings.region)
    let (primary, comparison) = await self.primary(of: fleet)
    var report = DrillReport(region: settings.region, commit: head, comparison: comparison)
    let mirrored = try own.mirrored(of: head)
    var waiting = try locators(in: mirrored, of: own)[...]
    try await withThrowingTaskGroup(of: LocatorReport.self) { group in
      var running = 0
      while running > 0 || !waiting.isEmpty {
        while running < settings.width, let resource = waiting.popFirst() {
          try stopping()
          let locator = try DrillLocator(resource, in: mirrored, source: own.git, now: now())
          group.addTask { [settings, fetcher] in
            var player = DrillPlayer(
              locator, routes: routes, primary: primary, settings: settings, fetcher: fetcher)
            return await player.play()
          }
          running += 1
        }
        guard let result = try await group.next() else { break }
        running -= 1
        found(result)
        report.locators.append(result)
      }
    }
    report.locators.sort { $0.name < $1.name }
    if let primary, let reason = await primary.whyGone {
      report.comparison = .unreachable(fleet.primary, reason: reason)
    }
    report.duration = clock.now - begun
    return report
  }

  private func locators(in mirrored: ObjectID?, of own: RegionRepository) throws -> [Resource] {
    guard settings.names.isEmpty else {
      return try settings.names.map { name in
        let id = ResourceID(kind: .streamingLocator, assetName: nil, name: name)
        guard let resource = try own.git.resource(id, in: mirrored) else {
          throw RegionError(.unknownResource, "region \(own.name) has no \(id)")
        }
        return resource
      }
    }
    var generator = SystemRandomNumberGenerator()
    return try DrillSample.locators(
      in: mirrored, source: own.git, count: settings.sample, using: &generator)
  }

  /// The primary to compare with, where it answers.
  private func primary(of fleet: Fleet) async -> (DrillPrimary?, DrillReport.Comparison) {
    guard fleet.primary != settings.region else { return (nil, .isDrilled) }
    let routes: DrillRoutes
    do { routes = try DrillRoutes(fleet, fleet.primary) } catch {
      return (nil, .unreachable(fleet.primary, reason: error.message))
    }
    let probe = fleet.traffic(of: .origin)?.probe.path ?? "/"
    let address = (fleet.target(of: .origin, in: fleet.primary)?.text ?? "") + probe
    // Whatever it answers: it answers.
    do { _ = try await fetcher.get(address) } catch {
      return (nil, .unreachable(fleet.primary, reason: error.reason))
    }
    return (DrillPrimary(routes), .compared(fleet.primary))
  }
}

/// The primary while a drill compares with it; once it does not answer it is not asked again.
actor DrillPrimary {
  nonisolated let routes: DrillRoutes
  /// Why it does not answer any more, or nil.
  private(set) var whyGone: String?

  init(_ routes: DrillRoutes) { self.routes = routes }

  /// Notes that it does not answer.
  func gone(_ reason: String) { whyGone = whyGone ?? reason }
}

/// A token for key delivery.
///
/// Its description does not show it.
package struct KeyToken: Sendable, CustomStringConvertible, CustomReflectable {
  private let text: String

  package init(_ text: String) { self.text = text }

  package var description: String { "<token>" }
  package var customMirror: Mirror { Mirror(self, children: []) }

  /// The token itself, for the request that needs it.
  func reveal() -> String { text }
}

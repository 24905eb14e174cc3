import Failover
import MediaResources
package import RegionRepository
import Replay

/// How an exchange goes, region by region, in words.
package struct ExchangeProgress {
  private struct Matter {
    var parts: [String] = []
    var duration = Duration.zero
    var failure: UpkeepCalls.Words?
    /// Whether all that failed is that the primary had not joined yet what was there.
    var isWaiting = false
  }

  private let own: RegionName
  private let shellPlace: String
  private var matters: [RegionName: Matter] = [:]

  /// - Parameter region: the region in whose words it is told.
  package init(of region: RegionRepository) {
    own = region.name
    shellPlace = region.shellPlace
  }

  /// Takes down one replay.
  package mutating func note(_ result: Exchange.Result, explain: (any Error) -> UpkeepCalls.Words) {
    let step = result.step
    var matter = matters[step.region] ?? Matter()
    matter.duration += result.duration
    switch result.outcome {
    case .failure(let error): matter.failure = matter.failure ?? explain(error)
    case .success(let report):
      if case .waiting(let primary) = report.outcome {
        matter.isWaiting = matter.failure == nil
        matter.failure =
          matter.failure
          ?? UpkeepCalls.Words(
            message:
              "region \(step.to) has changes that \(step.from) has not, and waits for \(primary) to join them",
            hint: "lockstep mirror -C \(shellPlace)")
      } else if !report.images.isEmpty {
        let commits = Count.text(report.images.count, "commit")
        let way =
          step.from == own
          ? "mirrored \(commits) to \(step.to)"
          : step.to == own
            ? "took \(commits) from \(step.from)" : "mirrored \(commits) from \(step.from) to \(step.to)"
        if case .joined = report.outcome {
          matter.parts.append("\(way) and joined both regions' changes")
        } else {
          matter.parts.append(way)
        }
      }
    }
    matters[step.region] = matter
  }

  /// The regions whose turn has come.
  package var regions: Set<RegionName> { Set(matters.keys) }

  /// Why regions could not be brought into step.
  package var failures: [RegionName: UpkeepCalls.Words] { matters.compactMapValues(\.failure) }

  /// Why a region could not be brought into step.
  package func failure(of region: RegionName) -> UpkeepCalls.Words? { matters[region]?.failure }

  /// What was done for a region, with its time.
  package func summary(of region: RegionName) -> String {
    let matter = matters[region] ?? Matter()
    let time = UTCText.seconds(matter.duration)
    if matter.parts.isEmpty { return "region \(region) holds every commit already (\(time))" }
    return matter.parts.joined(separator: ", ") + " in \(time)"
  }
}

extension ExchangeProgress {
  /// Whether a region got a commit while its turn was, which the primary is yet to take: another turn does.
  package func isWaiting(_ region: RegionName) -> Bool { matters[region]?.isWaiting == true }

  /// Forgets that a region waits, before another turn.
  package mutating func turnAgain(_ region: RegionName) {
    guard isWaiting(region) else { return }
    matters[region]?.failure = nil
    matters[region]?.isWaiting = false
  }

  /// Whether a region's turn has come.
  package func has(_ region: RegionName) -> Bool { regions.contains(region) }
}

import FolderAccount
import LiveAccount
import Logging
import MediaResources

/// Opens and closes on time what locators publish, while an endpoint runs, as `lockstep apply` and `watch` do in passing.
///
/// An idle second costs one look at a folder. Like every change it waits for who else works on the region.
struct Timekeeper: Sendable {
  /// How often the clock is looked at.
  private static let looking = Duration.seconds(1)
  /// How long what failed is left alone: a locator, and the whole account.
  private static let patience = (locator: Duration.seconds(60), account: Duration.seconds(10))

  private let region: ServedRegion
  private let logger: Logger

  init(_ region: ServedRegion, logger: Logger) {
    self.region = region
    self.logger = logger
  }

  /// Runs until its task is cancelled.
  func run() async throws {
    var times = PublicationTimes()
    // What began or ended while nobody was looking is still on the list.
    var last = Int64.min
    var retry: ContinuousClock.Instant?
    var told: Set<String> = []
    while true {
      var problems: Set<String>?
      var isBlocked = false
      do {
        try times.update(from: region.account)
        let now = region.account.now()
        if times.hasTurn(after: last, until: now) || retry.map({ $0 <= .now }) ?? false {
          let settlement = try await region.change { try await $0.settle() }
          last = now
          for id in settlement.changed { logger.info("\(id.summary): its time has come or is over") }
          problems = Set(settlement.problems)
          retry = settlement.problems.isEmpty ? nil : .now.advanced(by: Self.patience.locator)
        }
      } catch is CancellationError {
        throw CancellationError()
      } catch {
        isBlocked = true
        problems = ["what is published does not follow the clock: \(AccountError.explaining(error).message)"]
      }
      if let problems {
        for problem in problems.subtracting(told).sorted() { logger.warning("\(problem)") }
        told = problems
      }
      try await Task.sleep(for: isBlocked ? Self.patience.account : Self.looking)
    }
  }
}

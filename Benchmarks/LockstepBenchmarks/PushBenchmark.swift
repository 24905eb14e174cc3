import Foundation
import Git
import MediaResources
import RegionRepository
import Support

/// Judging a push of one resource, whole process, in regions of three sizes: work follows the push.
///
/// What is timed is what git waits for: `lockstep hook pre-receive` from start to end, with the new commit as one that no
/// ref names.
enum PushBenchmark {
  private static let sizes = [1_000, 100_000, 2_000_000]
  private static let rounds = 21

  static func run(_ folder: TemporaryFolder) throws -> [Row] {
    var medians: [Double] = []
    var builds: [Double] = []
    for size in sizes {
      let inner = try TemporaryFolder(in: folder.path)
      let region = try Fixture.region("east", in: inner, resources: size)
      let numbers = (1...rounds).map { $0 * 37 % (size / 2) * 2 + 1 }
      try Fixture.commitWhatLocatorsNeed(numbers, to: region)
      builds.append(
        try Timing.seconds { try lockstep("hooks", "install", "--bare-hub", "-C", inner["east"]) })
      var times: [Double] = []
      for round in 1...rounds {
        // A locator: an id that nobody else may have, and three resources that it refers to.
        let (old, new) = try Fixture.detachedCommit([numbers[round - 1]], round: round, to: region)
        let line = "\(old) \(new) \(try region.branchReference())\n"
        times.append(
          try Timing.seconds {
            let outcome = try Program.run(
              Program.lockstep, ["hook", "pre-receive"], in: inner["east"], input: line)
            guard outcome.status == 0 else { throw Program.Failed(what: "the guard", outcome: outcome) }
          })
        try region.git.setReference(region.branchReference(), to: new, expecting: old, log: "benchmark")
      }
      medians.append(Timing.median(times))
    }
    return zip(zip(sizes, medians), builds).map { pair, build in
      let (size, median) = pair
      return Row(
        what: "judge a push of one resource into \(size.grouped)", figure: Timing.text(median),
        against: "building the index, once: \(Timing.text(build))",
        ratio: String(format: "%.2f times the time of %@", median / medians[0], sizes[0].grouped),
        aim: "under 100 ms")
    }
  }
}

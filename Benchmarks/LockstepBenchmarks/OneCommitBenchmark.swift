import Foundation
import RegionRepository
import Support

/// Mirror of one new commit, whole process, in regions of three sizes: work follows the change.
enum OneCommitBenchmark {
  private static let sizes = [1_000, 100_000, 2_000_000]
  private static let rounds = 21

  static func run(_ folder: TemporaryFolder) throws -> [Row] {
    let regions = try sizes.map { size in
      let inner = try TemporaryFolder(in: folder.path)
      let east = try Fixture.region("east", in: inner, resources: size)
      _ = try Fixture.region("west", in: inner, resources: 0)
      try lockstep("mirror", inner["east"], inner["west"])
      return (inner, east)
    }
    var times = sizes.map { _ in [Double]() }
    for round in 1...rounds {
      for (index, (inner, east)) in regions.enumerated() {
        try Fixture.commit([round * 37 % sizes[index]], round: round, to: east)
        times[index].append(try Timing.seconds { try lockstep("mirror", inner["east"], inner["west"]) })
      }
    }
    let medians = times.map(Timing.median)
    return zip(sizes, medians).map { size, median in
      Row(
        what: "mirror one commit in a region of \(size.grouped) resources", figure: Timing.text(median),
        against: "the same in one of \(sizes[0].grouped): \(Timing.text(medians[0]))",
        ratio: String(format: "%.2f times the time", median / medians[0]),
        aim: "under 40 ms, within 1.1 times")
    }
  }
}

import Foundation
import RegionRepository
import Support

/// Rotation of the data key under 100,000 sealed values, against the same on one core.
enum RotationBenchmark {
  /// Half of them are locators with two keys each.
  private static let count = 100_000

  static func run(_ folder: TemporaryFolder) throws -> [Row] {
    try withExtendedLifetime(Fixture.region("east", in: folder, resources: count, isClear: true)) {}
    try lockstep("keys", "init", "-C", folder["east"])
    // The fixture's values stand in clear: the first rotation seals them.
    let rotate = ["keys", "rotate", "-C", folder["east"], "--yes"]
    try lockstep(arguments: rotate)
    var all: [Double] = []
    var one: [Double] = []
    for _ in 0..<3 {
      all.append(try Timing.seconds { try lockstep(arguments: rotate) })
      one.append(
        try Timing.seconds {
          let outcome = try Program.run("taskset", ["--cpu-list", "0", Program.lockstep] + rotate)
          guard outcome.status == 0 else { throw CocoaError(.executableRuntimeMismatch) }
        })
    }
    let (a, b) = (Timing.median(all), Timing.median(one))
    return [
      Row(
        what: "rotate the data key of \(count.grouped) sealed values", figure: Timing.text(a),
        against: "the same on one core: \(Timing.text(b))", ratio: Timing.ratio(a, b),
        aim: "seconds, on all cores")
    ]
  }
}

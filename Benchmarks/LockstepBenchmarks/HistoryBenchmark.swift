import Foundation
import RegionRepository
import Support

/// Mirror of a long history into an empty region, against `git fast-export | git fast-import` of the same history.
enum HistoryBenchmark {
  private static let resources = 100_000
  private static let commits = 10_000

  static func run(_ folder: TemporaryFolder) throws -> [Row] {
    let east = try Fixture.region("east", in: folder, resources: resources)
    var random = SeededGenerator(seed: 1)
    try Fixture.commit(
      rounds: (0..<commits).map { _ in
        (0..<Int.random(in: 1...5, using: &random)).map { _ in Int.random(in: 0..<resources, using: &random) }
      }, to: east)
    var mirrors: [Double] = []
    var streams: [Double] = []
    for round in 0..<3 {
      _ = try Fixture.region("west", in: folder, resources: 0)
      mirrors.append(try Timing.seconds { try lockstep("mirror", folder["east"], folder["west"]) })
      if round == 0 { try Program.git("fsck", "--strict", in: folder["west"]) }
      try FileManager.default.removeItem(atPath: folder["west"])
      try Program.git("init", "--quiet", "--bare", folder["copy"], in: folder.path)
      streams.append(
        try Timing.seconds {
          let pipe = "git -C east fast-export main | git -C copy fast-import --quiet"
          let outcome = try Program.run("sh", ["-c", pipe], in: folder.path)
          guard outcome.status == 0 else { throw CocoaError(.executableRuntimeMismatch) }
        })
      try FileManager.default.removeItem(atPath: folder["copy"])
    }
    let (a, b) = (Timing.median(mirrors), Timing.median(streams))
    return [
      Row(
        what: "mirror \(commits.grouped) commits over \(resources.grouped) resources", figure: Timing.text(a),
        against: "git fast-export | git fast-import: \(Timing.text(b))", ratio: Timing.ratio(a, b),
        aim: "10 times faster")
    ]
  }
}

import CanonicalJSON
import FolderAccount
import Foundation
import MediaResources
import Support

/// Capture of a folder account, against `git add` and `git commit` of the same files.
enum CaptureBenchmark {
  private static let count = 100_000

  static func run(_ folder: TemporaryFolder) throws -> [Row] {
    let account = try FolderAccount.create(folder["account"], now: { 0 })
    try withExtendedLifetime(account) { try fill(folder) }
    var captures: [Double] = []
    var commits: [Double] = []
    for round in 0..<3 {
      let region = folder["region-\(round)"]
      try lockstep(
        "init", region, "--region", "east", "--account", "folder:\(folder["account"])", "--storage",
        "eaststorage",
        "--user", "Benchmark <benchmark@example.com>", "--bare")
      captures.append(try Timing.seconds { try lockstep("capture", "-C", region) })
      let plain = folder["plain-\(round)"]
      try Program.git("clone", "--quiet", region, plain, in: folder.path)
      try FileManager.default.removeItem(atPath: plain + "/.git")
      try Program.git("init", "--quiet", plain, in: folder.path)
      commits.append(
        try Timing.seconds {
          try Program.git("add", "-A", in: plain)
          try Program.git("commit", "--quiet", "-m", "all", in: plain)
        })
      if round > 0 {
        for name in [region, plain] { try FileManager.default.removeItem(atPath: name) }
      }
    }
    let (a, b) = (Timing.median(captures), Timing.median(commits))
    return [
      Row(
        what: "capture \(count.grouped) resources", figure: Timing.text(a),
        against: "git add -A && git commit: \(Timing.text(b))", ratio: Timing.ratio(a, b),
        aim: "5 times faster"),
      try oneChange(folder),
    ]
  }

  /// Captures with one changed resource each, in the first round's region, against git over the first round's files.
  private static func oneChange(_ folder: TemporaryFolder) throws -> Row {
    var captures: [Double] = []
    var commits: [Double] = []
    let plain = folder["plain-0"]
    for round in 1...9 {
      let resource = try Fixture.resource(round * 1_000, round: round, storage: "eaststorage")
      try write(resource, in: folder)
      captures.append(try Timing.seconds { try lockstep("capture", "-C", folder["region-0"]) })
      try Data(Fixture.resource(round * 1_000, round: round, isClear: false).canonicalBytes()).write(
        to: URL(fileURLWithPath: plain + "/mirrored/" + ResourcePath.path(of: resource.id)))
      commits.append(
        try Timing.seconds {
          try Program.git("add", "-A", in: plain)
          try Program.git("commit", "--quiet", "-m", "one", in: plain)
        })
    }
    let (a, b) = (Timing.median(captures), Timing.median(commits))
    return Row(
      what: "capture one change among \(count.grouped)", figure: Timing.text(a),
      against: "git add -A && git commit: \(Timing.text(b))", ratio: Timing.ratio(a, b), aim: "under 1 s")
  }

  private static func fill(_ folder: TemporaryFolder) throws {
    for kind in [ResourceKind.asset, .streamingLocator] {
      try FileManager.default.createDirectory(
        atPath: folder["account/account/\(kind.rawValue)"], withIntermediateDirectories: true)
    }
    for number in 0..<count {
      let resource = try Fixture.resource(number, round: 0, storage: "eaststorage")
      try write(resource, in: folder)
      guard let container = AssetView(resource).container else { continue }
      try FileManager.default.createDirectory(
        atPath: folder["account/storage/eaststorage/\(container)"], withIntermediateDirectories: true)
    }
    sync()
  }

  private static func write(_ resource: Resource, in folder: TemporaryFolder) throws {
    let path = folder["account/" + FolderLayout.document(resource.id)]
    try Data(resource.canonicalBytes()).write(to: URL(fileURLWithPath: path))
  }
}

/// Runs the built program, which must succeed.
func lockstep(_ arguments: String...) throws { try lockstep(arguments: arguments) }

/// Runs the built program, which must succeed.
func lockstep(arguments: [String]) throws {
  let outcome = try Program.run(Program.lockstep, arguments)
  guard outcome.status == 0 else {
    print("lockstep \(arguments.joined(separator: " ")): exit \(outcome.status)\n\(outcome.errors)")
    throw CocoaError(.executableRuntimeMismatch)
  }
}

extension Int {
  /// With commas between thousands.
  var grouped: String {
    var digits = Array(String(self).reversed())
    for index in stride(from: (digits.count - 1) / 3 * 3, to: 0, by: -3) { digits.insert(",", at: index) }
    return String(digits.reversed())
  }
}

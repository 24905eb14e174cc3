import Foundation
import Support

/// Runs the benchmarks by name, prints their rows, and writes them to `Benchmarks/results.md`.
@main
enum LockstepBenchmarks {
  private static let all: [(name: String, run: @Sendable (TemporaryFolder) throws -> [Row])] = [
    ("json", JSONBenchmark.run), ("capture", CaptureBenchmark.run), ("history", HistoryBenchmark.run),
    ("one", OneCommitBenchmark.run), ("push", PushBenchmark.run),
    ("rotate", RotationBenchmark.run), ("service", ServiceBenchmark.run),
    ("memory", ServiceBenchmark.memory),
  ]

  static func main() throws {
    let wanted = CommandLine.arguments.dropFirst()
    for name in wanted where !all.contains(where: { $0.name == name }) {
      print("no benchmark '\(name)'; there are \(all.map(\.name).joined(separator: ", "))")
      exit(64)
    }
    var rows: [Row] = []
    for benchmark in all where wanted.isEmpty || wanted.contains(benchmark.name) {
      let folder = try TemporaryFolder(in: workFolder())
      rows += try benchmark.run(folder)
    }
    let table = Row.table(rows)
    print(table)
    guard wanted.isEmpty else { return }
    let text = """
      # Benchmarks

      Made by `Benchmarks/run` on \(machine()), with \(try version("git")). Medians; every figure of a row comes from one
      run, so the ratios are what to read.

      \(table)

      """
    try Data(text.utf8).write(to: URL(fileURLWithPath: "Benchmarks/results.md"))
  }

  /// A folder on the disk of the checkout: temporary folders may lie in memory.
  private static func workFolder() throws -> String {
    let path = FileManager.default.currentDirectoryPath + "/Benchmarks/.work"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    return path
  }

  private static func machine() -> String {
    let info = ProcessInfo.processInfo
    return "\(info.activeProcessorCount) cores, \(info.physicalMemory >> 30) GiB of memory,"
      + " \(info.operatingSystemVersionString)"
  }

  private static func version(_ program: String) throws -> String {
    try Program.run(program, ["--version"]).output.trimmingCharacters(in: .whitespacesAndNewlines)
  }
}

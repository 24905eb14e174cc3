import ArgumentParser
import CanonicalJSON
import FolderAccount
import Git
import LiveAccount
import MediaResources
import Planning
import RegionRepository

/// `lockstep apply`: makes the live account match the repository.
struct ApplyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "apply", abstract: "Make the live account match the repository.")

  @OptionGroup var region: RegionOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var force: ForceOptions

  @Option(help: "Apply only if the plan is the one in this file (from lockstep plan --out).")
  var expect: String?

  @Flag(help: "Print the plan and change nothing.")
  var dryRun = false

  func run() async throws {
    let repository = try region.open()
    let account = try Accounts.open(for: repository)
    let builder = PlanBuilder(region: repository, capabilities: account.capabilities)
    if dryRun {
      Reports.print(try builder.plan(forced: force.forced).plan)
      return
    }
    let lock = try repository.lock(for: "lockstep apply")
    defer { withExtendedLifetime(lock) {} }
    try await Self.finishInterrupted(repository, account)
    let prepared = try builder.plan(forced: force.forced)
    if let expect { try check(prepared, against: expect, region: repository) }
    let report = try await Self.apply(prepared, forced: force.forced, repository, account)
    if output.json {
      Terminal.print(
        [
          "applied": .string(report.applied.hex), "region": .string(repository.name.text),
          "settled": .array(report.settled.map { .string($0.description) }),
          "steps": .number(.int64(Int64(report.stepsMade))), "version": 1,
        ])
    } else {
      Reports.print(prepared.plan)
      for id in report.settled { Terminal.say("\(id.summary): its time has come or is over") }
      Terminal.say("the live account of region \(repository.name) matches \(report.applied.abbreviated)")
    }
  }

  private func check(_ prepared: PreparedPlan, against file: String, region: RegionRepository) throws {
    guard let expected = FilePaths.read(file) else {
      throw RegionError(.badConfiguration, "cannot read the expected plan \(file)")
    }
    guard expected == Reports.document(prepared, region: region).canonicalBytes() else {
      throw AccountError(
        .refused, "the plan is no longer the one in \(file)",
        hint: "look at it again: lockstep plan -C \(region.place) --out \(file)")
    }
  }

  /// Applies a plan with progress on the terminal.
  static func apply(
    _ prepared: PreparedPlan, forced: Set<GuardRefusal.Guard>, _ repository: RegionRepository,
    _ account: FolderAccount
  ) async throws -> ApplyReport {
    let progress = ProgressLine()
    defer { progress.end() }
    return try await engine(repository, account, progress).run(prepared, forced: forced)
  }

  /// Finishes an apply that was cut off, and says so.
  static func finishInterrupted(_ repository: RegionRepository, _ account: FolderAccount) async throws {
    let progress = ProgressLine()
    defer { progress.end() }
    if let report = try await engine(repository, account, progress).finishInterrupted() {
      Terminal.say(
        "finished an apply that was cut off: \(report.stepsMade) steps, now at \(report.applied.abbreviated)")
    }
  }

  private static func engine(
    _ repository: RegionRepository, _ account: FolderAccount, _ progress: ProgressLine
  ) throws -> Apply {
    Apply(
      region: repository, account: account, contents: try Accounts.contentSources(for: repository),
      cancellation: Interruption.cancellation
    ) { event in
      switch event {
      case .step(let step, let number, let count): progress.step(number, of: count, what: step.id.summary)
      case .content(let asset, let done, let total): progress.bytes(done, of: total, what: "asset/\(asset)")
      }
    }
  }
}

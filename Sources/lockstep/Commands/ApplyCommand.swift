import ArgumentParser
import CanonicalJSON
import FolderAccount
import Git
import LiveAccount
import MediaResources
import Planning
import RegionRepository
import Upkeep

/// `lockstep apply`: makes the live account match the repository.
struct ApplyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "apply", abstract: "Make the live account match the repository.")

  @OptionGroup var region: RegionOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var force: ForceOptions

  @Option(
    help: ArgumentHelp(
      "Apply only if the plan is the one in this file (from lockstep plan --out).", valueName: "file"))
  var expect: String?

  @Flag(
    help:
      "Read copied files back, with --contents all files, where the storage knows no digest of them, to prove them."
  )
  var readBack = false

  @Flag(
    help:
      "Look at the files of every asset besides, and copy again those that are gone or other than captured.")
  var contents = false

  @Flag(help: "Print the plan and change nothing.")
  var dryRun = false

  func run() async throws {
    let repository = try region.open()
    let account = try Accounts.open(for: repository)
    if dryRun {
      try await account.checkPresence()
      let plan = try await PlanBuilder(
        region: repository, capabilities: account.capabilities, identities: IdentityPlace.identities,
        purpose: .reading
      ).rest(observing: account, forced: force.forced, cancellation: Interruption.cancellation)
      if output.json {
        Terminal.print(try await Reports.document(plan, region: repository, for: account))
      } else {
        try await Reports.print(plan.plan, of: repository, for: account)
        if contents {
          let progress = ProgressLine()
          for damage in try await mend(repository, account, progress).look(at: plan.live) {
            Terminal.print(Self.line("would restore", damage))
          }
        }
      }
      return
    }
    let lock = try repository.lock(for: "lockstep apply")
    defer { withExtendedLifetime(lock) {} }
    try FenceCheck.pass("the apply", in: repository)
    let settlement = try QueueSettlement(of: repository)
    let progress = ProgressLine()
    defer { progress.end() }
    let apply = try Self.engine(
      repository, account, progress, proof: readBack ? .readBack : .known)
    let prepared = try await apply.prepare(forced: force.forced)
    if let expect { try check(prepared, against: expect, region: repository) }
    if let forecast = try await account.forecast(of: prepared.plan.steps), forecast.seconds >= 1 {
      Terminal.say(forecast.sentence)
    }
    var mended = ContentMend.Report()
    func bringBack(at commit: ObjectID) async throws {
      mended = try await mend(repository, account, progress).run(at: commit)
      progress.end()
      if output.json { return }
      for damage in mended.restored { Terminal.print(Self.line("restored", damage)) }
    }
    // Before the plan, which stops at files that live says are there; one that was cut off has left live behind.
    let goesOn = try ApplyJournal.isOpen(for: repository)
    if contents, !goesOn { try await bringBack(at: prepared.live) }
    let report = try await apply.run(prepared, forced: force.forced)
    if contents, goesOn { try await bringBack(at: report.applied) }
    if report.done.held.isEmpty {
      settlement.settle(UpkeepTask.ID(.apply, repository.name), result: "applied by lockstep apply")
    }
    progress.end()
    if output.json {
      Terminal.print(
        [
          "applied": .string(report.applied.hex), "heldBack": Reports.json(report.done.held),
          "problems": .array(report.settlement.problems.map { .string($0) }),
          "region": .string(repository.name.text),
          "restored": .array(
            mended.restored.flatMap { damage in
              damage.files.map { .string("\(damage.asset)/\($0.path)") }
            }),
          "settled": .array(report.settlement.changed.map { .string($0.description) }),
          "steps": .number(.int64(Int64(report.stepsMade))), "version": 1,
        ])
    } else {
      try await Reports.print(report.done, of: repository)
      let but = report.done.held.isEmpty ? "" : ", but for what is held back"
      Terminal.say(
        "the live account of region \(repository.name) matches \(report.applied.abbreviated)\(but)")
    }
    for problem in mended.problems { Terminal.say("error: \(problem)") }
    try Reports.tell(report.settlement)
    if !mended.problems.isEmpty { throw ExitCode(ExitStatus.partlyDone) }
    // The rest was done; this needs a person.
    if !report.done.held.isEmpty { throw ExitCode(ExitStatus.refused) }
  }

  private func mend(
    _ repository: RegionRepository, _ account: any LiveAccount, _ progress: ProgressLine
  ) throws -> ContentMend {
    let command = ContentMend.command(for: repository)
    return ContentMend(
      region: repository, account: account,
      contents: try Accounts.contentSources(for: repository, proof: readBack ? .readBack : .known),
      cancellation: Interruption.cancellation
    ) { Self.show($0, progress, mend: command) }
  }

  private static func line(_ what: String, _ damage: ContentMend.Damage) -> String {
    let shown = damage.files.prefix(5).map(\.path).joined(separator: ", ")
    let more = damage.files.count > 5 ? " and \(damage.files.count - 5) more" : ""
    return "\(what) \(damage.asset.summary): \(shown)\(more)"
  }

  private func check(_ prepared: PreparedPlan, against file: String, region: RegionRepository) throws {
    guard let expected = FilePaths.read(file) else {
      throw RegionError(.badConfiguration, "cannot read the expected plan \(file)")
    }
    guard expected == Reports.document(prepared, region: region).canonicalBytes() else {
      throw AccountError(
        .refused, "the plan is no longer the one in \(file)",
        hint: "look at it again: lockstep plan -C \(region.shellPlace) --out \(file)")
    }
  }

  /// Ends an apply that was cut off, and says so.
  static func finishInterrupted(_ repository: RegionRepository, _ account: any LiveAccount) async throws {
    let progress = ProgressLine()
    defer { progress.end() }
    guard let report = try await engine(repository, account, progress).finishInterrupted() else { return }
    progress.end()
    Terminal.say(
      "finished an apply that was cut off: \(Count.text(report.stepsMade, "step")), now at \(report.applied.abbreviated)"
    )
    for held in report.done.held { Terminal.say("warning: \(held.sentence)") }
    for problem in report.settlement.problems { Terminal.say("warning: \(problem)") }
  }

  static func engine(
    _ repository: RegionRepository, _ account: any LiveAccount, _ progress: ProgressLine,
    proof: ContentProof = .known
  ) throws -> Apply {
    let command = ContentMend.command(for: repository)
    return Apply(
      region: repository, account: account,
      contents: try Accounts.contentSources(for: repository, proof: proof),
      identities: IdentityPlace.identities, cancellation: Interruption.cancellation
    ) { show($0, progress, mend: command) }
  }

  private static func show(
    _ event: ApplyEvent, _ progress: ProgressLine, mend command: String
  ) {
    switch event {
    case .step(let step, let number, let count): progress.step(number, of: count, what: step.id.summary)
    case .content(let asset, let done, let total): progress.bytes(done, of: total, what: "asset/\(asset)")
    case .comparedBySize(let asset, let files):
      progress.end()
      Terminal.say(
        "asset/\(asset): \(files) \(files == 1 ? "file was" : "files were") compared by size only, for the storage"
          + " knows no digest; to prove them: \(command) --read-back")
    }
  }
}

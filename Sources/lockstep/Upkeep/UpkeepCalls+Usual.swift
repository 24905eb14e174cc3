import Git
import LiveAccount
import Planning
import RegionRepository
import Replay
import Upkeep

extension UpkeepCalls {
  /// What the commands of the same names do, without a person at the terminal.
  static let usual = UpkeepCalls(
    mirror: { from, to, checkpoint in
      try MirrorCommand.mirror(from, to: to, options: Mirror.Options(), checkpoint: checkpoint)
    },
    apply: { place, begins in
      let region = try RegionRepository.open(at: place)
      let lock = try region.lock(for: "lockstep apply")
      defer { withExtendedLifetime(lock) {} }
      try FenceCheck.pass("the apply", in: region, isQuiet: true)
      let account = try Accounts.open(for: region)
      let progress = ProgressLine()
      defer { progress.end() }
      let apply = try ApplyCommand.engine(region, account, progress)
      let prepared = try await apply.prepare()
      if !prepared.plan.steps.isEmpty, prepared.plan.refusals.isEmpty { begins(prepared.plan.steps.count) }
      let report = try await apply.run(prepared)
      return Applied(
        steps: report.stepsMade, commit: report.applied.hex, problems: report.settlement.problems,
        heldBack: try report.done.held.map {
          Words(
            message: $0.sentence, hint: $0.root == nil ? try $0.mend(in: region) : nil, needsPerson: true)
        })
    },
    capture: { place in
      let region = try RegionRepository.open(at: place)
      let lock = try region.lock(for: "lockstep capture")
      defer { withExtendedLifetime(lock) {} }
      return try await CaptureCommand.capture(region, isQuiet: true)
    },
    explain: words, cancellation: Interruption.cancellation)

  /// A failure in words.
  static let words: @Sendable (any Error) -> Words = { error in
    let failure = Failure(error)
    return Words(
      message: failure.message, hint: failure.hint, isLocked: failure.status == ExitStatus.locked,
      needsPerson: failure.status == ExitStatus.refused)
  }
}

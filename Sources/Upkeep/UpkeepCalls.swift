package import LiveAccount
package import Replay

/// What the upkeep does with a region, as the commands do it; everything that needs the person's environment.
package struct UpkeepCalls: Sendable {
  /// What an apply did.
  package struct Applied: Sendable {
    /// How many steps were made.
    package let steps: Int
    /// The commit that the account matches now, in hexadecimal.
    package let commit: String
    /// What could not be done although its time has come.
    package let problems: [String]
    /// What no account takes, so that it was left out.
    package let heldBack: [Words]

    package init(steps: Int, commit: String, problems: [String], heldBack: [Words] = []) {
      self.steps = steps
      self.commit = commit
      self.problems = problems
      self.heldBack = heldBack
    }
  }

  /// A failure in words.
  package struct Words: Sendable, Equatable {
    /// What happened, to what, and why.
    package let message: String
    /// The command that mends it.
    package let hint: String?
    /// Whether it is only that another process works there at the moment.
    package let isLocked: Bool
    /// Whether trying again does not help: a conflict, or a guard that refuses, needs a person.
    package let needsPerson: Bool

    package init(message: String, hint: String?, isLocked: Bool = false, needsPerson: Bool = false) {
      self.message = message
      self.hint = hint
      self.isLocked = isLocked
      self.needsPerson = needsPerson
    }
  }

  /// Replays one place's commits onto another's; the last argument is asked now and then, and ends it by throwing.
  package let mirror:
    @Sendable (String, String, _ checkpoint: @escaping () throws -> Void) throws -> MirrorReport
  /// Makes the account of the region at a place match it; told of the number of steps before the first one, where no
  /// guard refuses them.
  package let apply: @Sendable (String, _ begins: @Sendable (Int) -> Void) async throws -> Applied
  /// Captures the account of the region at a place.
  package let capture: @Sendable (String) async throws -> CaptureReport
  /// Puts a failure into words.
  package let explain: @Sendable (any Error) -> Words
  /// The wish to stop.
  package let cancellation: Cancellation

  package init(
    mirror:
      @escaping @Sendable (String, String, _ checkpoint: @escaping () throws -> Void) throws -> MirrorReport,
    apply: @escaping @Sendable (String, _ begins: @Sendable (Int) -> Void) async throws -> Applied,
    capture: @escaping @Sendable (String) async throws -> CaptureReport,
    explain: @escaping @Sendable (any Error) -> Words, cancellation: Cancellation
  ) {
    self.mirror = mirror
    self.apply = apply
    self.capture = capture
    self.explain = explain
    self.cancellation = cancellation
  }
}

extension UpkeepCalls {
  /// How long the pause between two looks at a lock grows at most.
  private static let longestPause = Duration.milliseconds(500)

  /// Does something again and again while another process works on the region.
  func retrying<Result>(for patience: Duration, _ body: () async throws -> Result) async throws -> Result {
    let deadline = ContinuousClock.now.advanced(by: patience)
    var pause = Duration.milliseconds(20)
    while true {
      do { return try await body() } catch {
        guard explain(error).isLocked, ContinuousClock.now < deadline else { throw error }
      }
      try cancellation.check()
      try await Task.sleep(for: pause)
      pause = min(pause * 2, Self.longestPause)
    }
  }

  /// Mirrors, waiting for another process that works on the target, and for no longer than a peer may take.
  func mirror(from: String, to: String, settings: UpkeepSettings) throws -> MirrorReport {
    let lockDeadline = ContinuousClock.now.advanced(by: settings.lockWait)
    var pause: UInt32 = 20_000
    while true {
      let deadline = ContinuousClock.now.advanced(by: settings.peerWait)
      let cancellation = cancellation
      do {
        return try mirror(from, to) {
          try cancellation.check()
          guard ContinuousClock.now < deadline else {
            throw UpkeepError.tooSlow(from, settings.peerWait)
          }
        }
      } catch {
        guard explain(error).isLocked, ContinuousClock.now < lockDeadline else { throw error }
      }
      try cancellation.check()
      Pause.microseconds(pause)
      pause = min(pause * 2, 500_000)
    }
  }
}

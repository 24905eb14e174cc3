import CanonicalJSON
import Failover
import Git
import LiveAccount
import MediaResources
import RegionRepository

/// A region on another machine, in which the program is run through ssh.
///
/// What a step of a move has to do in it, the program there does: with its own configuration, identities and credentials,
/// none of which cross the line.
struct RemoteRegion: Sendable {
  /// The region.
  let name: RegionName
  /// How this machine reaches it.
  let url: String
  private let address: SSHAddress
  private let ssh: SSHProgram
  private let program: String
  private let patience: Duration
  private let ownPlace: String

  /// How long a connection may take (`lockstep.connectWaitSeconds`), unless the configuration says otherwise.
  private static let usualPatienceSeconds = 30.0

  /// - Parameter own: the region whose configuration says how to get there.
  /// - Throws: `FailoverError` (`.unknownRegion`) where the place is none that ssh reaches.
  init(_ name: RegionName, at url: String, for own: RegionRepository) throws {
    guard let address = SSHAddress(url) else {
      throw FailoverError(
        .unknownRegion, "region \(name) is at \(url), and nothing can be run there",
        hint:
          "say how ssh reaches it: git -C \(own.shellPlace) config \(RegionConfiguration.peerRepository(name))"
          + " ssh://HOST/PATH")
    }
    self.name = name
    self.url = url
    self.address = address
    ssh = try SSHProgram(for: own.git, environment: Environment.value)
    program = try own.git.configValue(RegionConfiguration.peerProgram(name)) ?? "lockstep"
    patience = try RegionConfiguration.duration(
      RegionConfiguration.connectWait, usualSeconds: Self.usualPatienceSeconds, in: own.git)
    ownPlace = own.shellPlace
  }

  /// Runs a command of the program in the region there, which must succeed.
  ///
  /// What it says beside its document is told here, with the region's name before it. It stops at its next safe place once
  /// this process ends, or is interrupted, and has some seconds then to say how far it came.
  /// - Returns: the JSON document that it printed.
  /// - Throws: `StepFailure` with what it said of its failure.
  func run(_ arguments: [String]) throws -> JSONValue {
    var error: String?
    var hint: String?
    let outcome: SSHProgram.Outcome
    let words =
      [program] + arguments.map { ShellWord.quoted($0) } + [CallerOptions.word, "-C", address.shellPath]
    do {
      let isStopped = { Interruption.cancellation.isCancelled }
      outcome = try ssh.run(words, at: address, patience: patience, stopping: isStopped) { line in
        if line.hasPrefix("error: ") {
          error = String(line.dropFirst("error: ".count))
        } else if error != nil, line.hasPrefix("hint: ") {
          hint = String(line.dropFirst("hint: ".count))
        } else if !line.isEmpty {
          Terminal.say("\(name): \(line)")
        }
      }
    } catch let failure {
      try Interruption.cancellation.check()
      throw unreached(failure.message)
    }
    // Where ssh was ended, by the person's Ctrl-C or after a while, nobody heard how the program there ended.
    if Interruption.cancellation.isCancelled, outcome.hasBegun, outcome.status != 0, error == nil {
      Terminal.say("\(name): what runs there (\(url)) was told to stop, and does at its next safe place")
    }
    try Interruption.cancellation.check()
    guard outcome.hasBegun else {
      let said = outcome.errors.inOneLine
      throw unreached(said.isEmpty ? "ssh ended with \(outcome.status)" : said)
    }
    let document = try? JSONValue.parse(outcome.output)
    guard outcome.status != 0 else {
      guard let document, document["version"] == .number(.int64(1)) else { throw otherProgram("no document") }
      return document
    }
    if outcome.status == 127 || outcome.status == 126 { throw otherProgram("it cannot be run") }
    if outcome.status == 64 { throw otherProgram(error ?? "it does not know '\(arguments.first ?? "")'") }
    if outcome.status == 255, error == nil { throw cutOff() }
    throw StepFailure(
      message: "in region \(name) (\(url)): \(error ?? "lockstep ended with \(outcome.status)")",
      hint: hint.map { "there, on \(address.destination): \($0)" }, status: outcome.status, document: document
    )
  }

  private func unreached(_ why: String) -> StepFailure {
    StepFailure(
      message: "nothing can be run in region \(name) (\(url)): \(why)",
      hint: "see what ssh says: \(ssh.line("\(program) --version", at: address))", status: ExitStatus.error)
  }

  private func cutOff() -> StepFailure {
    StepFailure(
      message: "the connection to region \(name) (\(url)) broke while a command ran there",
      hint: "once it is back, run the same again: what was done there is not done twice",
      status: ExitStatus.partlyDone)
  }

  private func otherProgram(_ why: String) -> StepFailure {
    StepFailure(
      message: "the program '\(program)' in region \(name) (\(url)) is not this version's lockstep: \(why)",
      hint:
        "see it: \(ssh.line("\(program) --version", at: address)); or say where it is: git -C \(ownPlace) config"
        + " \(RegionConfiguration.peerProgram(name)) /PATH/lockstep", status: ExitStatus.error)
  }
}

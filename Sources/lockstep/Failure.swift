import ArgumentParser
import CanonicalJSON
import CommitGuard
import Failover
import Git
import LiveAccount
import MediaResources
import RegionRepository
import Replay
import Sealing
import Traffic
import Upkeep

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The program's exit codes (documented in the README).
enum ExitStatus {
  static let error: Int32 = 1
  static let differences: Int32 = 2
  static let partlyDone: Int32 = 3
  static let refused: Int32 = 4
  static let locked: Int32 = 11
  static let interrupted: Int32 = 130
}

/// A failure as the person sees it.
struct Failure: Error {
  let message: String
  let hint: String?
  let status: Int32

  /// Says what went wrong and ends the program.
  /// - Parameter command: the command that ran; nil where the arguments could not be read.
  static func exit(with error: any Error, of command: (any ParsableCommand.Type)?) -> Never {
    if let error = error as? ValidationError, let command {
      let usage = Lockstep.usageString(for: command)
      let name = usage.prefix { $0 != "[" && $0 != "<" }.split(separator: " ").joined(separator: " ")
      Terminal.say("Error: \(error.message)\nUsage: \(usage)")
      Terminal.say("  See '\(name) --help' for more information.")
      Lockstep.exit(withError: ExitCode.validationFailure)
    }
    if error is CleanExit || error is ExitCode || error is ValidationError || isParserError(error) {
      Lockstep.exit(withError: error)
    }
    let failure = Failure(error)
    failure.tell()
    #if canImport(Glibc)
      Glibc.exit(failure.status)
    #else
      Darwin.exit(failure.status)
    #endif
  }

  /// Says what went wrong, and what mends it.
  func tell() {
    Terminal.say("error: \(message)")
    if let hint { Terminal.say("hint: \(hint)") }
  }

  /// What went wrong and what mends it, in one line.
  var line: String {
    [message, hint].compactMap(\.self).joined(separator: "\n").inOneLine
  }

  /// The failure as a member of a JSON report.
  var json: JSONValue {
    [
      "error": .string(message), "exitCode": .number(.int64(Int64(status))),
      "hint": hint.map { .string($0) } ?? .null,
    ]
  }

  /// Errors that the argument parser made itself; it knows best how to print them.
  private static func isParserError(_ error: any Error) -> Bool {
    "\(type(of: error))" == "CommandError"
  }

  init(_ error: any Error) {
    switch error {
    case let error as AccountError:
      self.init(error.message, error.hint, Self.status(of: error))
    case let error as ContentError:
      self.init(
        error.message, error.hint, error.code == .interrupted ? ExitStatus.interrupted : ExitStatus.error)
    case let error as RegionError:
      self.init(error.message, error.hint, Self.status(of: error))
    case let error as ReplayError:
      self.init(error.message, error.hint, Self.status(of: error))
    case let error as JoinConflicts:
      self.init(error.message, error.hint, ExitStatus.refused)
    case let error as SealingError:
      self.init(error.message, error.hint, Self.status(of: error))
    case let error as RegionIndexError:
      self.init(error.message, error.hint, error.code == .locked ? ExitStatus.locked : ExitStatus.error)
    case let error as GitError:
      self.init(error.message, error.hint, error.code == .locked ? ExitStatus.locked : ExitStatus.error)
    case let error as TrafficError:
      self.init(error.message, error.hint, Self.status(of: error))
    case let error as FailoverError:
      let refused: [FailoverError.Code] = [.superseded, .contested, .unfenced, .draining, .notReady]
      self.init(
        error.message, error.hint, refused.contains(error.code) ? ExitStatus.refused : ExitStatus.error)
    case let error as StepFailure:
      self.init(error.message, error.hint, error.status)
    case let error as UpkeepError:
      self.init(error.message, error.hint, ExitStatus.error)
    case let error as ResourceError:
      self.init(
        [error.resource, error.message].compactMap(\.self).joined(separator: ": "), nil, ExitStatus.error)
    case let error as JSONError:
      self.init("\(error)", nil, ExitStatus.error)
    default:
      self.init("\(error)", nil, ExitStatus.error)
    }
  }

  /// What a push left to be done and the upkeep could not do.
  init(_ task: UpkeepTask) {
    self.init(
      task.summary, task.failure?.hint,
      task.failure?.needsPerson == true ? ExitStatus.refused : ExitStatus.partlyDone)
  }

  private init(_ message: String, _ hint: String?, _ status: Int32) {
    self.message = message
    self.hint = hint
    self.status = status
  }

  private static func status(of error: AccountError) -> Int32 {
    switch error.code {
    case .interrupted: ExitStatus.interrupted
    case .incomplete: ExitStatus.partlyDone
    case .refused, .drifted, .notEncrypted: ExitStatus.refused
    default: ExitStatus.error
    }
  }

  private static func status(of error: ReplayError) -> Int32 {
    switch error.code {
    case .edited, .rewritten, .dishonestTrailer, .clearSecret, .identity, .promotion, .unsignedFleet:
      ExitStatus.refused
    case .unsigned: ExitStatus.partlyDone
    default: ExitStatus.error
    }
  }

  private static func status(of error: SealingError) -> Int32 {
    switch error.code {
    case .refused, .badRecipients: ExitStatus.refused
    case .interrupted: ExitStatus.interrupted
    default: ExitStatus.error
    }
  }

  private static func status(of error: TrafficError) -> Int32 {
    switch error.code {
    case .refused: ExitStatus.refused
    case .incomplete: ExitStatus.partlyDone
    default: ExitStatus.error
    }
  }

  private static func status(of error: RegionError) -> Int32 {
    switch error.code {
    case .locked: ExitStatus.locked
    case .conflict, .localEdits, .refused, .wrongRegion: ExitStatus.refused
    default: ExitStatus.error
    }
  }
}

import ArgumentParser
import Git
import RegionRepository

/// `lockstep hook hold-push`: keeps the lock that it was left until a push has moved its ref, or given up, and takes
/// back what one that was cut off has left in the working tree.
struct HoldPushCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "hold-push", abstract: "Wait until a push has moved its ref.", shouldDisplay: false)

  @Argument(help: "The folder of the repository.")
  var repository: String

  @Argument(help: "The ref that moves.")
  var reference: String

  @Argument(help: "What it shall name.")
  var commit: String

  @Argument(help: "The process that moves it.")
  var receiver: Int32

  func run() throws {
    guard let id = ObjectID(hex: commit) else { throw ValidationError("'\(commit)' is no commit.") }
    PushLock.wait(for: reference, toName: id, in: try Repository.open(at: repository), while: receiver)
    try RegionRepository.open(at: repository).settlePush()
  }
}

import ArgumentParser
import Upkeep

/// `lockstep hook work`: does what pushes left to be done.
struct HookWorkCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "work", abstract: "Do what pushes left to be done.", shouldDisplay: false)

  @Argument(help: "The folder of the repository.")
  var repository: String

  func run() async throws { try await QueueWorker(place: repository, calls: .usual).run() }
}
